"""How entries are written: MessagePack, of a shape that the keys' format version names."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec

from domain.models import Hit, Vector
from domain.ports import Entry

FORMAT_VERSION = 1
"""Part of every key. Raise it whenever an entry is written differently."""


class _HitRow(msgspec.Struct, array_like=True):
    id: int | str
    score: float
    payload: dict[str, Any] | None
    vector: bytes | None


class _EntryRow(msgspec.Struct, array_like=True):
    generation: str
    born: float
    hits: list[_HitRow]


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_EntryRow)


def encode_entry(entry: Entry) -> bytes:
    """The entry as bytes."""
    hits = [
        _HitRow(
            str(hit.id) if isinstance(hit.id, UUID) else hit.id,
            hit.score,
            None if hit.payload is None else dict(hit.payload),
            None if hit.vector is None else hit.vector.data,
        )
        for hit in entry.hits
    ]
    return _encoder.encode(_EntryRow(entry.generation, entry.born, hits))


def decode_entry(data: bytes) -> Entry | None:
    """The entry in these bytes; None where they are none."""
    try:
        row = _decoder.decode(data)
        return Entry(row.generation, row.born, tuple(map(_hit, row.hits)))
    except (ValueError, RecursionError):
        return None


def _hit(row: _HitRow) -> Hit:
    return Hit(
        UUID(row.id) if isinstance(row.id, str) else row.id,
        row.score,
        row.payload,
        None if row.vector is None else Vector(row.vector),
    )
