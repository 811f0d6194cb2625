"""`holdfast serve` as it is, in a process that also tells how many tasks its event loops hold.

    python -m tests.e2e.invariants.replica COUNT_PORT serve --port 8000

A thread beside the service answers `GET /` on COUNT_PORT with the names of the tasks, as JSON.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from entrypoints.cli import main
from tests.servers.process import HOST


def tasks() -> list[str]:
    """What runs in the event loops of this process."""
    loops = [thing for thing in gc.get_objects() if isinstance(thing, asyncio.AbstractEventLoop)]
    running = [task for loop in loops if loop.is_running() for task in asyncio.all_tasks(loop)]
    return sorted(getattr(task.get_coro(), "__qualname__", "?") for task in running)


class Tasks(BaseHTTPRequestHandler):
    """Answers every GET with the tasks."""

    def do_GET(self) -> None:
        content = json.dumps(tasks()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Write no line among those of the service."""


if __name__ == "__main__":
    server = HTTPServer((HOST, int(sys.argv[1])), Tasks)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    main(sys.argv[2:])
