"""The schemas of the bodies of requests: msgspec's own, with what is said of the fields, and exact."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from entrypoints.http import bodies
from entrypoints.http.openapi.conditions import exact_conditions
from entrypoints.http.openapi.fields import FIELDS
from entrypoints.http.openapi.values import Schema

_PREFIX = "#/components/schemas/"

_NAMES = {"VectorBody": "VectorOptions", "QuantizationBody": "QuantizationOptions", "HnswBody": "HnswOptions"}

_LOOSE = {"ConditionBody", "MatchBody", "RangeBody", "ValuesCountBody"}
"""Bodies of which the document says each form by itself."""

_EXACTLY_ONE = {"SearchBody": ("vector", "id"), "SelectionBody": ("ids", "filter"), "SetPayloadBody": ("ids", "filter")}

NULL = {"type": "null"}


def name_of(body: str) -> str:
    """The name in the document of a body: `SearchBody` is a `SearchRequest`, and what it is made of a `Filter`."""
    if body in _NAMES:
        return _NAMES[body]
    return body.removesuffix("Body") + ("Request" if body in bodies.__all__ else "")


def request_schemas() -> dict[str, Schema]:
    """The schema of every body, and of all that they are made of, by name.

    Raises `LookupError` where the types and what is said of their fields do not go together.
    """
    types = [getattr(bodies, name) for name in bodies.__all__]
    _, found = msgspec.json.schema_components(types, ref_template=_PREFIX + "{name}")
    told = {name: _told(name, schema) for name, schema in found.items() if name not in _LOOSE}
    for name, (one, other) in _EXACTLY_ONE.items():
        told[name]["oneOf"] = [_only(told[name], one, other), _only(told[name], other, one)]
    told["QuantizationBody"]["oneOf"] = [
        {"properties": {"type": {"const": "scalar"}}},
        {"properties": {"type": {"const": "binary"}, "quantile": NULL}},
    ]
    told |= exact_conditions(told["FilterBody"], found)
    return {name_of(name): _renamed(schema) for name, schema in told.items()}


def _told(name: str, schema: Schema) -> Schema:
    """msgspec's schema with what is said of the fields."""
    schema = {key: value for key, value in schema.items() if key != "title" and value != []}
    properties = schema.get("properties")
    if properties is None:
        return {"type": "string", **schema}
    if set(properties) != set(FIELDS.get(name, {})):
        raise LookupError(f"FIELDS[{name!r}] has to say something of each of: {', '.join(properties)}")
    schema["properties"] = {field: refined(kind, FIELDS[name][field]) for field, kind in properties.items()}
    return schema


def refined(schema: Schema, said: Schema) -> Schema:
    """A field's schema with what is said of it, which is not about null: that stays where the type takes it."""
    kinds = [kind for kind in schema.get("anyOf", [schema]) if kind != NULL]
    nullable = NULL in schema.get("anyOf", [])
    rest = {key: value for key, value in schema.items() if key == "default" and value is not None}
    description = {"description": said["description"]} if "description" in said else {}
    said = {key: value for key, value in said.items() if key != "description"}
    if {"$ref", "oneOf", "anyOf"} & said.keys():
        kind = said
    elif len(kinds) == 1:
        kind = {key: value for key, value in kinds[0].items() if key != "default"} | said
    else:
        kind = {"anyOf": kinds}
    if nullable:
        return {**description, "anyOf": [*kind.get("anyOf", [kind]), NULL], **rest}
    return {**kind, **description, **rest}


def _only(schema: Schema, stated: str, other: str) -> Schema:
    """That one of two fields is stated, and the other is not."""
    return {
        "title": f"by {stated}",
        "required": [stated],
        "properties": {stated: stated_alone(schema["properties"][stated]), other: NULL},
    }


def stated_alone(schema: Schema) -> Schema:
    """The schema of a field without null."""
    kinds = [kind for kind in schema.get("anyOf", [schema]) if kind != NULL]
    return kinds[0] if len(kinds) == 1 else {"anyOf": kinds}


def _renamed(value: Any) -> Any:
    """The same, with references to the names of the document."""
    if isinstance(value, dict):
        return {
            key: _PREFIX + name_of(item.removeprefix(_PREFIX)) if key == "$ref" else _renamed(item)
            for key, item in value.items()
        }
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_renamed(item) for item in value]
    return value
