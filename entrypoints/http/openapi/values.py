"""The values that many bodies and answers hold, as JSON Schema."""

from __future__ import annotations

from typing import Any, TypeAlias

from domain.models.point import MAX_ID
from domain.models.vector import MAX_SIZE
from domain.paths import MAX_LENGTH

Schema: TypeAlias = dict[str, Any]

OUT_OF_FLOAT32 = 3.4028235677973366e38
"""The least number that float32 rounds to infinity."""

COLLECTION_NAME = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$"


def ref(name: str, kind: str = "schemas") -> Schema:
    """A reference to a component."""
    return {"$ref": f"#/components/{kind}/{name}"}


def object_of(description: str, properties: Schema, optional: tuple[str, ...] = ()) -> Schema:
    """An object of an answer: these properties, of which those are not always there. More may be added later."""
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": [name for name in properties if name not in optional],
    }


def list_of(items: Schema, **more: Any) -> Schema:
    """A list."""
    return {"type": "array", "items": items, **more}


FLOAT32: Schema = {
    "type": "number",
    "format": "float",
    "exclusiveMinimum": -OUT_OF_FLOAT32,
    "exclusiveMaximum": OUT_OF_FLOAT32,
}

VALUES: dict[str, Schema] = {
    "CollectionName": {
        "type": "string",
        "description": "1 to 255 letters, digits, `_`, `.` and `-`, of which the first is a letter or digit.",
        "pattern": COLLECTION_NAME,
    },
    "PointId": {
        "description": "An unsigned 64-bit integer, or a UUID. In every order integers come first.",
        "oneOf": [
            {"type": "integer", "format": "uint64", "minimum": 0, "maximum": MAX_ID},
            {"type": "string", "format": "uuid"},
        ],
    },
    "PayloadPath": {
        "type": "string",
        "format": "payload-path",
        "description": "A path into a payload: `author.name`, `items[].price` (each element), `tags[0]`,"
        ' `"a key with spaces".x`. A key is letters, digits, `_` and `-`, or anything printable but a backslash between'
        " double quotes.",
        "minLength": 1,
        "maxLength": MAX_LENGTH,
    },
    "SelectionPath": {
        "type": "string",
        "format": "payload-selection",
        "description": "A path into a payload that goes into lists by `[]` alone.",
        "minLength": 1,
        "maxLength": MAX_LENGTH,
    },
    "Payload": {
        "type": "object",
        "description": "A JSON object of at most 32 levels, whose integers fit 64 bits, signed.",
        "additionalProperties": True,
    },
    "VectorNumbers": list_of(
        dict(FLOAT32),
        description="As many numbers as the collection's size says, each kept as float32.",
        minItems=1,
        maxItems=MAX_SIZE,
    ),
    "VectorBase64": {
        "type": "string",
        "description": "Base64 of the same numbers as little-endian float32.",
        "contentEncoding": "base64",
        "contentMediaType": "application/octet-stream",
        "pattern": "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
        "minLength": 8,
    },
    "Vector": {
        "description": "Numbers, or base64 of little-endian float32 (smaller, and quicker to read): finite, and of the"
        " collection's size. Under cosine not zero; under the other distances of a norm of at most 1e18.",
        "oneOf": [ref("VectorNumbers"), ref("VectorBase64")],
    },
}
