"""`holdfast health`."""

from __future__ import annotations

import asyncio
import http.client
import json
import urllib.request
from typing import Annotated

import typer

from containers import Container, load_settings
from domain.health import BackendHealth, InfraHealth, Status
from entrypoints.cli.exits import EX_UNAVAILABLE
from entrypoints.logs import configure_logging

TIMEOUT = 3.0

_ANY = "0.0.0.0"  # noqa: S104 - it is asked instead of listened on # nosec B104


def health(
    url: Annotated[str | None, typer.Option(help="The service to ask; by default the one of this environment.")] = None,
    *,
    infra: Annotated[bool, typer.Option("--infra", help="Ask the backends, directly and without the service.")] = False,
) -> None:
    """Whether the service answers (exit code 0) or does not (69).

    With --infra no service is needed: the backends are asked from here, with this environment's
    settings, and 69 means that the vector store is down.
    """
    settings = load_settings()
    if infra:
        configure_logging(format=settings.log.format, level=settings.log.level, secrets=settings.secrets())
        found = asyncio.run(_check(Container(settings=settings)))
        typer.echo(f"vector store: {_line(found.vector_store)}\ncache: {_line(found.cache)}")
        raise typer.Exit(EX_UNAVAILABLE if found.status is Status.DOWN else 0)
    host = {_ANY: "127.0.0.1", "::": "[::1]"}.get(settings.http.host, settings.http.host)
    answer = _ask(url or f"http://{host}:{settings.http.port}")
    typer.echo(answer)
    raise typer.Exit(0 if answer == "alive" else EX_UNAVAILABLE)


async def _check(container: Container) -> InfraHealth:
    try:
        return await container.health().check()
    finally:
        await container.closing().aclose()


def _line(backend: BackendHealth) -> str:
    if backend.said is None:
        return f"down ({backend.failure})"
    name = " ".join(filter(None, (backend.said.technology, backend.said.version)))
    return f"up, {name}, {backend.latency * 1000:.1f} ms"


def _ask(url: str) -> str:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"{url.rstrip('/')}/health/live", timeout=TIMEOUT) as answer:
            return str(json.load(answer)["status"])
    except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError) as error:
        return f"no answer ({type(error).__name__})"
