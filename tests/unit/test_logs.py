"""Logs are lines of JSON, tell what happened, and hold no secret."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import warnings
from typing import Any

import httpx
import pytest
import structlog
from structlog.testing import capture_logs

from adapters.keys import new_secret
from adapters.memory import InMemoryCache
from adapters.monitor import BackendMonitor
from domain.errors import Backend, BackendUnavailable, Failure
from entrypoints.logs import LineWriter, configure_logging
from tests.fakes import FailingVectorStore, serve_in_process

SECRET = 'k3y"with\\signs'


Stderr = pytest.CaptureFixture[str]


@pytest.fixture
def stderr(capsys: Stderr) -> Stderr:
    """What is written to stderr."""
    return capsys


def lines(stderr: Stderr) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stderr.readouterr().err.splitlines()]


def test_writes_one_object_a_line(stderr: Stderr) -> None:
    """Lines of our own and of libraries have one form, with time and level, as severe as was asked for."""
    configure_logging(format="json", level="info")
    structlog.get_logger().info("ours", number=1, text="ü\n", odd={1})
    structlog.get_logger().debug("hidden")
    logging.getLogger("library").warning("theirs %s", 2)
    logging.getLogger("library").debug("hidden")
    logging.getLogger("httpx").info("hidden")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning("warned", UserWarning, __file__, 1)
    ours, theirs, warned = lines(stderr)
    assert (ours["event"], ours["level"], ours["number"], ours["text"], ours["odd"]) == ("ours", "info", 1, "ü\n", [1])
    assert list(ours)[:3] == ["timestamp", "level", "event"]
    assert (theirs["event"], theirs["level"]) == ("theirs 2", "warning")
    assert "warned" in warned["event"]


@pytest.mark.parametrize("format_", ["json", "console"])
def test_blots_out_secrets(stderr: Stderr, format_: str) -> None:
    """A secret of the settings does not appear, whoever writes it and however it is escaped."""
    configure_logging(format=format_, level="debug", secrets=[SECRET, "abc"])
    structlog.get_logger().info("ours", key=SECRET, inside=[{"a": f"x{SECRET}y"}])
    logging.getLogger("library").error("theirs %s", SECRET)
    written = stderr.readouterr().err
    assert "k3y" not in written
    assert written.count("[redacted]") == 3


def test_blots_out_whatever_looks_like_a_key(stderr: Stderr) -> None:
    """A caller's key, which is in no setting, does not appear where he put it in a path."""
    configure_logging(format="json", level="info")
    structlog.get_logger().info("request", path=f"/v1/{new_secret()}/hf_short")
    assert lines(stderr)[0]["path"] == "/v1/[redacted]/hf_short"


def test_writes_exceptions_without_their_message(stderr: Stderr) -> None:
    """Of an exception the log tells the type and where it was raised."""
    configure_logging(format="json", level="info")
    try:
        raise ValueError(SECRET)
    except ValueError:
        structlog.get_logger().exception("ours")
        logging.getLogger("library").exception("theirs")
    written = stderr.readouterr().err
    for line in map(json.loads, written.splitlines()):
        assert line["error"] == "ValueError"
        assert line["frames"][-1].endswith("test_writes_exceptions_without_their_message")
    assert "k3y" not in written


def test_tells_when_a_backend_fails_and_recovers() -> None:
    """One line when it begins to fail, one when it answers again, none in between."""
    monitor = BackendMonitor(Backend.CACHE)
    with capture_logs() as logs:
        monitor.answered()
        for _ in range(3):
            error = monitor.failed("recall", Failure.RESET, OSError(SECRET), 1.5)
        monitor.answered()
        monitor.answered()
    assert (error.backend, error.operation, error.failure, error.retry_after) == (Backend.CACHE, "recall", "reset", 1.5)
    assert [line["event"] for line in logs] == ["backend_failed", "backend_recovered"]
    assert (logs[0]["backend"], logs[0]["failure"], logs[0]["error"]) == ("cache", "reset", "OSError")
    assert SECRET not in str(logs)
    assert monitor.last_failure is not None
    assert monitor.last_failure.failure is Failure.RESET


async def test_tells_of_start_requests_and_stop() -> None:
    """Start and stop have their lines, and each request has one, without payload or vector."""
    store = FailingVectorStore()
    with capture_logs() as logs:
        async with serve_in_process(store, InMemoryCache()) as client:
            await client.put("/v1/collections/a", json={"vector": {"size": 2, "distance": "dot"}})
            points = {"points": [{"id": 1, "vector": [98765.4321, 2], "payload": {"k": "payload-text"}}]}
            await client.put("/v1/collections/a/points", json=points)
            await client.get("/no%0Asuch?query=private")
            store.error = BackendUnavailable(Backend.VECTOR_STORE, "count", Failure.REFUSED)
            await client.post("/v1/collections/a/count", json={})
    events = [line["event"] for line in logs]
    assert events == ["starting", "started", "points_not_kept", *["request"] * 4, "stopped"]
    requests = [(line["method"], line["path"], line["status"]) for line in logs if line["event"] == "request"]
    assert requests[1:] == [
        ("PUT", "/v1/collections/a/points", 200),
        ("GET", "/no%0Asuch", 404),
        ("POST", "/v1/collections/a/count", 503),
    ]
    text = str(logs)
    assert not any(private in text for private in ("payload-text", "98765", "private"))


async def test_tells_of_a_bug_with_its_request(stderr: Stderr) -> None:
    """A 500 has a line with the request's id and the frames, so that it can be found."""
    configure_logging(format="json", level="info")
    store = FailingVectorStore()
    async with serve_in_process(store, InMemoryCache()) as client:
        store.error = LookupError(SECRET)
        answer: httpx.Response = await client.get("/v1/collections", headers={"X-Request-ID": "find-me"})
    assert answer.status_code == 500
    (failed,) = (line for line in lines(stderr) if line["event"] == "request_failed")
    assert (failed["request_id"], failed["error"], failed["level"]) == ("find-me", "LookupError", "error")
    assert "k3y" not in str(failed)


async def test_writes_the_lines_of_a_turn_in_one_piece() -> None:
    """All in their order, a warning at once, and what no loop will write at once too."""
    file = Writes()
    writer = LineWriter(file)
    for line in ("one", "two"):
        writer.info(line)
    assert file.pieces == []
    await asyncio.sleep(0)
    writer.info("three")
    writer.warning("four")
    await asyncio.to_thread(writer.info, "five")
    await asyncio.sleep(0)
    assert file.pieces == ["one\ntwo\n", "three\nfour\n", "five\n"]


class Writes(io.StringIO):
    """Notes each write."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []

    def write(self, text: str) -> int:
        self.pieces.append(text)
        return len(text)


async def test_a_log_that_cannot_be_written_hinders_nobody() -> None:
    """Where the disk is full or the reader gone, lines are lost, and nothing else."""

    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    writer = LineWriter(Full())
    writer.error("lost")
    writer.info("lost")
    await asyncio.sleep(0)
    writer.flush()
