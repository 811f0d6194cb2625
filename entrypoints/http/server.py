"""The application as a server loads it, in each of its worker processes."""

from __future__ import annotations

from starlette.applications import Starlette

from containers import Container, load_settings
from entrypoints.http.app import create_app
from entrypoints.logs import configure_logging


def app() -> Starlette:
    """The application with the settings of the environment. Raises `ConfigurationError`."""
    settings = load_settings()
    configure_logging(format=settings.log.format, level=settings.log.level, secrets=settings.secrets())
    return create_app(Container(settings=settings))
