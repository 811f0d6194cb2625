"""The filter tree as the REST API has it in JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from datetime import datetime
from typing import Any

from domain.filters import (
    Condition,
    FieldCondition,
    Filter,
    GeoBoundingBox,
    GeoPoint,
    GeoRadius,
    HasId,
    IsEmpty,
    IsNull,
    Match,
    MatchAny,
    MatchExcept,
    Nested,
    ValuesCount,
)
from domain.models import id_order


def to_json(filter_: Filter) -> dict[str, Any]:
    """The same filter in JSON; an empty one stays empty."""
    clauses = {"must": filter_.must, "should": filter_.should, "must_not": filter_.must_not}
    form: dict[str, Any] = {name: _conditions(clause) for name, clause in clauses.items() if clause}
    least = filter_.min_should
    if least is not None:
        form["min_should"] = {"conditions": _conditions(least.conditions), "min_count": least.min_count}
    return form


def _conditions(conditions: Iterable[Condition]) -> list[dict[str, Any]]:
    return [_condition(condition) for condition in conditions]


def _condition(condition: Condition) -> dict[str, Any]:
    match condition:
        case Filter():
            return to_json(condition)
        case HasId():
            return {"has_id": sorted(condition.ids, key=id_order)}
        case Nested():
            return {"nested": {"key": condition.key, "filter": to_json(condition.filter)}}
        case IsEmpty():
            return {"is_empty": {"key": condition.key}}
        case IsNull():
            return {"is_null": {"key": condition.key}}
    return {"key": condition.key, **_on_field(condition)}


def _on_field(condition: FieldCondition) -> dict[str, Any]:
    match condition:
        case Match():
            return {"match": {"value": condition.value}}
        case MatchAny():
            return {"match": {"any": condition.values}}
        case MatchExcept():
            return {"match": {"except": condition.values}}
        case GeoRadius():
            return {"geo_radius": {"center": _place(condition.center), "radius": condition.radius}}
        case GeoBoundingBox():
            corners = {"top_left": condition.top_left, "bottom_right": condition.bottom_right}
            return {"geo_bounding_box": {name: _place(place) for name, place in corners.items()}}
        case ValuesCount():
            return {"values_count": _bounds(condition)}
    return {"range": _bounds(condition)}


def _bounds(condition: FieldCondition) -> dict[str, Any]:
    named = {field.name: getattr(condition, field.name) for field in fields(condition)}
    del named["key"]
    return {
        name: bound.isoformat() if isinstance(bound, datetime) else bound
        for name, bound in named.items()
        if bound is not None
    }


def _place(place: GeoPoint) -> dict[str, float]:
    return {"lat": place.lat, "lon": place.lon}
