"""What Schemathesis is told of Holdfast that no schema can say. Loaded by it, in its own process."""

from __future__ import annotations

import os
import string
from datetime import UTC
from typing import Any

import schemathesis
from hypothesis import strategies as st
from schemathesis import Case, HookContext, Response

from tests.e2e.schemathesis_fit import COLLECTIONS, fitted, is_name

SIZES = dict(COLLECTIONS)
"""How many numbers the vectors of each collection have; those that are made meanwhile are added."""

ANY_NAME = {"createCollection", "deleteCollection"}
"""Operations that are about other collections than these."""

keys = st.text(string.ascii_letters + string.digits + "_-\u00e9", min_size=1, max_size=8)
quoted = st.text(string.ascii_letters + " .[]\u00e4", max_size=6).map('"{}"'.format)
elements = st.sampled_from(["", "", "[]"])
indexes = st.integers(0, 99).map("[{}]".format)
times = st.datetimes(timezones=st.just(UTC)).map(lambda time: time.isoformat())


def paths(brackets: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Paths into a payload, with these after a key."""
    return st.lists(st.tuples(keys | quoted, brackets).map("".join), min_size=1, max_size=3).map(".".join)


schemathesis.openapi.format("payload-path", paths(elements | indexes))
schemathesis.openapi.format("payload-selection", paths(elements))
schemathesis.openapi.format("page-token", st.integers(0, 2**64 - 1).map(str) | st.uuids().map(str))
schemathesis.openapi.format("date-time", times)


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:
    """Lead the request to a collection that there is, and fit its body to that."""
    name = case.path_parameters.get("collection")
    if isinstance(name, str) and is_name(name):
        stateful = case.meta is not None and case.meta.phase.name == "stateful"
        if name_of(case) == "deleteCollection" and name in COLLECTIONS:
            name = "another"
        elif name_of(case) not in ANY_NAME and not stateful:
            name = list(COLLECTIONS)[sum(map(ord, name)) % len(COLLECTIONS)]
        case.path_parameters["collection"] = name
    if isinstance(case.body, dict):
        case.body = fitted(case.body, SIZES.get(str(name)))


@schemathesis.hook
def after_call(context: HookContext, case: Case[Any], response: Response) -> None:
    """Remember the sizes of collections that are made."""
    if name_of(case) == "createCollection" and response.status_code in (200, 201):
        made = response.json()
        SIZES[made["name"]] = made["size"]


def name_of(case: Case[Any]) -> str:
    """The operation's id in the document."""
    return str(case.operation.definition.raw["operationId"])


@schemathesis.hook
def before_load_schema(context: HookContext, raw_schema: dict[str, Any]) -> None:
    """Let filters be short where every combination is tried: of all their levels there are far too many."""
    if os.environ.get("SHORT_FILTERS"):
        schemas = raw_schema["components"]["schemas"]
        shorten(schemas)
        for name in ("SearchRequest", "SelectionRequest", "SetPayloadRequest", "QuantizationOptions"):
            schemas[name] = spread(schemas[name])


def spread(schema: dict[str, Any]) -> dict[str, Any]:
    """The same with all fields in each of its forms: those that stand beside `oneOf` are not tried at their bounds."""
    common = {key: value for key, value in schema.items() if key != "oneOf"}
    return {
        "oneOf": [
            {
                **common,
                "properties": {**common["properties"], **form["properties"]},
                "required": sorted({*common.get("required", ()), *form.get("required", ())}),
            }
            for form in schema["oneOf"]
        ]
    }


def shorten(schemas: dict[str, Any]) -> None:
    """Counting has all kinds of conditions in `must`, and one in the other clauses; the rest has `must` with one."""
    null = {"type": "null"}
    one = {"type": "array", "items": {"$ref": "#/components/schemas/IsNull"}}
    or_none = {"anyOf": [one, null]}
    short = {"type": "object", "properties": {"must": or_none}, "additionalProperties": False}
    schemas["ShortFilter"] = short
    schemas["SelectiveFilter"] = {**short, "required": ["must"], "properties": {"must": {**one, "minItems": 1}}}
    schemas["Condition"]["oneOf"] = [kind for kind in schemas["Condition"]["oneOf"] if "Selective" not in kind["$ref"]]
    schemas["MinShould"]["properties"]["conditions"] |= {"items": one["items"]}
    for clause in ("should", "must_not"):
        schemas["Filter"]["properties"][clause] = or_none
    for name in ("ScrollRequest", "SearchRequest"):
        schemas[name]["properties"]["filter"] = {"anyOf": [{"$ref": "#/components/schemas/ShortFilter"}, null]}
