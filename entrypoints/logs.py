"""Structured logs: one line an event, JSON or for people, with the request's id, and never a secret.

An exception is written as its type and its frames, without its message: a message can quote a
payload, an address or a key. As a last resort every secret of the settings is blotted out.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Iterable
from typing import Any

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_SHORTEST_SECRET = 4
"""Blotting out shorter ones would shred every line, and they protect nothing."""

_LOUD = ("httpx", "httpcore", "grpc", "asyncio", "watchfiles")


def configure_logging(*, format: str, level: str, secrets: Iterable[str] = ()) -> None:  # noqa: A002
    """Send all logs of the process, those of libraries too, to stderr. `format` is `json` or `console`."""
    least = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        write_exception,
    ]
    renderer: Processor = (
        _render_json if format == "json" else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    last: list[Processor] = [renderer, Redactor(secrets)]
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
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


class Redactor:
    """The last processor: blots out secrets wherever they stand in a rendered line."""

    def __init__(self, secrets: Iterable[str]) -> None:
        plain = {secret for secret in secrets if len(secret) >= _SHORTEST_SECRET}
        escaped = {written(secret)[1:-1] for secret in plain for written in (json.dumps, repr)}
        self._secrets = sorted(plain | escaped, key=len, reverse=True)

    def __call__(self, logger: WrappedLogger, name: str, line: Any) -> str:
        text = str(line)
        for secret in self._secrets:
            text = text.replace(secret, "[redacted]")
        return text


def _render_json(logger: WrappedLogger, name: str, event: EventDict) -> str:
    ordered = {key: event.pop(key) for key in ("timestamp", "level", "event") if key in event}
    return msgspec.json.encode({**ordered, **event}, enc_hook=repr).decode()
