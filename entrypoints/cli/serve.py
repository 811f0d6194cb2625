"""`holdfast serve`."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

import typer

from containers import Container, Settings, check_exposure, load_settings, start_engine
from entrypoints.cli.sharing import shared_metrics
from entrypoints.logs import configure_logging

GRACE = 10.0
"""Seconds that a worker has to close what it holds, once all of its requests had their time."""


def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on. [SOCIAL_HTTP__HOST]")] = None,
    port: Annotated[int | None, typer.Option(help="The port to listen on. [SOCIAL_HTTP__PORT]")] = None,
    data: Annotated[
        Path | None, typer.Option(help="The directory in which points are kept. [SOCIAL_QDRANT__URL=file:PATH]")
    ] = None,
    workers: Annotated[int | None, typer.Option(help="How many processes serve. [SOCIAL_HTTP__WORKERS]")] = None,
) -> None:
    """Serve the REST API until SIGTERM or SIGINT; requests in flight are finished first.

    With several workers SIGHUP replaces them one after the other, by some that read the settings anew.
    """
    given = {"HOST": host, "PORT": port, "WORKERS": workers}
    # Worker processes read the environment anew, so what was given here has to stand in it.
    os.environ.update({f"SOCIAL_HTTP__{name}": str(value) for name, value in given.items() if value is not None})
    if data is not None:
        os.environ["SOCIAL_QDRANT__URL"] = f"file:{data.expanduser().absolute()}"
    settings = load_settings()
    configure_logging(format=settings.log.format, level=settings.log.level, secrets=settings.secrets())
    # Said here, in one line: a worker could only fail to start.
    check_exposure(settings)
    Container(settings=settings).key_ring()

    # What other commands do without is imported here.
    from entrypoints.server.listening import listen_on  # noqa: PLC0415

    sockets = listen_on(settings.http.host, settings.http.port)
    with _ending_by_signal(), shared_metrics(settings), _engine(settings):
        _run(settings, sockets)


def _run(settings: Settings, sockets: list[socket.socket]) -> None:
    if settings.http.workers > 1:
        if code := asyncio.run(_supervise(settings, sockets)):
            sys.exit(code)
        return
    from entrypoints.server.application import app  # noqa: PLC0415
    from entrypoints.server.draining import DrainingServer  # noqa: PLC0415

    server = DrainingServer(app(), settings)
    # There is nobody to be replaced by: to a service without a terminal it would be the end on the spot.
    signal.signal(signal.SIGHUP, server.handle_exit)
    # uvicorn raises the signal once more, which ended it in order.
    with suppress(KeyboardInterrupt):
        server.run(sockets)


async def _supervise(settings: Settings, sockets: list[socket.socket]) -> int:
    from entrypoints.server.supervisor import Patience, Supervisor  # noqa: PLC0415

    patience = Patience(end=settings.http.drain_seconds + settings.http.shutdown_timeout + GRACE)
    supervisor = Supervisor(sockets, settings.http.workers, patience)
    supervisor.listen_to_signals()
    return await supervisor.run()


@contextmanager
def _engine(settings: Settings) -> Iterator[None]:
    """The embedded engine, where points are kept in a directory: one for all workers, synced and ended at last."""
    engine = start_engine(settings.qdrant)
    if engine is None:
        yield
        return
    os.environ["SOCIAL_QDRANT__ATTACH"] = "true"
    try:
        yield
    finally:
        engine.close()


@contextmanager
def _ending_by_signal() -> Iterator[None]:
    """The server raises the signal that ended it once more. That would end this process on the spot, with all it has.

    It ends by the signal all the same, once everything is let go of: who sent it does not take that for a failure.
    """
    signal.signal(signal.SIGTERM, _raise_terminated)
    try:
        yield
    except _Terminated:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.raise_signal(signal.SIGTERM)


class _Terminated(BaseException):
    """SIGTERM, once the server has ended."""


def _raise_terminated(*_: object) -> None:
    raise _Terminated
