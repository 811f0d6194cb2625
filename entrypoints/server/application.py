"""The application as a server loads it, in each of its worker processes."""

from __future__ import annotations

import gc

from starlette.applications import Starlette

from containers import Container, check_exposure, load_settings
from entrypoints.http.app import create_app
from entrypoints.logs import configure_logging

COLLECTIONS = (5_000, 200, 50)
"""How seldom garbage is collected: requests leave next to none that needs a collector.

What is young is looked through in 0.5 ms; of ten times as much, a body of many points, it took up to 9 ms in which
nobody was served. What has grown older, as those points do, is looked through seldom.
"""


def app() -> Starlette:
    """The application with the settings of the environment. Raises `ConfigurationError`."""
    settings = load_settings()
    configure_logging(format=settings.log.format, level=settings.log.level, secrets=settings.secrets())
    check_exposure(settings)
    application = create_app(Container(settings=settings))
    # What was loaded so far stays: a full collection of garbage need not look through all of it each time.
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTIONS)
    return application
