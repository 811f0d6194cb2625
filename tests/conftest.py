"""What every test can rely on: no setting of the machine, or of a `.env`, reaches it."""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
import structlog
from structlog.typing import EventDict, WrappedLogger

from adapters.settings import PREFIX, Settings
from tests.sockets import sockets_refused


def pytest_sessionstart() -> None:
    """Collect no garbage while modules are imported: hardly any of it is."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Keep the collector off what was imported: going through all of that again costs a second in all."""
    gc.collect()
    gc.freeze()
    gc.enable()


def drop(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """Write no line: a test that looks at logs captures them, or configures its own."""
    raise structlog.DropEvent


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Write no line unless the test configures logging, and take back what it configured."""
    handlers, level = logging.getLogger().handlers, logging.getLogger().level
    structlog.reset_defaults()
    structlog.configure(processors=[drop])
    yield
    logging.captureWarnings(capture=False)
    logging.getLogger().handlers, logging.getLogger().level = handlers, level


@pytest.fixture(autouse=True, scope="session")
def no_settings_from_outside(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Run in an empty folder, without any variable of Holdfast's."""
    for name in list(os.environ):
        if name.startswith(PREFIX) and not name.startswith(f"{PREFIX}TEST_"):
            del os.environ[name]
    os.chdir(tmp_path_factory.mktemp("empty"))


@pytest.fixture(autouse=True)
def no_sockets(request: pytest.FixtureRequest) -> Iterator[None]:
    """Refuse every socket in the tests that need no server."""
    offline = {"unit", "contract"} & set(request.path.relative_to(Path(__file__).parent).parts)
    with sockets_refused() if offline else nullcontext():
        yield


@pytest.fixture
def settings() -> Settings:
    """The defaults."""
    return Settings()
