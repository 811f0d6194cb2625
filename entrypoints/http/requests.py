"""Reading a request: its path, its query, and its body as JSON of one type."""

from __future__ import annotations

import re
from typing import Generic, TypeVar

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request

from domain.errors import InvalidInput, at
from domain.models import check_collection_name

T = TypeVar("T")

_AT = re.compile(r"(?P<what>.*) - at `(?P<where>\$.*)`", re.DOTALL)
_EXPECTED = (
    (re.compile(r"^Expected "), ""),
    (re.compile(r"^Object contains unknown field "), "no field "),
    (re.compile(r"^Object missing required field "), "a field "),
    (re.compile(r"^Invalid enum value "), "one of the documented values, got "),
    (re.compile(r"^Number out of range$"), "a number in range"),
)

_JSON = re.compile(r'application/json\s*(;\s*charset\s*=\s*"?utf-?8"?\s*)?', re.IGNORECASE)


def collection_name(request: Request) -> str:
    """The collection that the path names. Raises `InvalidInput` at `path.collection`."""
    name: str = request.path_params["collection"]
    with at("path"):
        check_collection_name(name)
    return name


def query_flag(request: Request, name: str) -> bool:
    """The query's only parameter: `true` or `false` (the default). Raises `InvalidInput` for anything else."""
    for key, value in request.query_params.multi_items():
        if key != name:
            raise InvalidInput(f"query.{key}", f"no other parameter than '{name}'")
        if value not in ("true", "false"):
            raise InvalidInput(f"query.{name}", "true or false")
    return request.query_params.get(name) == "true"


class JsonBody(Generic[T]):
    """Reads bodies of one type, of at most `limit` bytes."""

    def __init__(self, type_: type[T], limit: int) -> None:
        self._decoder = msgspec.json.Decoder(type_)
        self._limit = limit

    async def read(self, request: Request) -> T:
        """The body. Raises `HTTPException` 400, 413 or 415, and `InvalidInput` where it is of another type."""
        _check_media_type(request)
        body = await _read_bytes(request, self._limit)
        try:
            return self._decoder.decode(body)
        except msgspec.ValidationError as error:
            raise _invalid(error) from None
        except RecursionError:
            raise HTTPException(400, "The body is not acceptable JSON: it is nested too deep.") from None
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise HTTPException(400, f"The body is not JSON: {_reason(error)}.") from None


def _check_media_type(request: Request) -> None:
    given = request.headers.get("content-type", "application/json")
    if _JSON.fullmatch(given.strip()) is None:
        raise HTTPException(415, "The body must be application/json in UTF-8.")
    if request.headers.get("content-encoding", "identity") != "identity":
        raise HTTPException(415, "The body must not be compressed.")


async def _read_bytes(request: Request, limit: int) -> bytes:
    too_large = HTTPException(413, f"The body must be of at most {limit} bytes.")
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > limit:
        raise too_large
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise too_large
        chunks.append(chunk)
    return b"".join(chunks)


def _invalid(error: msgspec.ValidationError) -> InvalidInput:
    """msgspec's error in the words of the domain: "Expected `int`, got `str` - at `$.id`"."""
    found = _AT.fullmatch(str(error))
    what, where = (found["what"], found["where"].removeprefix("$")) if found else (str(error), "")
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
