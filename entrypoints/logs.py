"""Structured logs: one line an event, JSON or for people, with the request's id, and never a secret.

An exception is written as its type and its frames, without its message: a message can quote a
payload, an address or a key. As a last resort every secret of the settings is blotted out.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import logging
import re
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TextIO

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_encoder = msgspec.json.Encoder(enc_hook=repr)

_LEVELS = {"warn": "warning", "exception": "error"}
"""Names of methods that log at a level of another name."""

_SHORTEST_SECRET = 4
"""Blotting out shorter ones would shred every line, and they protect nothing."""

request_id: ContextVar[str] = ContextVar("holdfast_request_id")
"""The id of the request that is being served: each line that is written meanwhile carries it."""

trace_id: ContextVar[str | None] = ContextVar("holdfast_trace_id", default=None)
"""The trace that it belongs to, where it is recorded: lines carry that too."""

_LOUD = ("httpx", "httpcore", "grpc", "asyncio", "watchfiles")


def configure_logging(*, format: str, level: str, secrets: Iterable[str] = ()) -> None:  # noqa: A002
    """Send all logs of the process, those of libraries too, to stderr. `format` is `json` or `console`."""
    least = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Processor] = [add_context, write_exception]
    renderer: Processor = (
        _render_json if format == "json" else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    last: list[Processor] = [renderer, Redactor(secrets)]
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=_quick_logger(least),
        logger_factory=LineWriter(sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last]
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(least)
    logging.captureWarnings(capture=True)
    for name in _LOUD:
        logging.getLogger(name).setLevel(max(least, logging.WARNING))


class LineWriter:
    """Writes the lines of one turn of the event loop in one piece, and from a warning on at once.

    Under load a line for each request is else a call of the system for each. It gives itself out as
    the logger that structlog wants made.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._lines: list[Callable[[], str]] = []
        self._flushing: asyncio.AbstractEventLoop | None = None
        atexit.register(self.flush)

    def __call__(self, *args: object) -> LineWriter:
        return self

    def later(self, line: Callable[[], str]) -> None:
        """Write the line that this gives, at the end of this turn."""
        self._lines.append(line)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.flush()
            return
        if loop is not self._flushing:
            # None, or one that ended before it came to this.
            self._flushing = loop
            loop.call_soon(self.flush)

    def info(self, line: str) -> None:
        """Write a line at the end of this turn."""
        self.later(lambda: line)

    debug = info

    def error(self, line: str) -> None:
        """Write a line now."""
        self._lines.append(lambda: line)
        self.flush()

    warning = critical = exception = error

    def flush(self) -> None:
        """Write what is left."""
        lines, self._lines, self._flushing = self._lines, [], None
        if lines:
            # Nobody is refused his answer because the log is full or gone.
            with suppress(OSError, ValueError):
                self._file.write("".join(f"{line()}\n" for line in lines))
                self._file.flush()


def add_context(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """Say when it was, how severe, and which request the line is about, if it is about one."""
    return _in_context(name, event, time.time_ns(), request_id.get(None), trace_id.get())


def _in_context(name: str, event: EventDict, nanoseconds: int, serving: str | None, traced: str | None) -> EventDict:
    line = {"timestamp": _rfc3339(nanoseconds), "level": _LEVELS.get(name, name), "event": event["event"], **event}
    if serving is not None:
        line["request_id"] = serving
    if traced is not None:
        line["trace_id"] = traced
    return line


def _rfc3339(nanoseconds: int) -> str:
    """A time since 1970 to the microsecond."""
    second, micros = divmod(nanoseconds // 1000, 1_000_000)
    return f"{_second(second)}{micros:06}Z"


@lru_cache(maxsize=2)
def _second(second: int) -> str:
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}."


def _quick_logger(least: int) -> type[structlog.typing.FilteringBoundLogger]:
    """structlog's own logger, which makes lines of `info` when they are written.

    There is one for each request, and those of a turn take half the time when they are made together.
    """
    base: type[Any] = structlog.make_filtering_bound_logger(least)
    if least > logging.INFO:
        return base

    class QuickLogger(base):  # type: ignore[misc]
        def info(self, event: str, *args: object, **values: Any) -> Any:
            processors = self._processors
            if args or self._context or processors[0] is not add_context:
                return super().info(event, *args, **values)
            at, serving, traced = time.time_ns(), request_id.get(None), trace_id.get()

            def line() -> str:
                made: Any = _in_context("info", {"event": event, **values}, at, serving, traced)
                for process in processors[1:]:
                    made = process(self._logger, "info", made)
                return str(made)

            return self._logger.later(line)

    return QuickLogger


def write_exception(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """Replace `exc_info` by the exception's type and its frames."""
    info = event.pop("exc_info", None)
    error = sys.exception() if info is True else info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event.update(describe_exception(error))
    return event


def describe_exception(error: BaseException) -> dict[str, Any]:
    """The exception's type, and the frames that it passed, outermost first."""
    frames = traceback.extract_tb(error.__traceback__)
    return {"error": type(error).__name__, "frames": [f"{at.filename}:{at.lineno} {at.name}" for at in frames]}


_KEY = re.compile(r"hf_[A-Za-z0-9_-]{40,}")
"""A key of a Holdfast service, whosever it is: only hashes are known of those that callers give."""


class Redactor:
    """The last processor: blots out secrets wherever they stand in a rendered line, and whatever looks like a key."""

    def __init__(self, secrets: Iterable[str]) -> None:
        plain = {secret for secret in secrets if len(secret) >= _SHORTEST_SECRET}
        escaped = {written(secret)[1:-1] for secret in plain for written in (json.dumps, repr)}
        self._secrets = sorted(plain | escaped, key=len, reverse=True)

    def __call__(self, logger: WrappedLogger, name: str, line: Any) -> str:
        text = str(line)
        for secret in self._secrets:
            text = text.replace(secret, "[redacted]")
        return _KEY.sub("[redacted]", text) if "hf_" in text else text


def _render_json(logger: WrappedLogger, name: str, event: EventDict) -> str:
    return _encoder.encode(event).decode()
