"""How much a request may hold, as the operator has it: checked where it comes in."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec

from containers import LimitSettings
from domain.errors import InvalidInput, at
from domain.filters import MAX_CONDITIONS, MAX_DEPTH, Filter
from entrypoints.http.budget import Budget

_encode = msgspec.json.Encoder().encode


class Limits:
    """The operator's limits on what a body holds; those of the domain hold besides.

    `body_bytes` is the most that any body may have; `budget` holds what all of them take, and `turn` is for
    whoever reads a large one: one slice of one body at a time.
    """

    def __init__(self, settings: LimitSettings, body_bytes: int) -> None:
        self.points = settings.points
        self.payload_bytes = settings.payload_bytes
        self.body_bytes = body_bytes
        self.question_bytes = min(settings.question_bytes, body_bytes)
        self.budget = Budget(max(settings.bodies_bytes, body_bytes))
        self.turn = asyncio.Lock()
        self.vector_size = settings.vector_size
        self._depth, self._conditions = settings.filter_depth, settings.filter_conditions
        self._filters = self._depth < MAX_DEPTH or self._conditions < MAX_CONDITIONS

    def check_items(self, place: str, number: int) -> None:
        """Raise `InvalidInput` at the place for too many points or ids."""
        if number > self.points:
            raise InvalidInput(place, f"at most {self.points} items, got {number}")

    def check_vector_size(self, size: int) -> None:
        """Raise `InvalidInput` for a collection of vectors that are too large."""
        if size > self.vector_size:
            raise InvalidInput("vector.size", f"at most {self.vector_size}")

    def check_filter(self, filter_: Filter, name: str = "filter") -> Filter:
        """The filter. Raises `InvalidInput` at its name where it has too many levels or conditions."""
        # Where the operator wants no less than the domain, that has looked already.
        if self._filters:
            with at(name):
                if filter_.depth() > self._depth:
                    raise InvalidInput("", f"at most {self._depth} levels of filters")
                if sum(1 for _ in filter_.walk()) > self._conditions:
                    raise InvalidInput("", f"at most {self._conditions} conditions")
        return filter_

    def check_payload(self, payload: Mapping[str, Any], most: int) -> None:
        """Raise `InvalidInput` at `payload` for one that is too large; `most` is what it cannot be larger than."""
        if most > self.payload_bytes and (size := len(_encode(payload))) > self.payload_bytes:
            raise InvalidInput("payload", f"at most {self.payload_bytes} bytes of JSON, got {size}")
