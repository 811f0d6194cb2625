"""A container for the length of one command."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import typer

from containers import ConfigurationError, Container, Settings, load_settings
from entrypoints.logs import configure_logging

SERVICE_SCHEME = "holdfast+"
"""What stands before the URL of a Holdfast service where the URL of any store may stand."""

Url = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="A Holdfast service, as http://host:8000; by default the vector database of SOCIAL_QDRANT__URL, directly.",
    ),
]
"""The option `--url` of a command that works on the domain directly, or through a service."""


@asynccontextmanager
async def opened(url: str | None = None) -> AsyncIterator[Container]:
    """The container of the environment's settings, or with `url` of the Holdfast service there; closed at the end.

    Logs go to stderr from warnings on, in the form for people. Raises `ConfigurationError`.
    """
    settings = load_settings() if url is None else _settings_of_service(url)
    least = max(settings.log.level, "warning", key=lambda level: logging.getLevelNamesMapping()[level.upper()])
    configure_logging(format="console", level=least, secrets=settings.secrets())
    container = Container(settings=settings)
    try:
        yield container
    finally:
        await container.closing().aclose()


def _settings_of_service(url: str) -> Settings:
    """The environment's settings, with the service as the store. What searches give is remembered there, not here."""
    address = url.removeprefix(SERVICE_SCHEME)
    if not address.startswith(("http://", "https://")):
        raise ConfigurationError("--url: must be http://host:port or https://host:port")
    try:
        return load_settings(qdrant={"url": f"{SERVICE_SCHEME}{address}", "api_key": None}, redis={"url": None})
    except ConfigurationError as error:
        raise ConfigurationError(str(error).replace("SOCIAL_QDRANT__URL", "--url")) from None
