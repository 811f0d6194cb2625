"""What every command shares: its container, its exit codes and its progress."""

from __future__ import annotations

import io

import pytest
import structlog

from containers import ConfigurationError
from domain.errors import (
    Backend,
    BackendUnavailable,
    CollectionConflict,
    CollectionNotFound,
    Failure,
    Forbidden,
    HoldfastError,
    InvalidInput,
    NotCached,
    Overloaded,
    PointNotFound,
    Unauthenticated,
)
from entrypoints.cli.exits import exit_code, explain
from entrypoints.cli.progress import EVERY_SECONDS, progress
from entrypoints.cli.session import opened
from tests.clock import Clock


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (BackendUnavailable(Backend.VECTOR_STORE, "count", Failure.RESET), 69),
        (BackendUnavailable(Backend.VECTOR_STORE, "count", Failure.UNAUTHORIZED), 77),
        (Overloaded(Backend.VECTOR_STORE, "count"), 69),
        (NotCached(), 69),
        (CollectionNotFound("a"), 66),
        (PointNotFound("a", 1), 66),
        (CollectionConflict("a", ["size is 1, not 2"]), 65),
        (Unauthenticated(), 77),
        (Forbidden("read", "a"), 77),
        (InvalidInput("limit", "an integer"), 65),
        (ConfigurationError("SOCIAL_HTTP__PORT: wrong"), 78),
        (HoldfastError(), 70),
        (RuntimeError("secret"), 70),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_error_has_an_exit_code_and_a_line(error: Exception, code: int) -> None:
    """The code is that of sysexits.h, and what is said is one line without a bug's own text."""
    assert exit_code(error) == code
    assert "\n" not in explain(error)
    assert "secret" not in explain(error)
    assert explain(error).startswith("this is a bug") is (code == 70)


async def test_a_session_closes_what_it_opened(capsys: pytest.CaptureFixture[str]) -> None:
    """The store serves inside, is closed afterwards, and only warnings and worse are written."""
    async with opened() as container:
        store = container.vector_store()
        assert await store.list_collections() == ()
        structlog.get_logger().info("not seen")
        structlog.get_logger().warning("seen")
    with pytest.raises(BackendUnavailable):
        await store.list_collections()
    written = capsys.readouterr()
    assert written.out == ""
    assert "seen" in written.err
    assert "not seen" not in written.err


async def test_a_wrong_url_is_named_as_the_option() -> None:
    """What is wrong with --url is not said of a variable that nobody set."""
    with pytest.raises(ConfigurationError, match=r"^--url: "):
        async with opened("http://user:secret@host"):
            pass


def test_progress_without_a_terminal_is_a_line_now_and_then() -> None:
    """Lines come at most every few seconds, with the rate and the time left, and the last one with the whole."""
    file, clock = io.StringIO(), Clock()
    with progress("copying", 100, file=file, clock=clock) as bar:
        bar.advance(10)
        clock.now += EVERY_SECONDS
        bar.advance(10)
        bar.advance(10)
        bar.say("hello")
        bar.expect(30)
    assert file.getvalue().splitlines() == [
        "copying: 20 of 100, 4/s, 0:20 left",
        "hello",
        "copying: 30 of 30, 6/s",
    ]


def test_progress_that_goes_on_does_not_count_what_was_before() -> None:
    """The rate is that of this run alone."""
    file, clock = io.StringIO(), Clock()
    with progress("copying", 100, done=80, file=file, clock=clock) as bar:
        clock.now += EVERY_SECONDS
        bar.advance(10)
    assert file.getvalue().splitlines()[0] == "copying: 90 of 100, 2/s, 0:05 left"


def test_progress_on_a_terminal_is_a_bar() -> None:
    """A terminal gets one bar that is drawn over, with how many of how many."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    file = Terminal()
    with progress("copying", 100, file=file) as bar:
        bar.advance(100)
        bar.say("hello")
    assert "100/100" in file.getvalue()
    assert "hello" in file.getvalue()
