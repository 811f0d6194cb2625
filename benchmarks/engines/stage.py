"""All contestants, started, and the files of questions for the load generator."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.data import Sample
from benchmarks.engines.engine import Engine, Holdfast, Remembering
from benchmarks.engines.environments import environment, versions
from benchmarks.engines.filters import Wanted
from benchmarks.engines.peers import CHROMA_PACKAGES, LANCEDB_PACKAGES, Chroma, LanceDB
from benchmarks.processes import bare, running
from benchmarks.questions import Encoding, Questions
from tests.servers.process import HOST, free_port

HELLO = "bare GET"
FILE = "file"
"""Stands for a new folder of the run as the place of Holdfast's data."""


class Stage:
    """The bare handler and the engines, each a process of its own on a free port, and stopped by its id."""

    def __init__(self, sample: Sample, cases: list[Wanted], *, store: str, cache: Path, peers: list[str]) -> None:
        self.sample, self.cases = sample, cases
        self.versions: dict[str, str] = {}
        self._open = ExitStack()
        self.directory = Path(self._open.enter_context(tempfile.TemporaryDirectory(prefix="holdfast-engines-")))
        self.holdfast = Holdfast.on(f"file:{self.directory / 'holdfast'}" if store == FILE else store)
        self.engines: list[Engine] = [self.holdfast]
        if "chroma" in peers:
            programs = self._environment(cache, "chroma", CHROMA_PACKAGES)
            self.engines.append(Chroma.on(programs, self.directory / "chroma"))
        if "lancedb" in peers:
            programs = self._environment(cache, "lancedb", LANCEDB_PACKAGES)
            self.engines.append(LanceDB.on(programs, self.directory / "lancedb"))
        port = free_port()
        self.hello_url = f"http://{HOST}:{port}"
        self.hello = bare("benchmarks.engines.hello:app", port)

    @property
    def asked(self) -> list[Engine]:
        """Whoever is asked: the engines, and Holdfast in both ways."""
        return [self.holdfast, Remembering(self.holdfast.url, self.holdfast.process), *self.engines[1:]]

    def file(self, engine: Engine, wanted: Wanted) -> Path:
        """The file for `load.lua`; made where it is not there."""
        path = self.directory / f"{type(engine).__name__}-{wanted.name}.txt"
        if not path.exists():
            Questions.of(self.sample.queries, Encoding.LIST, ask=engine.ask(wanted)).write(path)
        return path

    def __enter__(self) -> Self:
        with ExitStack() as starting:
            starting.enter_context(self._open)
            for process in (self.hello, *(engine.process for engine in self.engines)):
                starting.enter_context(running(process))
            self._open = starting.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def _environment(self, cache: Path, name: str, packages: tuple[str, ...]) -> Path:
        programs = environment(cache, name, packages)
        self.versions |= versions(programs, packages)
        return programs
