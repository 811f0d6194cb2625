"""Whatever part of whatever payload is selected, the in-memory store takes what Qdrant's engine takes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from hypothesis import given, settings

from adapters.memory.selection import select
from tests.contract.edge_oracle import EdgeOracle
from tests.properties.strategies import payloads, selections

if TYPE_CHECKING:
    from domain.models import Json, Payload


@settings(max_examples=100, deadline=None)
@given(payload=payloads, paths=selections)
def test_memory_agrees_with_the_engine(payload: Payload, paths: tuple[str, ...], oracle: EdgeOracle) -> None:
    """The in-memory store takes the very part that Qdrant's engine takes, types and all."""
    assert _text(select(payload, paths)) == _text(oracle.selected(payload, paths))


def _text(value: dict[str, Json] | None) -> str:
    return json.dumps(value, sort_keys=True)
