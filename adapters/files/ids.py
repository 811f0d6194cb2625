"""Ids of an export: a column of them has one type."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from domain.errors import InvalidInput
from domain.models import Record


def check_ids(records: Sequence[Record], *, uuids: bool) -> None:
    """Raise `InvalidInput` for a UUID where none was there when the export began."""
    if not uuids and any(isinstance(one.id, UUID) for one in records):
        raise InvalidInput("id", "integers, as at the start; UUIDs were written meanwhile, so it has to begin again")
