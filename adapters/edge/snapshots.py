"""Snapshots of collections in a data directory, through the engine that serves it."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from adapters.call import BackendCall, Fault
from adapters.edge.archive import pack, read_manifest, survey, unpack
from adapters.edge.connection import EngineConnection, meaning
from adapters.edge.folders import Description, sync_folder
from adapters.edge.manifest import FORMAT, Manifest
from adapters.files.parts import PartFile
from adapters.monitor import BackendMonitor
from domain import __version__
from domain.errors import Backend, BackendUnavailable, Failure, HoldfastError, at
from domain.ports.snapshots import SnapshotStore, Unpacked

T = TypeVar("T")

LONGEST = 24 * 3600.0
"""Seconds that one call may take at the very most. It ends far sooner where the engine stops answering others."""


class EdgeSnapshots(SnapshotStore):
    """Has the engine of the data directory `root` copy collections, and take them in.

    Copies and files are read and written here, in a thread. What the engine lends is gone with the connection,
    so that nothing is left where this process is killed. `timeout` (seconds) is how long the engine may be
    silent.
    """

    def __init__(self, root: Path, *, timeout: float = 30.0, monitor: BackendMonitor | None = None) -> None:
        self._connection = EngineConnection(root)
        self._timeout = timeout
        self._monitor = monitor or BackendMonitor(Backend.VECTOR_STORE)
        self._closed = False

    async def take(self, collection: str, path: Path) -> int:
        part = PartFile(path)
        try:
            file = part.open()
            engine = await self._ask("snapshot", "ping", "")
            folder, plain, points = await self._ask("snapshot", "copy", collection)
            told = {"format": FORMAT, "holdfast": __version__, "engine": engine, "points": points, **plain}

            def write(check: Callable[[], object]) -> None:
                folders, files = survey(Path(folder), check)
                pack(file, Manifest(**told, folders=folders, files=files), Path(folder), check)
                part.finish()
                sync_folder(path.parent)

            try:
                await self._work("snapshot", folder, write)
            finally:
                await self._discard("snapshot", folder)
            return int(points)
        finally:
            part.discard()

    async def unpack(self, path: Path, name: str | None = None) -> Unpacked:
        with path.open("rb") as file, at(path.name):
            manifest = await _stoppable(lambda _: read_manifest(file))
            manifest.check_engine(await self._ask("restore", "ping", ""))
            description = manifest.description()
            name = name or description.collection.name
            renamed = replace(description, collection=replace(description.collection, name=name))
            folder = await self._ask("restore", "make", name)
            unpacked = Unpacked(name=name, points=manifest.points, folder=Path(folder), description=renamed)
            try:
                await self._work("restore", folder, lambda check: unpack(file, manifest, Path(folder), check))
            except BaseException:
                await self.discard(unpacked)
                raise
            return unpacked

    async def publish(self, unpacked: Unpacked) -> None:
        assert isinstance(unpacked.description, Description)  # noqa: S101 - it is what `unpack` gave # nosec B101
        plain = unpacked.description.plain()
        await self._ask("restore", "adopt", unpacked.name, str(unpacked.folder), plain, unpacked.points)

    async def discard(self, unpacked: Unpacked) -> None:
        await self._discard("restore", str(unpacked.folder))

    async def aclose(self) -> None:
        self._closed = True
        self._connection.close()

    async def _discard(self, operation: str, folder: str) -> None:
        # An engine that is gone has let go of all that was half done.
        with suppress(BackendUnavailable):
            await self._ask(operation, "discard", "", folder)

    async def _work(self, operation: str, folder: str, work: Callable[[Callable[[], object]], T]) -> T:
        """What the work in a folder of the engine's gives, done in a thread."""
        try:
            return await _stoppable(work)
        except FileNotFoundError as error:
            if os.path.exists(folder):  # noqa: ASYNC240, PTH110 - takes no time
                raise
            # The engine was started anew, and let go of all that was half done.
            raise self._monitor.failed(operation, Failure.RESET, error) from None

    async def _ask(self, operation: str, *request: Any) -> Any:
        with BackendCall(self._monitor, operation, LONGEST, self._translate) as ask:
            return await ask(self._watched(request), lambda answer: answer)

    async def _watched(self, request: Sequence[Any]) -> Any:
        """The engine's answer, however long it takes, as long as the engine answers others meanwhile."""
        asking = asyncio.ensure_future(self._connection.call(*request))
        # Seen, also where the ping ends this.
        asking.add_done_callback(lambda done: done.cancelled() or done.exception())
        try:
            while not (await asyncio.wait([asking], timeout=self._timeout))[0]:
                async with asyncio.timeout(self._timeout):
                    await self._connection.call("ping", "")
            return await asking
        finally:
            asking.cancel()

    def _translate(self, error: Exception) -> Fault | HoldfastError:
        return meaning(error, closed=self._closed)


class _Stopped(Exception):
    """Nobody waits for the work any more."""


async def _stoppable(work: Callable[[Callable[[], object]], T]) -> T:
    """What `work` gives, done in a thread. What it is given it has to call now and then, to end when nobody waits."""
    stopped = threading.Event()

    def check() -> None:
        if stopped.is_set():
            raise _Stopped

    doing = asyncio.get_running_loop().run_in_executor(None, work, check)
    try:
        return await asyncio.shield(doing)
    except asyncio.CancelledError:
        stopped.set()
        await asyncio.wait([doing])
        # Seen, whatever it was.
        doing.exception()
        raise
