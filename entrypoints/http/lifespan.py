"""What happens when the application starts and stops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import structlog
from starlette.applications import Starlette

from containers import Container
from domain import __version__
from domain.health import BackendHealth, Health
from entrypoints.http.middleware import InFlight
from entrypoints.logs import describe_exception

log: structlog.stdlib.BoundLogger = structlog.get_logger("holdfast.http")


class Readiness:
    """Whether the application has started and does not yet stop."""

    def __init__(self) -> None:
        self.ready = False


def make_lifespan(
    container: Container, readiness: Readiness, in_flight: InFlight
) -> Callable[[Starlette], AbstractAsyncContextManager[None]]:
    """A lifespan that starts without any backend, says what it found, and closes what the container built."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        settings = container.settings()
        log.info("starting", version=__version__)
        if settings.qdrant.api_key is not None and settings.qdrant.server_url.startswith("http://"):
            log.warning("api_key_in_clear", detail="The key of the vector database is sent over plain http.")
        if settings.auth.anonymous:
            log.warning("anonymous", detail="SOCIAL_AUTH__ANONYMOUS is set: everybody may do everything.")
        if not settings.remembers:
            log.warning(
                "nothing_remembered", detail="Several workers without SOCIAL_REDIS__URL: each search asks the store."
            )
        await _log_backends(container.health())
        loop = asyncio.get_running_loop()
        handler_before = loop.get_exception_handler()
        loop.set_exception_handler(log_loop_error)
        readiness.ready = True
        try:
            yield
        finally:
            readiness.ready = False
            left = await in_flight.drained(settings.http.shutdown_timeout)
            await container.closing().aclose()
            loop.set_exception_handler(handler_before)
            log.info("stopped", requests_cut_off=left)

    return lifespan


def log_loop_error(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What the event loop says of an error that nobody waits for, without the error's own text."""
    error = context.get("exception")
    log.error("event_loop_error", **(describe_exception(error) if isinstance(error, BaseException) else {}))


async def _log_backends(health: Health) -> None:
    found = await health.check()
    log.info("started", vector_store=_found(found.vector_store), cache=_found(found.cache))
    if found.vector_store.said is not None and found.vector_store.said.technology.endswith("memory"):
        log.warning("points_not_kept", detail="The vector store is in this process: its points end with it.")


def _found(backend: BackendHealth) -> str:
    if backend.said is None:
        return f"down ({backend.failure})"
    return " ".join(filter(None, (backend.said.technology, backend.said.version)))
