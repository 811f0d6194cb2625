"""The engine's process: `python -m adapters.edge.process PATH process|disk [RESTARTS]`.

It serves the collections of a data directory over a Unix socket, until its stdin ends: with whoever
started it, however that went. What happens is told on stdout, a JSON object a line.
"""

from __future__ import annotations

import asyncio
import fcntl
import gc
import json
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TextIO

from adapters.edge.connection import ADDRESS
from adapters.edge.engine import Engine
from adapters.edge.folders import write_json
from adapters.edge.wire import Frames

LOCK = "engine.lock"

COLLECTIONS = (50_000, 10, 50)
"""How seldom garbage is collected."""


def tell(event: str, **values: object) -> None:
    """Tell the one who started this process what happened."""
    # It may be gone, which ends this process by its stdin.
    with suppress(OSError, ValueError):
        print(json.dumps({"event": event, **values}, default=str), flush=True)  # noqa: T201


async def serve(root: Path, *, synced: bool, restarts: int) -> None:
    """Serve until stdin ends; then do what waits, and sync."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    threading.Thread(target=_wait_for_end, args=(lambda: loop.call_soon_threadsafe(ended.set),), daemon=True).start()
    engine = Engine(root, tell, synced=synced, restarts=restarts)
    engine.directory.folders.prepare()
    # A path of a socket has at most 107 bytes, and that of the data may have more.
    with tempfile.TemporaryDirectory(prefix="holdfast-engine-") as folder:
        _forget_predecessor(root)
        socket = os.path.join(folder, "socket")  # noqa: PTH118
        server = await loop.create_unix_server(partial(_Connection, engine), socket)
        write_json(root / ADDRESS, {"pid": os.getpid(), "socket": socket})
        tell("engine_started", collections=len(engine.directory.folders.names()))
        upkeep = loop.create_task(engine.upkeep.run())
        await asyncio.wait([upkeep, loop.create_task(ended.wait())], return_when=asyncio.FIRST_COMPLETED)
        server.close()
        upkeep.cancel()
        await asyncio.gather(upkeep, return_exceptions=True)
        engine.finish()
        # The last answers are on their way once the loop has turned.
        await asyncio.sleep(0)


class _Connection(Frames):
    """A connection of one that asks."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(lambda request: engine.take(self, request))
        self._engine = engine

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - how does not matter
        self._engine.leave(self)


def _wait_for_end(end: Callable[[], object]) -> None:
    # Not by way of `sys.stdin`, which Python cannot let go of where it ends for another reason.
    while os.read(0, 4096):
        pass
    end()


def _forget_predecessor(root: Path) -> None:
    """Delete the socket that an engine left who was killed."""
    with suppress(OSError, ValueError, LookupError, TypeError):
        left = Path(json.loads((root / ADDRESS).read_bytes())["socket"]).parent
        if left.name.startswith("holdfast-engine-"):
            shutil.rmtree(left, ignore_errors=True)


def _lock(root: Path) -> TextIO:
    """Wait until an engine that is ending has let go of the directory."""
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = (root / LOCK).open("w")
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


def main() -> None:
    """Serve a data directory."""
    root, synced, restarts = Path(sys.argv[1]), sys.argv[2] == "disk", sum(map(int, sys.argv[3:]))
    # Whoever started it says when to end; a signal to the whole group, or to all of a service, does not.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    # What comes and goes here leaves no rings, and looking for them takes a twentieth of a write.
    gc.freeze()
    gc.set_threshold(*COLLECTIONS)
    with _lock(root):
        try:
            import uvloop  # noqa: PLC0415
        except ImportError:
            asyncio.run(serve(root, synced=synced, restarts=restarts))
        else:
            uvloop.run(serve(root, synced=synced, restarts=restarts))


if __name__ == "__main__":
    main()
