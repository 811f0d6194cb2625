"""Conditions of filters, one schema for each kind: the form of the decoder holds all kinds at once."""

from __future__ import annotations

from collections.abc import Mapping

from domain.filters.matches import MAX_VALUES
from entrypoints.http.openapi.fields import CHOICES, INT64
from entrypoints.http.openapi.values import Schema, list_of, ref

_KINDS = {
    "match": ("FieldMatch", "The value at the key is one of some, or none of them.", "MatchBody"),
    "range": ("FieldRange", "The value at the key lies within all bounds.", "RangeBody"),
    "geo_radius": ("FieldGeoRadius", "The value is a place less than so many metres away.", "GeoRadiusBody"),
    "geo_bounding_box": ("FieldGeoBoundingBox", "The value is a place inside the box.", "GeoBoundingBoxBody"),
    "values_count": (
        "FieldValuesCount",
        "There are so many values: a list counts its elements, anything else 1, null and absence 0.",
        "ValuesCountBody",
    ),
    "is_empty": ("IsEmpty", "There is no value, or null, or an empty list.", "KeyBody"),
    "is_null": ("IsNull", "The value is null, or a list with a null in it.", "KeyBody"),
    "has_id": ("HasId", "The point's id is one of these.", None),
    "nested": ("NestedCondition", "One object of the list meets the whole filter.", "NestedBody"),
}
_ON_FIELD = ("match", "range", "geo_radius", "geo_bounding_box", "values_count")
_BOUNDS = ("gt", "gte", "lt", "lte")


def exact_conditions(filter_: Schema, found: Mapping[str, Schema]) -> dict[str, Schema]:
    """The schemas of conditions, by name; `filter_` is that of filters, and `found` are msgspec's.

    Raises `LookupError` where a condition is not among the kinds here.
    """
    fields = set(found["ConditionBody"]["properties"]) - set(filter_["properties"]) - {"key"}
    if fields != set(_KINDS):
        raise LookupError(f"kinds of conditions that the document does not say: {fields ^ set(_KINDS)}")
    kinds = {name: _condition(field, text, body) for field, (name, text, body) in _KINDS.items()}
    return {
        **kinds,
        "SelectiveFilter": _selective(filter_),
        "ConditionBody": {
            "description": "Exactly one condition on a field or on the point, or a filter again, 16 levels deep and"
            " 1,000 conditions in all at most.",
            "oneOf": [*(ref(name) for name in kinds), ref("SelectiveFilter")],
        },
        **_match(),
        **_range(),
        "ValuesCountBody": _stated(
            "Bounds of a count, at least one.",
            {name: {**INT64, "minimum": 0} for name in _BOUNDS},
        ),
    }


def _closed(description: str, properties: Schema) -> Schema:
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _condition(field: str, description: str, body: str | None) -> Schema:
    value = list_of(ref("PointId"), minItems=1, maxItems=MAX_VALUES) if body is None else ref(body)
    key = {"key": ref("PayloadPath")} if field in _ON_FIELD else {}
    return _closed(description, {**key, field: value})


def _selective(filter_: Schema) -> Schema:
    """A filter with a condition at least: the empty one, which every point meets, is refused."""
    some: Schema = {"type": "array", "minItems": 1}
    return {
        **filter_,
        "description": "A filter with at least one condition.",
        "anyOf": [
            {"required": [clause], "properties": {clause: {"type": "object"} if clause == "min_should" else some}}
            for clause in filter_["properties"]
        ],
    }


def _match() -> dict[str, Schema]:
    value = {"oneOf": [{"type": "string"}, dict(INT64), {"type": "boolean"}]}
    return {
        "MatchValue": _closed("The value is just that. true is not 1, and 1.0 is not 1.", {"value": value}),
        "MatchAny": _closed("The value is one of these: all strings, or all integers.", {"any": CHOICES}),
        "MatchExcept": _closed("The value is there, and none of these.", {"except": CHOICES}),
        "MatchBody": {
            "description": "Exactly one of three.",
            "oneOf": [ref("MatchValue"), ref("MatchAny"), ref("MatchExcept")],
        },
    }


def _range() -> dict[str, Schema]:
    time = {
        "type": "string",
        "format": "date-time",
        "description": "RFC 3339 without leap seconds, of the years 1 to 9999; UTC where no zone is said.",
    }
    return {
        "NumberRange": _stated("Bounds of a number, at least one.", {name: {"type": "number"} for name in _BOUNDS}),
        "TimeRange": _stated("Bounds of a time, at least one.", {name: dict(time) for name in _BOUNDS}),
        "RangeBody": {
            "description": "Bounds that are all numbers, or all times.",
            "oneOf": [ref("NumberRange"), ref("TimeRange")],
        },
    }


def _stated(description: str, properties: dict[str, Schema]) -> Schema:
    """An object of which at least one field is stated; null is as good as absence."""
    return {
        "type": "object",
        "description": description,
        "properties": {name: {**schema, "type": [schema["type"], "null"]} for name, schema in properties.items()},
        "additionalProperties": False,
        "anyOf": [
            {"required": [name], "properties": {name: {"type": schema["type"]}}} for name, schema in properties.items()
        ],
    }
