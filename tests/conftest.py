"""What every test can rely on: no setting of the machine, or of a `.env`, reaches it."""

from __future__ import annotations

import gc
import logging
import os

import pytest
import structlog
from structlog.typing import EventDict, WrappedLogger

from adapters.backends import PREFIX
from adapters.settings import Settings
from tests.sockets import refuse_sockets

OFFLINE = {"unit", "contract", "policy", "properties"}
"""The folders of tests that need no server."""

HANDLERS, LEVEL = list(logging.getLogger().handlers), logging.getLogger().level


def pytest_addoption(parser: pytest.Parser) -> None:
    """How much of what takes long is done."""
    parser.addoption("--replica-writes", type=int, default=200, help="writes through two replicas (default: 200)")
    parser.addoption("--invariants-seconds", type=float, default=30.0, help="how long there are faults (default: 30)")
    parser.addoption("--invariants-seed", type=int, default=5, help="what the faults are drawn from (default: 5)")
    parser.addoption("--hostile", type=int, default=3000, help="how many hostile requests (default: 3000)")
    parser.addoption("--hostile-seed", type=int, default=5, help="what they are drawn from (default: 5)")
    parser.addoption("--hostile-factor", type=float, default=10.0, help="how much slower others may be (default: 10)")
    parser.addoption("--document-examples", type=int, default=10, help="requests to each operation (default: 10)")
    parser.addoption("--document-seed", type=int, default=5, help="what the requests are drawn from (default: 5)")
    parser.addoption("--kills", type=int, default=8, help="how often a process is killed (default: 8)")
    parser.addoption("--kills-seed", type=int, default=5, help="what the kills are drawn from (default: 5)")


def pytest_sessionstart() -> None:
    """Collect no garbage while modules are imported: hardly any of it is."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Keep the collector off what was imported: going through all of that again costs a second in all."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    gc.enable()


def drop(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """Write no line: a test that looks at logs captures them, or configures its own."""
    raise structlog.DropEvent


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Write no line unless the test configures logging; refuse every socket in the tests that need no server."""
    structlog.reset_defaults()
    structlog.configure(processors=[drop])
    refuse_sockets(refuse=OFFLINE.intersection(item.path.parts) != set())


def pytest_runtest_teardown() -> None:
    """Take back what the test configured."""
    refuse_sockets(refuse=False)
    logging.captureWarnings(capture=False)
    root = logging.getLogger()
    root.handlers, root.level = HANDLERS, LEVEL


@pytest.fixture(autouse=True, scope="session")
def no_settings_from_outside(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Run in an empty folder, without any variable of Holdfast's."""
    for name in list(os.environ):
        if name.startswith(PREFIX) and not name.startswith(f"{PREFIX}TEST_"):
            del os.environ[name]
    os.chdir(tmp_path_factory.mktemp("empty"))


@pytest.fixture
def settings() -> Settings:
    """The defaults."""
    return Settings()
