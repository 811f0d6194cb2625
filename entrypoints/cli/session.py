"""A container for the length of one command."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from enum import StrEnum
from typing import Annotated

import typer

from containers import ConfigurationError, Container, DirectoryTaken, Settings, load_settings
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


class Side(StrEnum):
    """Which of two stores a key is for."""

    FROM = "from"
    TO = "to"


@asynccontextmanager
async def opened(url: str | None = None) -> AsyncIterator[Container]:
    """The container of the environment's settings, or with `url` of the Holdfast service there; closed at the end.

    Logs go to stderr from warnings on, in the form for people. Raises `ConfigurationError`.
    """
    async with opened_with(load_settings() if url is None else _settings_of_service(url)) as container:
        yield container


@asynccontextmanager
async def opened_beside_others() -> AsyncIterator[Container]:
    """The container of the environment's settings, with the engine of another process where that has the directory.

    For what does no harm to a service that runs there. Raises `ConfigurationError`.
    """
    async with AsyncExitStack() as stack:
        container = await stack.enter_async_context(opened())
        try:
            container.vector_store()
        except DirectoryTaken:
            container = await stack.enter_async_context(opened_with(load_settings(qdrant={"attach": True})))
        yield container


@asynccontextmanager
async def opened_with(settings: Settings, secrets: Iterable[str] = ()) -> AsyncIterator[Container]:
    """The container of these settings; closed at the end. Logs hold no secret of theirs, and none of `secrets`."""
    least = max(settings.log.level, "warning", key=lambda level: logging.getLevelNamesMapping()[level.upper()])
    configure_logging(format="console", level=least, secrets=[*settings.secrets(), *secrets])
    container = Container(settings=settings)
    try:
        yield container
    finally:
        await container.closing().aclose()


def settings_of_store(url: str, side: Side) -> Settings:
    """The environment's settings, with the store at `url` in place of its own. Raises `ConfigurationError`.

    The environment's key and cache are for the environment's store alone: any other gets the key of its
    side, and has no cache that could be told.
    """
    environment = load_settings()
    key = environment.copying.from_api_key if side is Side.FROM else environment.copying.to_api_key
    settings = _settings_with(f"--{side}", url, key)
    if settings.qdrant.url != environment.qdrant.url:
        return settings
    return environment if key is None else load_settings(qdrant={"api_key": key})


def _settings_of_service(url: str) -> Settings:
    """The environment's settings, with the service as the store, and the key for it in SOCIAL_AUTH__KEY.

    What searches give is remembered there, not here.
    """
    address = url.removeprefix(SERVICE_SCHEME)
    if not address.startswith(("http://", "https://")):
        raise ConfigurationError("--url: must be http://host:port or https://host:port")
    key = load_settings().auth.key
    return _settings_with("--url", f"{SERVICE_SCHEME}{address}", key)


def _settings_with(option: str, url: str, key: object) -> Settings:
    try:
        return load_settings(qdrant={"url": url, "api_key": key}, redis={"url": None})
    except ConfigurationError as error:
        raise ConfigurationError(str(error).replace("SOCIAL_QDRANT__URL", option)) from None
