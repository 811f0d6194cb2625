"""Folders out of sight that a client of the engine uses, as long as it is there."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from adapters.edge.wire import Frames


class Loans:
    """Which connection has which folders. Those of one that has ended are deleted, however it ended."""

    def __init__(self) -> None:
        self._lent: dict[Frames, set[Path]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def lend(self, connection: Frames, folder: Path) -> str:
        """Let the connection use the folder; its path."""
        self._lent.setdefault(connection, set()).add(folder)
        if not connection.open:
            self.end(connection)
        return str(folder)

    def take_back(self, connection: Frames, folder: Path) -> bool:
        """Whether the connection had the folder, which it has no more."""
        lent = self._lent.get(connection, set())
        if folder not in lent:
            return False
        lent.remove(folder)
        return True

    def end(self, connection: Frames) -> None:
        """Delete what the connection has, which has ended."""
        for folder in self._lent.pop(connection, ()):
            task = asyncio.get_running_loop().create_task(delete(folder))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def finish(self) -> None:
        """Delete all that is lent."""
        for folders in self._lent.values():
            for folder in folders:
                shutil.rmtree(folder, ignore_errors=True)
        self._lent.clear()


async def delete(folder: Path) -> None:
    """Delete a folder, if it is there."""
    await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
