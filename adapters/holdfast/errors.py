"""What the errors of a Holdfast service mean.

They are the domain's own errors, which went out as a status and a sentence: here they come back.
"""

from __future__ import annotations

import re

import httpx
import msgspec

from adapters.call import Fault
from adapters.http_failures import STATUS_FAILURES, failure_of, one_line, seconds
from domain.errors import (
    CollectionConflict,
    CollectionNotFound,
    Failure,
    Forbidden,
    HoldfastError,
    InvalidInput,
    NotFound,
    PointNotFound,
)
from domain.models import parse_point_id

OVERLOADED = "Too many requests in progress."
"""How the detail of a 503 begins that was turned away before anything was asked of the store."""

_NO_COLLECTION = re.compile(r"Collection '(?P<collection>[^']+)' does not exist\.")
_NO_POINT = re.compile(r"Point (?P<point>\S+) does not exist in collection '(?P<collection>[^']+)'\.")
_DIFFERS = re.compile(r"Collection '(?P<collection>[^']+)' exists and differs: (?P<differences>.+)\.")
_FORBIDDEN = re.compile(r"This key does not give the right '(?P<right>\w+)' on collection '(?P<collection>[^']+)'\.")
_WRONG = re.compile(r"(\$|path|query|header)\.?(?P<where>.*?): expected (?P<expected>.+)\.")


class Refused(Exception):
    """The service, or whoever answers in its place, answered with an error.

    `detail` is what the service says, None where the answer is not in its words.
    """

    def __init__(self, response: httpx.Response) -> None:
        super().__init__(response.status_code)
        self.status = response.status_code
        self.detail = _detail(response.content)
        self.retry_after = seconds(response.headers.get("retry-after"))


class _ErrorForm(msgspec.Struct):
    detail: str


def _detail(body: bytes) -> str | None:
    try:
        return one_line(msgspec.json.decode(body, type=_ErrorForm).detail)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


def meaning(error: Exception) -> Fault | HoldfastError:
    """What an error of a request means."""
    if not isinstance(error, Refused):
        return Fault(failure_of(error))
    match error.status, error.detail:
        case 403, str(detail) if forbidden := _FORBIDDEN.fullmatch(detail):
            return Forbidden(forbidden["right"], forbidden["collection"])
        case 404, str(detail):
            return _missing(detail) or Fault(Failure.FAULT)
        case 409, str(detail):
            return _conflict(detail) or Fault(Failure.FAULT)
        case 413, _:
            return InvalidInput("", "a smaller request, since the service takes none so large")
        case 422, str(detail):
            return _wrong(detail)
        case 503, str(detail) if detail.startswith(OVERLOADED):
            return Fault(Failure.OVERLOADED, error.retry_after)
    failure = STATUS_FAILURES.get(error.status, Failure.FAULT)
    return Fault(failure, error.retry_after if error.status in (429, 503) else None)


def _missing(detail: str) -> NotFound | None:
    if found := _NO_COLLECTION.fullmatch(detail):
        return CollectionNotFound(found["collection"])
    if found := _NO_POINT.fullmatch(detail):
        return PointNotFound(found["collection"], parse_point_id(found["point"]))
    # Not of a thing but of a path: whoever answers is no Holdfast service, or another version.
    return None


def _conflict(detail: str) -> CollectionConflict | None:
    found = _DIFFERS.fullmatch(detail)
    return CollectionConflict(found["collection"], found["differences"].split("; ")) if found else None


def _wrong(detail: str) -> InvalidInput:
    found = _WRONG.fullmatch(detail)
    if found is None:
        return InvalidInput("", f"what the service takes, and it says: {detail}")
    return InvalidInput(found["where"], found["expected"])


def shifted(error: InvalidInput, start: int) -> InvalidInput:
    """The error of a request that held the caller's items from `start` on, with its place in all of them."""
    found = re.match(r"(points|searches)\[(\d+)\]", error.where)
    if found is None:
        return error
    return InvalidInput(f"{found[1]}[{int(found[2]) + start}]{error.where[found.end() :]}", error.expected)
