"""What the engine's process does with what it is asked."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from adapters.edge.description import describe, parse
from adapters.edge.directory import Directory
from adapters.edge.flat import flat_record
from adapters.edge.folders import Description
from adapters.edge.loans import Loans, delete
from adapters.edge.searches import Asked, Searches
from adapters.edge.shard import PANIC, Shard
from adapters.edge.upkeep import Upkeep
from adapters.edge.wire import Frames
from adapters.edge.writes import Write, Writes
from domain.errors import HoldfastError
from domain.filters import Filter
from domain.models import IndexType, Page, PointId

EX_SOFTWARE = 70

VERSION = version("qdrant-edge-py")

Tell = Callable[..., None]


class Engine:
    """Answers operations on the collections of a data directory.

    A request is `(number, operation, collection, arguments)`, its answer `(number, error, value)`: the error
    is None, one of the domain's, or a text that names what the engine raised. With `synced`, writes are
    acknowledged once they are synced to disk. `tell` is told what happens. It was started
    anew so many times.
    """

    def __init__(self, root: Path, tell: Tell, *, synced: bool, restarts: int = 0) -> None:
        self.directory = Directory(root, busy=lambda name: self._writes.busy(name))  # noqa: PLW0108 - made below
        self._tell = tell
        self._writes = Writes(self.directory.flush if synced else None)
        self.upkeep = Upkeep(self.directory, self._writes, tell)
        self._searches = Searches(self._shard)
        self._loans = Loans()
        self._tasks: set[asyncio.Task[None]] = set()
        self._reads: dict[str, Callable[..., object]] = {
            "ping": lambda _: VERSION,
            "figures": lambda _: self._figures(restarts),
            "list": lambda _: self.directory.folders.names(),
            "describe": self._describe,
            "retrieve": self._retrieve,
            "scroll": self._scroll,
            "count": lambda name, filter_: self._shard(name).count(filter_),
        }
        self._steps: dict[str, Callable[..., Iterator[None] | None]] = {
            "create": self._create,
            "delete_collection": lambda _, name: self.directory.delete(name),
            "index": lambda _, name, field, type_: self.directory.index(name, field, IndexType(type_)),
            "upsert": lambda _, name, *points: self._shard(name).upsert(*points),
            "set_payload": lambda _, name, *arguments: self._shard(name).set_payload(*arguments),
            "delete": lambda _, name, selection: self._shard(name).delete(selection),
        }
        self._slow: dict[str, Callable[..., Coroutine[Any, Any, object]]] = {
            "copy": self._copy,
            "make": self._make,
            "discard": self._discard,
            "adopt": self._adopt,
        }

    def take(self, connection: Frames, request: tuple[int, str, str, tuple[Any, ...]]) -> None:
        """Answer a request on the connection that it came by."""
        number, operation, name, arguments = request

        def answer(error: BaseException | None, value: object = None) -> None:
            connection.send((number, self._shown(operation, error), value))

        if operation in ("search", "search_batch"):
            self._searches.put(Asked(name, arguments[0], operation == "search_batch", answer))
        elif operation in self._reads:
            self._read(self._reads[operation], name, arguments, answer)
        elif operation in self._steps:
            self._write(self._steps[operation], name, arguments, answer)
        else:
            self._start(self._slow[operation](connection, name, *arguments), answer)

    def leave(self, connection: Frames) -> None:
        """Let go of what a connection was given that has ended."""
        self._loans.end(connection)

    def finish(self) -> None:
        """Do the writes that wait, acknowledge them, and sync and close all."""
        self._writes.finish()
        self._loans.finish()
        self.directory.close()

    @staticmethod
    def _read(call: Callable[..., object], name: str, arguments: tuple[Any, ...], answer: Callable[..., None]) -> None:
        try:
            answer(None, call(name, *arguments))
        except BaseException as error:  # noqa: BLE001 - whatever the engine raises is answered
            answer(error)

    def _write(
        self,
        steps: Callable[..., Iterator[None] | None],
        name: str,
        arguments: tuple[Any, ...],
        answer: Callable[..., None],
    ) -> None:
        values: list[object] = []

        def done(error: BaseException | None) -> None:
            answer(error, values[0] if values else None)
            _end_if_broken(error)
            try:
                self.directory.note_write(name)
            except BaseException as failure:  # noqa: BLE001 - the write is done, and others wait
                self._shown("flush", failure)
                _end_if_broken(failure)

        self._writes.put(name, Write(lambda: steps(values, name, *arguments), done))

    def _start(self, work: Coroutine[Any, Any, object], answer: Callable[..., None]) -> None:
        async def run() -> None:
            try:
                answer(None, await work)
            except BaseException as error:
                answer(error)
                if not isinstance(error, Exception):
                    raise

        task = asyncio.get_running_loop().create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _shard(self, name: str) -> Shard:
        return self.directory.get(name).shard

    def _shown(self, operation: str, error: BaseException | None) -> HoldfastError | str | None:
        if error is None or isinstance(error, HoldfastError):
            return error
        self._tell("engine_fault", operation=operation, error=type(error).__name__, message=str(error))
        return type(error).__name__

    def _figures(self, restarts: int) -> dict[str, float]:
        opened = self.directory.opened.values()
        return {"restarts": restarts, "collections": len(opened), "builds": sum(each.building for each in opened)}

    def _describe(self, name: str) -> tuple[dict[str, Any], int, bool, dict[str, int], int]:
        opened = self.directory.get(name)
        shard = opened.shard
        building = self.upkeep.is_building(opened)
        return describe(shard.collection), shard.count(), building, shard.indexed(), shard.graph_size()

    def _retrieve(self, name: str, ids: Sequence[PointId], with_vectors: bool) -> list[tuple[Any, ...]]:  # noqa: FBT001
        return list(map(flat_record, self._shard(name).retrieve(ids, with_vectors=with_vectors)))

    def _scroll(
        self,
        name: str,
        filter_: Filter,
        limit: int,
        start: PointId | None,
        with_vectors: bool,  # noqa: FBT001
    ) -> tuple[list[tuple[Any, ...]], PointId | None]:
        page: Page = self._shard(name).scroll(filter_, limit, start, with_vectors=with_vectors)
        return list(map(flat_record, page.points)), page.next

    def _create(self, values: list[object], _: str, described: dict[str, Any]) -> None:
        values.append(self.directory.create(parse(described)))

    async def _copy(self, connection: Frames, name: str) -> tuple[str, dict[str, Any], int]:
        """A copy of a collection as it is at one moment: its folder, what it is, and how many points it has."""
        folder = self._loans.lend(connection, await self.upkeep.copy(name))
        # Nothing came between: the loop has not turned since.
        opened = self.directory.get(name)
        return folder, opened.description.plain(), opened.shard.count()

    async def _make(self, connection: Frames, name: str) -> str:
        """An empty folder, for a collection that is to be adopted. Raises `CollectionConflict`."""
        self.directory.check_free(name)
        return self._loans.lend(connection, self.directory.folders.make())

    async def _adopt(self, connection: Frames, name: str, folder: str, plain: dict[str, Any], points: int) -> None:
        """Make a collection of the points in a folder that was lent. Raises `CollectionConflict`, `InvalidInput`."""
        if not self._loans.take_back(connection, Path(folder)):
            raise FileNotFoundError
        try:
            async with self._writes.held(name):
                self.directory.adopt(Description.of(plain), Path(folder), points)
        finally:
            # There is nothing left of it where it was adopted.
            await delete(Path(folder))

    async def _discard(self, connection: Frames, _: str, folder: str) -> None:
        if self._loans.take_back(connection, Path(folder)):
            await delete(Path(folder))


def _end_if_broken(error: BaseException | None) -> None:
    if type(error).__name__ == PANIC:
        # Started again, the engine reads what is on disk. What it has in memory is not to be trusted.
        os._exit(EX_SOFTWARE)
