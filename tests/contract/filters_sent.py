"""Filters as they are sent: to Qdrant by its client, and to another Holdfast service."""

from __future__ import annotations

import json

import msgspec
from qdrant_client import models

from adapters.holdfast.filters import to_json
from domain.filters import Filter
from entrypoints.http.bodies.filter_forms import FilterBody
from entrypoints.http.bodies.filters import read_filter


def to_rest(filter_: models.Filter) -> str:
    """The filter as the client sends it over REST, without the clauses that are empty."""
    text = filter_.model_dump_json(exclude_unset=True, exclude_none=True, by_alias=True)
    fields = json.loads(text, object_hook=lambda found: {key: value for key, value in found.items() if value != []})
    return json.dumps(fields, sort_keys=True)


def through_holdfast(filter_: Filter) -> Filter:
    """The filter that a service reads from what is sent to it."""
    return read_filter(msgspec.json.decode(msgspec.json.encode(to_json(filter_)), type=FilterBody))
