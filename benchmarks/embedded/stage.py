"""Holdfast on its embedded engine, the bare POST handler, and the files that the other processes read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec
import numpy as np

from benchmarks.data import Sample, grown
from benchmarks.engines.engine import Holdfast
from benchmarks.engines.filters import Wanted
from benchmarks.engines.loading import put
from benchmarks.engines.stage import FILE
from benchmarks.processes import bare, running
from benchmarks.questions import Encoding
from tests.e2e.service import ROOT
from tests.servers.process import HOST, ChildProcess, free_port

SMALL, SMALL_POINTS = "small", 1000
"""The collection whose searches are probed while another is loaded."""

SIZE_OF_ANSWER = 5000
PROBE_STOP_SECONDS = 40.0


class Stage:
    """What runs all the time, each a process of its own, stopped by its id."""

    def __init__(self, sample: Sample, store: str) -> None:
        self.sample = sample
        self._open = ExitStack()
        self.directory = Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="holdfast-embedded-")))
        self.on_disk = store == FILE
        self.holdfast = self.new_holdfast("holdfast") if self.on_disk else Holdfast.on(store)
        port = free_port()
        self.bare_url = f"http://{HOST}:{port}"
        answer = self.directory / "answer.json"
        answer.write_bytes(b"x" * SIZE_OF_ANSWER)
        self.bare = bare("benchmarks.bare:app", port, os.environ | {"BENCH_ANSWER": str(answer)})
        self.query = self.directory / "query.json"
        self.query.write_text(json.dumps({"vector": sample.queries[0].tolist(), "limit": 10}))
        self.queries = self.save("queries", sample.queries)

    def new_holdfast(self, folder: str) -> Holdfast:
        """A service on a folder of its own, not started yet."""
        return Holdfast.on(f"file:{self.directory / folder}")

    def save(self, name: str, matrix: Any) -> Path:
        """The path of a matrix, saved."""
        path = self.directory / f"{name}.npy"
        np.save(path, matrix)
        return path

    def save_json(self, name: str, value: object) -> Path:
        """The path of a value, saved."""
        path = self.directory / f"{name}.json"
        path.write_bytes(msgspec.json.encode(value))
        return path

    def answer_like(self, body: bytes) -> None:
        """Let the bare handler answer with these bytes from its next start on, and start it again."""
        (self.directory / "answer.json").write_bytes(body)
        self.bare.restart()

    def make_small(self, engine: Holdfast) -> None:
        """The collection that is probed."""
        small = grown(self.sample, min(SMALL_POINTS, len(self.sample.ids)))
        engine.create(SMALL, small.size)
        put(engine, SMALL, list(engine.batches(small, Encoding.BASE64)), 1)

    def run(self, module: str, *arguments: str) -> None:
        """Run a module as a process until it ends."""
        command = [sys.executable, "-m", module, *arguments]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            raise RuntimeError(f"{module} ended with {done.returncode}: {done.stderr[-1000:]}")

    def direct(self, what: str, folder: Path, vectors: Path, others: Path, *more: str) -> Any:
        """What `direct.py` measured."""
        output = self.directory / "direct.json"
        named = map(str, (folder, vectors, others))
        self.run("benchmarks.embedded.direct", what, *named, "--output", str(output), *more)
        return json.loads(output.read_text())

    @contextmanager
    def probed(self, engine: Holdfast) -> Iterator[dict[str, Any]]:
        """Probe the service meanwhile; at the end what was seen is in the dictionary."""
        output, seen = self.directory / "probe.json", dict[str, Any]()
        output.unlink(missing_ok=True)
        command = [sys.executable, "-m", "benchmarks.embedded.probe", engine.url, SMALL, str(self.query), str(output)]
        with ChildProcess(command, output.exists, cwd=ROOT) as process:
            yield seen
            code = process.stop(PROBE_STOP_SECONDS)
            if code:
                raise RuntimeError(f"the probe ended with {code}: {process.output()[-1000:]}")
        seen |= json.loads(output.read_text())

    def __enter__(self) -> Self:
        with ExitStack() as starting:
            starting.enter_context(self._open)
            for process in (self.bare, self.holdfast.process):
                starting.enter_context(running(process))
            self._open = starting.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()


def spelled(cases: Sequence[Wanted]) -> list[dict[str, Any]]:
    """The cases for `direct.py`."""
    return [{"keyword": case.keyword, "least": case.least} for case in cases]
