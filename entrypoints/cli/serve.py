"""`holdfast serve`."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from containers import Settings, load_settings, start_engine
from entrypoints.logs import configure_logging


def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on. [SOCIAL_HTTP__HOST]")] = None,
    port: Annotated[int | None, typer.Option(help="The port to listen on. [SOCIAL_HTTP__PORT]")] = None,
    data: Annotated[
        Path | None, typer.Option(help="The directory in which points are kept. [SOCIAL_QDRANT__URL=file:PATH]")
    ] = None,
    workers: Annotated[int | None, typer.Option(help="How many processes serve. [SOCIAL_HTTP__WORKERS]")] = None,
) -> None:
    """Serve the REST API until SIGTERM or SIGINT; requests in flight are finished first."""
    given = {"HOST": host, "PORT": port, "WORKERS": workers}
    # Worker processes read the environment anew, so what was given here has to stand in it.
    os.environ.update({f"SOCIAL_HTTP__{name}": str(value) for name, value in given.items() if value is not None})
    if data is not None:
        os.environ["SOCIAL_QDRANT__URL"] = f"file:{data.expanduser().absolute()}"
    settings = load_settings()
    configure_logging(format=settings.log.format, level=settings.log.level, secrets=settings.secrets())
    with _engine(settings):
        _run(settings)


def _run(settings: Settings) -> None:
    uvicorn.run(
        "entrypoints.http.server:app",
        factory=True,
        host=settings.http.host,
        port=settings.http.port,
        workers=settings.http.workers,
        lifespan="on",
        http=_protocol(),
        ws="none",
        h11_max_incomplete_event_size=settings.limits.head_bytes,
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=int(settings.http.shutdown_timeout) + 1,
    )


@contextmanager
def _engine(settings: Settings) -> Iterator[None]:
    """The embedded engine, where points are kept in a directory: one for all workers, synced and ended at last."""
    engine = start_engine(settings.qdrant)
    if engine is None:
        yield
        return
    os.environ["SOCIAL_QDRANT__ATTACH"] = "true"
    # The server raises the signal that ended it once more, and that would end this process on the spot.
    signal.signal(signal.SIGTERM, _raise_terminated)
    try:
        yield
    except _Terminated:
        engine.close()
        # By the signal, as without an engine: who sent it does not take that for a failure.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.raise_signal(signal.SIGTERM)
    finally:
        engine.close()


class _Terminated(BaseException):
    """SIGTERM, once the server has ended."""


def _raise_terminated(*_: object) -> None:
    raise _Terminated


def _protocol() -> type[asyncio.Protocol]:
    """The quickest protocol that is installed: httptools comes with the extra `fast`."""
    try:
        from entrypoints.http.quick import QuickProtocol  # noqa: PLC0415
    except ImportError:
        from entrypoints.http.plain import PlainProtocol  # noqa: PLC0415

        return PlainProtocol
    return QuickProtocol
