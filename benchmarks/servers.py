"""Everything that a run needs, each a process of its own on a free port, and stopped by its id."""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from benchmarks.client import call
from benchmarks.data import Sample
from benchmarks.questions import Encoding, Questions
from tests.e2e.service import service
from tests.servers.process import HOST, ChildProcess, free_port
from tests.servers.redis import RedisServer

ROOT = Path(__file__).parents[1]
MOST_HITS = 20

BARE, HOLDFAST, TUTORIAL, GOOD = "bare handler", "Holdfast", "FastAPI, tutorial", "FastAPI, good"
BARE_ADAPTER = "bare handler with adapter"

_BARE_OPTIONS = ("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--no-server-header")

UVICORN = {
    BARE: ("benchmarks.bare:app", *_BARE_OPTIONS),
    BARE_ADAPTER: ("benchmarks.bare_adapter:app", *_BARE_OPTIONS),
    TUTORIAL: ("benchmarks.fastapi_tutorial:app", "--loop", "asyncio", "--http", "h11"),
    GOOD: ("benchmarks.fastapi_good:app", "--loop", "uvloop", "--http", "httptools", "--no-access-log"),
}


@dataclass(frozen=True, slots=True)
class Contestant:
    """A service under load."""

    name: str
    url: str
    process: ChildProcess

    def cpu(self) -> float | None:
        """Seconds of CPU that it took so far; None where the system does not say."""
        try:
            fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Counts:
    """What reached the backends so far: searches, connections that were cut, and bytes that Redis sent."""

    searches: int
    cut: int
    redis_bytes: int

    def since(self, before: Counts) -> Counts:
        """What came after `before`."""
        return Counts(self.searches - before.searches, self.cut - before.cut, self.redis_bytes - before.redis_bytes)


class Stage:
    """Redis, the stand-in for Qdrant, the contestants, and the files of questions."""

    def __init__(self, sample: Sample) -> None:
        self._open = ExitStack()
        self.directory = Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="holdfast-bench-")))
        self.questions = {encoding: Questions.of(sample.queries, encoding) for encoding in Encoding}
        for encoding, questions in self.questions.items():
            questions.write(self.file(encoding))
        self.queries = self.directory / "queries.npy"
        np.save(self.queries, sample.queries)
        self.size = sample.size
        hits = sample.hits(MOST_HITS)
        (self.directory / "hits.json").write_text(json.dumps(hits))
        shown = [{key: hit[key] for key in ("id", "score", "payload")} for hit in hits[:10]]
        self.answer = json.dumps({"hits": shown, "stale": False}, separators=(",", ":"), ensure_ascii=False).encode()
        (self.directory / "answer.json").write_bytes(self.answer)
        self.redis = RedisServer(unix=True)
        self.store_url, self._control_url = (f"http://{HOST}:{free_port()}" for _ in range(2))
        self.store = self._store(len(sample.ids), sample.size)
        self.contestants = {name: self._contestant(name) for name in (BARE, BARE_ADAPTER, HOLDFAST, TUTORIAL, GOOD)}

    def file(self, encoding: Encoding) -> Path:
        """The file for `load.lua`."""
        return self.directory / f"{encoding}.txt"

    def counts(self) -> Counts:
        """What reached the backends so far."""
        counted = json.loads(call(self._control_url, "GET", "/counts").body)
        with self.redis.client() as client:
            return Counts(counted["searches"], counted["cut"], client.info("stats")["total_net_output_bytes"])

    def flush(self) -> None:
        """Empty Redis."""
        with self.redis.client() as client:
            client.flushall()

    def set_away(self, *, away: bool) -> None:
        """Begin an outage of the store, or end it."""
        self.store.signal(signal.SIGUSR1 if away else signal.SIGUSR2)

    def holdfast(self) -> Contestant:
        """A process of Holdfast on this store and this Redis, not started yet."""
        settings = {"QDRANT__URL": self.store_url, "REDIS__URL": self.redis.url, "CACHE__FRESH_SECONDS": 3600}
        return Contestant(HOLDFAST, *service(**settings))

    def __enter__(self) -> Self:
        with ExitStack() as starting:
            starting.enter_context(self._open)
            starting.enter_context(self.redis)
            for process in (self.store, *(each.process for each in self.contestants.values())):
                starting.enter_context(process)
            self._open = starting.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def _store(self, points: int, size: int) -> ChildProcess:
        ports = [url.rpartition(":")[2] for url in (self.store_url, self._control_url)]
        command = [sys.executable, "-m", "benchmarks.store", str(self.directory / "hits.json")]
        command += ["--port", ports[0], "--control-port", ports[1], "--points", str(points), "--size", str(size)]
        return ChildProcess.on_url(command, self._control_url, cwd=ROOT)

    def _contestant(self, name: str) -> Contestant:
        if name == HOLDFAST:
            return self.holdfast()
        port = free_port()
        command = [sys.executable, "-m", "uvicorn", *UVICORN[name], "--host", HOST, "--port", str(port)]
        url = f"http://{HOST}:{port}"
        return Contestant(name, url, ChildProcess.on_url(command, url, env=self._environment(), cwd=ROOT))

    def _environment(self) -> Mapping[str, str]:
        return os.environ | {
            "BENCH_QDRANT_URL": self.store_url,
            "BENCH_REDIS_URL": self.redis.url,
            "BENCH_ANSWER": str(self.directory / "answer.json"),
            "BENCH_QUERIES": str(self.queries),
        }
