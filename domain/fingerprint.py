"""What tells one search from another, in whatever way it was spelt.

Two searches share a fingerprint only if they ask the same: the order of conditions and of values in a
list of choices does not matter, nor does a path that is named twice. The type of a value does: true,
1 and "1" are three.
"""

from __future__ import annotations

import hashlib
from dataclasses import fields
from functools import singledispatch
from typing import TYPE_CHECKING
from uuid import UUID

from domain.filters import Condition, Filter, HasId, MatchAny, MatchExcept, Nested
from domain.models import PointId, float32, id_order

if TYPE_CHECKING:
    from domain.queries import SearchQuery

DIGEST_BYTES = 16


def fingerprint(query: SearchQuery) -> str:
    """32 hexadecimal digits. A hash that resists collisions, since clients share the cache."""
    selection = query.with_payload if isinstance(query.with_payload, bool) else sorted(set(query.with_payload))
    threshold = None if query.score_threshold is None else float32(query.score_threshold)
    options = (selection, query.with_vectors, query.limit, query.offset, threshold, query.hnsw_ef, query.exact)
    target = query.vector.data if query.vector is not None else b""
    about = f"{len(target)}|{_id(query.id)}|{options!r}|"
    if query.tenant is not None:
        # Who may ask by any point and states the same filter asks for more: also by a point of another's.
        about += f"{query.tenant.field!r}={query.tenant.value!r}|"
    filter_ = "" if query.filter.is_empty else _text(query.filter)
    return hashlib.blake2b(target + about.encode() + filter_.encode(), digest_size=DIGEST_BYTES).hexdigest()


def _id(point_id: PointId | None) -> str:
    return "" if point_id is None else f"{'u' if isinstance(point_id, UUID) else 'i'}{point_id}"


@singledispatch
def _text(condition: Condition) -> str:
    """A condition as text; `repr` tells the types of its values apart."""
    values = [repr(getattr(condition, field.name)) for field in fields(condition)]
    return f"{type(condition).__name__}({','.join(values)})"


@_text.register
def _filter_text(condition: Filter) -> str:
    least = condition.min_should
    clauses = [_all(condition.must), _all(condition.should), _all(condition.must_not)]
    if least is not None:
        # How often a condition stands there counts, unlike elsewhere.
        clauses.append(f"{least.min_count}:{','.join(sorted(map(_text, least.conditions)))}")
    return f"Filter({'|'.join(clauses)})"


def _all(conditions: tuple[Condition, ...]) -> str:
    return ",".join(sorted(set(map(_text, conditions))))


@_text.register(MatchAny)
@_text.register(MatchExcept)
def _choices_text(condition: MatchAny | MatchExcept) -> str:
    return f"{type(condition).__name__}({condition.key!r},{sorted(set(map(repr, condition.values)))})"


@_text.register
def _ids_text(condition: HasId) -> str:
    return f"HasId({','.join(_id(point_id) for point_id in sorted(condition.ids, key=id_order))})"


@_text.register
def _nested_text(condition: Nested) -> str:
    return f"Nested({condition.key!r},{_text(condition.filter)})"
