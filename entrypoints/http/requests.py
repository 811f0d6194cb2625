"""Reading a request: its path, its query, and its body as JSON of one type."""

from __future__ import annotations

import re
from typing import Generic, NoReturn, TypeVar

import msgspec
from starlette.datastructures import QueryParams
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive, Scope

from domain.errors import InvalidInput, at
from domain.models import check_collection_name
from entrypoints.http.limits import Limits

T = TypeVar("T")

_AT = re.compile(r"(?P<what>.*) - at `(?P<where>\$.*)`", re.DOTALL)
_EXPECTED = (
    (re.compile(r"^Object contains unknown field "), "no field "),
    (re.compile(r"^Object missing required field "), "a field "),
    (re.compile(r"^Invalid enum value "), "one of the documented values, got "),
    (re.compile(r"^Number out of range$"), "a number in range"),
)

_TYPES = {"str": "string", "int": "integer", "float": "number", "bool": "true or false", "array": "list"}
"""msgspec's names of types, and those that people know from JSON."""

_ELEMENT = re.compile(r"(?:\.\w+)?\[([0-9]+)\]")
"""An element of a list, which is the body's or a piece of it."""

BYTE = re.compile(r"\(byte ([0-9]+)\)")
"""Where a decoder says that something is wrong."""

_TYPE = re.compile(rf"\b({'|'.join(_TYPES)})\b")

_SHOWN = 40
"""How much of an unknown name is shown."""

_LONGEST_LENGTH = 20
"""More digits than any length has."""

MAX_OBJECTS, MAX_OBJECTS_OF_POINTS = 10_000, 200_000
"""The most JSON objects in a body, and in one that holds points with their payloads."""

MAX_VALUES = 100_000
"""The most values in a body that is read at once, told by its commas: what takes a few milliseconds to read."""

_JSON = re.compile(rb'\s*application/json\s*(;\s*charset\s*=\s*"?utf-?8"?\s*)?', re.IGNORECASE)


def collection_name(scope: Scope, *parameters: str) -> str:
    """The collection that the path names, in a request with no other parameters than these.

    Raises `InvalidInput` at `path.collection` or `query`.
    """
    check_query(scope, *parameters)
    name: str = scope["path_params"]["collection"]
    with at("path"):
        check_collection_name(name)
    return name


def check_query(scope: Scope, *parameters: str) -> None:
    """Raise `InvalidInput` for a parameter of the query that is none of these, or comes twice."""
    if not scope["query_string"]:
        return
    seen = set()
    for key, _ in QueryParams(scope["query_string"]).multi_items():
        if key not in parameters or key in seen:
            known = f"no parameter but {', '.join(parameters)}, once" if parameters else "no parameter"
            raise InvalidInput(f"query.{key[:_SHOWN]}", known)
        seen.add(key)


def query_flag(request: Request, name: str) -> bool:
    """A parameter of the query that is `true` or `false` (the default). Raises `InvalidInput` for anything else."""
    value = request.query_params.get(name, "false")
    if value not in ("true", "false"):
        raise InvalidInput(f"query.{name}", "true or false")
    return value == "true"


UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What a decoder raises for a body that is none."""


class JsonBody(Generic[T]):
    """Reads bodies of one type, of at most `limit` bytes and `most_objects` JSON objects."""

    def __init__(
        self, type_: type[T], limits: Limits, most_objects: int = MAX_OBJECTS, limit: int | None = None
    ) -> None:
        self.decoder = msgspec.json.Decoder(type_)
        self._budget = limits.budget
        self._limit = limits.question_bytes if limit is None else limit
        self._most_objects = most_objects

    async def read(self, request: Request) -> T:
        """The body. Raises `HTTPException` 400, 413 or 415, and `InvalidInput` where it is of another type."""
        return self.decode(await self.receive(request.scope, request.receive))

    async def receive(self, scope: Scope, receive: Receive) -> bytes:
        """The bytes of the body. Raises `HTTPException` 413 or 415, and `ClientDisconnect`."""
        return bytes(await self.receive_parts(scope, receive))

    async def receive_parts(self, scope: Scope, receive: Receive) -> bytes | bytearray:
        """The same, not put in one piece again: of 32 MiB that alone takes 10 ms."""
        _check_headers(scope, self._limit)
        message = await receive()
        body: bytes = message.get("body", b"")
        if not message.get("more_body", False) and message["type"] == "http.request" and len(body) <= self._limit:
            return body
        return await self._receive_more(scope, receive, message)

    async def _receive_more(self, scope: Scope, receive: Receive, message: Message) -> bytearray:
        """The whole body, of which this is the first part."""
        body = bytearray()
        while True:
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            part = message.get("body", b"")
            if len(body) + len(part) > self._limit:
                raise _too_large(self._limit)
            self._budget.take(scope, len(part))
            body += part
            if not message.get("more_body", False):
                scope["state"]["received"] = True
                return body
            message = await receive()

    def decode(self, body: bytes | bytearray) -> T:
        """What the bytes hold. Raises `HTTPException` 400 or 413, and `InvalidInput` where it is of another type."""
        # Objects take a thousand times longer to read than to count, and the event loop waits meanwhile.
        if body.count(b"{") > self._most_objects:
            raise HTTPException(413, f"The body must hold at most {self._most_objects} JSON objects.")
        if body.count(b",") > MAX_VALUES:
            raise HTTPException(413, f"The body must hold at most {MAX_VALUES} values.")
        try:
            return self.decoder.decode(body)
        except UNREADABLE as error:
            refuse(error)


def refuse(error: Exception, offset: int = 0, key: str = "", before: int = 0) -> NoReturn:
    """Raise what a decoder's error means: `HTTPException` 400, or `InvalidInput` where the body is of another type.

    Where a slice was decoded, it began at `offset`, and `before` elements of the list at `key` stand before it.
    """
    if isinstance(error, msgspec.ValidationError):
        raise _invalid(error, key, before) from None
    if isinstance(error, RecursionError):
        raise HTTPException(400, "The body is not acceptable JSON: it is nested too deep.") from None
    reason = BYTE.sub(lambda found: f"(byte {int(found[1]) + offset})", _reason(error))
    raise HTTPException(400, f"The body is not JSON: {reason}.") from None


def _check_headers(scope: Scope, limit: int) -> None:
    """Raise `HTTPException` for a body that need not be read."""
    media_type, encoding, length = b"", b"identity", b""
    for name, value in scope["headers"]:
        if name == b"content-type":
            media_type = media_type or value
        elif name == b"content-encoding":
            encoding = value
        elif name == b"content-length":
            length = value
    # A request without a type is refused too: a page on another site can send one, unlike one of JSON.
    if media_type != b"application/json" and _JSON.fullmatch(media_type) is None:
        raise HTTPException(415, "The body must be application/json in UTF-8.")
    if encoding != b"identity":
        raise HTTPException(415, "The body must not be compressed.")
    if length.isdigit() and int(length[:_LONGEST_LENGTH]) > limit:
        raise _too_large(limit)


def _too_large(limit: int) -> HTTPException:
    return HTTPException(413, f"The body must be of at most {limit} bytes.")


def _invalid(error: msgspec.ValidationError, key: str, before: int) -> InvalidInput:
    """msgspec's error in the words of the domain: "Expected `int`, got `str` - at `$.id`"."""
    found = _AT.fullmatch(str(error))
    what, where = (found["what"], found["where"].removeprefix("$")) if found else (str(error), "")
    element = _ELEMENT.match(where) if key else None
    if element is not None:
        where = f".{key}[{int(element[1]) + before}]{where[element.end() :]}"
    if what.startswith("Expected "):
        what = _TYPE.sub(lambda name: _TYPES[name[0]], what.removeprefix("Expected "))
    for sign, expected in _EXPECTED:
        what = sign.sub(expected, what)
    return InvalidInput(where.removeprefix("."), what.replace("`", "'"))


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return f"it is not UTF-8 at byte {error.start} of a string"
    return (
        str(error)
        .removeprefix("JSON is malformed: ")
        .rstrip(".")
        .replace("Input data was truncated", "it ends too early")
    )
