"""Holdfast without keys, limits and metrics, to measure what these cost: everybody may do everything."""

from __future__ import annotations

import asyncio
from typing import cast

from dependency_injector import providers
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from containers import Container, load_settings
from domain.access import EVERYTHING
from domain.ports import NO_METRICS
from entrypoints.http import create_app
from entrypoints.http.admission import Admission
from entrypoints.http.authentication import Authentication
from entrypoints.http.rates import RateLimits
from entrypoints.logs import configure_logging
from entrypoints.server.corked import CorkedTransport


class UnwatchedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with answers in one piece, and clients as slow as they like."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to serve a connection."""
        super().connection_made(cast("asyncio.Transport", CorkedTransport(transport, self.loop)))


class _Everybody:
    """What the layers below need to be told."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["state"]["grant"] = EVERYTHING
        await self._app(scope, receive, send)


def app() -> Starlette:
    """The application, with the settings of the environment."""
    settings = load_settings()
    configure_logging(format=settings.log.format, level=settings.log.level, secrets=settings.secrets())
    application = create_app(Container(settings=settings, metrics=providers.Object(NO_METRICS)))
    left: list[Middleware] = []
    for middleware in application.user_middleware:
        guard: object = middleware.cls
        if guard is Authentication:
            left.append(Middleware(_Everybody))
        elif guard not in {Admission, RateLimits}:
            left.append(middleware)
    application.user_middleware = left
    return application
