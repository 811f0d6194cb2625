"""Keeps collections quick: their graphs are built beside them, in a process of their own, while they serve on.

The engine builds a graph in one piece, and nothing else moves meanwhile in its process. So a quiet
collection is copied, the copy is given its graph by a process of low priority, what was written since is
applied to it, and then it takes the place of the first.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from adapters.edge.config import DELETED_SHARE, INDEXING_KB
from adapters.edge.description import describe
from adapters.edge.directory import PATIENCE, Directory, Opened
from adapters.edge.shard import Shard
from adapters.edge.writes import Writes
from domain.errors import CollectionNotFound

INTERVAL = 0.25
QUIET = 1.0
"""Seconds without a write after which a collection is synced, and its graph is built."""

LONGEST = 5.0
"""Seconds after which a collection that is never quiet is synced."""

REPLAYED = 4
"""How many operations are applied to the copy before others have their turn."""

MOST_OPERATIONS = 400
"""How many may come while a graph is built; with more, the copy is thrown away, since it would never catch up."""

FIRST_PAUSE, LONGEST_PAUSE = 2.0, 600.0
"""Seconds until a graph that could not be built is tried again, doubled each time."""


class Upkeep:
    """Looks after the collections of a directory until it is cancelled. `tell` is told what happens."""

    def __init__(self, directory: Directory, writes: Writes, tell: Callable[..., None]) -> None:
        self._directory = directory
        self._writes = writes
        self._tell = tell
        self._waiting_since: dict[str, float] = {}
        self._tidying: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Sync what is quiet, and tidy it, one collection at a time."""
        try:
            while True:
                await asyncio.sleep(INTERVAL)
                for name, opened in self._directory.opened.items():
                    self._flush(name, opened)
                if self._tidying is None or self._tidying.done():
                    due = next(filter(self._is_due, list(self._directory.opened)), None)
                    if due is not None:
                        self._tidying = asyncio.create_task(self._tidy(due, self._directory.opened[due]))
        finally:
            if self._tidying is not None:
                self._tidying.cancel()
                await asyncio.gather(self._tidying, return_exceptions=True)

    def _flush(self, name: str, opened: Opened) -> None:
        now = time.monotonic()
        if now - opened.written < QUIET and now - opened.synced < LONGEST:
            return
        try:
            opened.flush()
        except Exception as error:  # noqa: BLE001 - a full disk, which may be so for long, and fails no other
            opened.written = opened.synced = now
            self._tell("engine_fault", collection=name, operation="flush", error=type(error).__name__)

    def _is_due(self, name: str) -> bool:
        opened, now = self._directory.opened[name], time.monotonic()
        if opened.settled == opened.shard.changes or now < opened.not_before:
            return False
        waited = now - self._waiting_since.setdefault(name, now)
        if now - opened.written < QUIET and waited < opened.patience:
            return False
        if self._needs_graph(opened):
            return True
        opened.settled = opened.shard.changes
        del self._waiting_since[name]
        return False

    def is_building(self, opened: Opened) -> bool:
        """Whether a graph is being built, or will be soon."""
        return opened.building or (opened.settled != opened.shard.changes and self._needs_graph(opened))

    def _needs_graph(self, opened: Opened) -> bool:
        description, shard = opened.description, opened.shard
        points = shard.count()
        missing = points - shard.graph_size()
        enough = INDEXING_KB * 1024 / (4 * description.collection.size)
        outdated = description.wanted != description.graph and points > enough
        return missing > enough or outdated or shard.deletions > max(DELETED_SHARE * points, enough)

    async def _tidy(self, name: str, opened: Opened) -> None:
        begun, changes = time.monotonic(), opened.shard.changes
        opened.building = True
        made: Path | None = None
        try:
            made = await self.copy(name, tidied=opened)
            graph = opened.description.wanted
            await self._build(made, opened, graph)
            await self._catch_up(name, opened, made, graph)
            opened.settled, opened.pause, opened.patience = changes, 0.0, PATIENCE
            self._tell("graph_built", collection=name, seconds=round(time.monotonic() - begun, 3))
        except (CollectionNotFound, _Outrun) as error:
            opened.patience = min(2 * opened.patience, LONGEST_PAUSE)
            self._tell("graph_given_up", collection=name, error=type(error).__name__)
        except Exception as error:  # noqa: BLE001 - whatever it is, the collection serves on as it is
            opened.pause = min(2 * opened.pause or FIRST_PAUSE, LONGEST_PAUSE)
            opened.not_before = time.monotonic() + opened.pause
            self._tell("graph_not_built", collection=name, error=type(error).__name__)
        finally:
            self._waiting_since.pop(name, None)
            opened.building = False
            opened.shard.journal = None
            if made is not None:
                await asyncio.to_thread(shutil.rmtree, made, ignore_errors=True)

    async def copy(self, name: str, *, tidied: Opened | None = None) -> Path:
        """A copy of the points of a collection as they are at one moment; writes wait meanwhile, searches do not.

        The journal of one that is `tidied` begins there.
        """
        async with self._writes.held(name):
            if tidied is not None:
                # Another of its name would keep a journal that nobody ends.
                self._check_there(name, tidied)
            opened = self._directory.get(name)
            opened.flush()
            source = self._directory.folders.of(name) / str(opened.description.current)
            made = self._directory.folders.make()
            try:
                await asyncio.to_thread(shutil.copytree, source, made, dirs_exist_ok=True)
            except Exception:
                # For want of room on the disk, say.
                await asyncio.to_thread(shutil.rmtree, made, ignore_errors=True)
                raise
            if tidied is not None:
                tidied.shard.journal = []
        return made

    async def _build(self, made: Path, opened: Opened, graph: int) -> None:
        command = [sys.executable, "-m", "adapters.edge.build", str(made), str(graph)]
        command += [json.dumps(describe(opened.shard.collection)), str(os.getpid())]
        # The end of this process is told by the end of its stdout, which nobody else may hold open then.
        nothing = asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(*command, stdin=nothing, stdout=nothing)
        waiting = asyncio.ensure_future(process.wait())
        try:
            while not waiting.done():
                await asyncio.wait([waiting], timeout=INTERVAL)
                if opened.shard.journal is None or len(opened.shard.journal) > MOST_OPERATIONS:
                    raise _Outrun
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await waiting
        if process.returncode:
            raise OSError(f"exit code {process.returncode}")

    async def _catch_up(self, name: str, opened: Opened, made: Path, graph: int) -> None:
        """Apply to the copy what was written meanwhile, and let it take the place of the first."""
        self._check_there(name, opened)
        current = opened.description.current + 1
        path = self._directory.folders.of(name) / str(current)
        self._directory.folders.move(made, path)
        shard: Shard | None = None
        try:
            shard = Shard.load(opened.shard.collection, path, graph=graph)
            while len(opened.shard.journal or ()) > REPLAYED:
                self._replay(opened, shard, REPLAYED)
                await asyncio.sleep(0)
                self._check_there(name, opened)
            async with self._writes.held(name):
                self._check_there(name, opened)
                self._replay(opened, shard, None)
                shard.flush()
                self._directory.swap(name, shard, replace(opened.description, current=current, graph=graph))
        except BaseException:
            if shard is not None:
                shard.close()
            with suppress(FileNotFoundError):
                self._directory.folders.discard(path)
            raise

    @staticmethod
    def _replay(opened: Opened, shard: Shard, most: int | None) -> None:
        journal = opened.shard.journal or []
        shard.replay(journal[:most])
        del journal[:most]

    def _check_there(self, name: str, opened: Opened) -> None:
        if self._directory.opened.get(name) is not opened:
            raise _Outrun


class _Outrun(Exception):
    """More was written while the graph was built than can be applied to it, or the collection is gone."""
