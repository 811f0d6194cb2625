"""JSON Lines: one point a line, as the REST API has them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Generator
from pathlib import Path
from typing import Any

import msgspec

from adapters.files.lines import MAX_LINE, Lines
from domain.errors import InvalidInput, at
from domain.models import Point, PointId, Vector, parse_uuid
from domain.models.point import check_point_id
from domain.ports import Block, Columns, PointSource, Refused

PAYLOAD = "payload"

BLOCK_BYTES = 8 * 1024 * 1024
"""The most bytes of lines in a block, where it is more than one line."""

_line: msgspec.json.Decoder[dict[str, msgspec.Raw]] = msgspec.json.Decoder(dict[str, msgspec.Raw])
_id: msgspec.json.Decoder[int | str] = msgspec.json.Decoder(int | str)
_vector: msgspec.json.Decoder[list[float] | str] = msgspec.json.Decoder(list[float] | str)
_payload: msgspec.json.Decoder[dict[str, Any] | None] = msgspec.json.Decoder(dict[str, Any] | None)
_any = msgspec.json.Decoder()


class JsonLinesSource(PointSource):
    """Lines of JSON objects with `id`, `vector` and `payload`, by whatever names; gzip is recognised.

    An object without `payload` has its other keys as payload.
    """

    def __init__(self, path: Path, columns: Columns, *, max_line: int = MAX_LINE) -> None:
        self._path = path
        self._columns = columns
        self._max_line = max_line
        self._usual = _usual_line(columns)
        Lines(path).close()

    def blocks(self, size: int, after: int = 0) -> Generator[Block, None, None]:
        lines = Lines(self._path, self._max_line)
        try:
            block = _Rows(after)
            for row, line in enumerate(lines, start=1):
                if row <= after:
                    continue
                self._take(block, row, line)
                if block.end - block.begin >= size or block.bytes >= BLOCK_BYTES:
                    yield block.done(lines.share())
                    block = _Rows(row)
            if block.end > block.begin:
                yield block.done(lines.share())
        finally:
            lines.close()

    def _take(self, block: _Rows, row: int, line: bytes | None) -> None:
        block.end = row
        block.bytes += len(line or b"")
        if line is None:
            block.refused.append(Refused.by(row, InvalidInput("", f"a line of at most {self._max_line} bytes")))
            return
        try:
            if line.strip():
                block.points.append(self._point(row, line))
                block.rows.append(row)
        except InvalidInput as error:
            block.refused.append(Refused.by(row, error))

    def _point(self, row: int, line: bytes) -> Point:
        """The point of the line. Raises `InvalidInput`."""
        if self._usual is not None:
            try:
                usual = self._usual.decode(line)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                point = self._unusual_point(row, line)
                # A point all the same: one of a file whose keys are others.
                self._usual = None
                return point
            return _to_point(self._columns, usual.id, usual.vector, usual.payload or {})
        return self._unusual_point(row, line)

    def _unusual_point(self, row: int, line: bytes) -> Point:
        columns = self._columns
        fields = _decode(_line, line)
        value: int | str = row - 1
        if not columns.numbered:
            with at(columns.id):
                value = _decode(_id, _there(fields.pop(columns.id, None)))
        with at(columns.vector):
            vector = _decode(_vector, _there(fields.pop(columns.vector, None)))
        return _to_point(columns, value, vector, self._payload(fields))

    def _payload(self, fields: dict[str, msgspec.Raw]) -> dict[str, Any]:
        if self._columns.payload is not None:
            fields = {key: fields[key] for key in self._columns.payload if key in fields}
        elif (payload := fields.pop(PAYLOAD, None)) is not None:
            if fields:
                raise InvalidInput(next(iter(fields)), f"nothing beside '{PAYLOAD}', which holds all of the payload")
            with at(PAYLOAD):
                return _decode(_payload, payload) or {}
        read = {}
        for key, raw in fields.items():
            with at(key):
                read[key] = _decode(_any, raw)
        return read


def _usual_line(columns: Columns) -> msgspec.json.Decoder[Any] | None:
    """Reads id, vector and payload of a line in one step, which is a third quicker; None where keys are chosen."""
    if columns.numbered or columns.payload is not None or len({columns.id, columns.vector, PAYLOAD}) < 3:
        return None
    fields = [
        ("id", int | str, msgspec.field(name=columns.id)),
        ("vector", list[float] | str, msgspec.field(name=columns.vector)),
        ("payload", dict[str, Any] | None, msgspec.field(default=None)),
    ]
    return msgspec.json.Decoder(msgspec.defstruct("Line", fields, forbid_unknown_fields=True))


def _to_point(columns: Columns, value: int | str, numbers: list[float] | str, payload: dict[str, Any]) -> Point:
    with at(columns.id):
        point_id: PointId = parse_uuid(value) if isinstance(value, str) else check_point_id(value)
    with at(columns.vector):
        vector = _to_vector(numbers)
    return Point(point_id, vector, payload)


class _Rows:
    """A block that is being read."""

    def __init__(self, begin: int) -> None:
        self.begin = self.end = begin
        self.bytes = 0
        self.points: list[Point] = []
        self.rows: list[int] = []
        self.refused: list[Refused] = []

    def done(self, share: float) -> Block:
        return Block(self.points, self.rows, self.refused, self.end, share)


def _there(raw: msgspec.Raw | None) -> msgspec.Raw:
    if raw is None:
        raise InvalidInput("", "a value, which is missing")
    return raw


def _decode(decoder: msgspec.json.Decoder[Any], raw: bytes | msgspec.Raw) -> Any:
    """The value. Raises `InvalidInput` with the path of what is wrong."""
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError as error:
        expected, _, where = str(error).partition(" - at `$")
        raise InvalidInput(where.rstrip("`").removeprefix("."), _clause(expected)) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput("", f"JSON ({error})") from None
    except RecursionError:
        raise InvalidInput("", "JSON that is nested less deep") from None


def _clause(message: str) -> str:
    """What msgspec expected, to stand behind "expected"."""
    return message.removeprefix("Expected ").replace("`", "")


def _to_vector(value: list[float] | str) -> Vector:
    if isinstance(value, list):
        return Vector.of(value)
    try:
        data = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidInput("", "numbers, or base64 of little-endian float32") from None
    return Vector(data)
