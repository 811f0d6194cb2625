"""Keys in JSON: a list with an object for each, strictly read. No error quotes what stands there."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC
from typing import Any

import msgspec

from domain.access import Grant, Right, Tenant
from domain.errors import InvalidInput, at
from domain.keys import Key, parse_expiry

FIELDS = ("name", "hash", "rights", "collections", "expires", "tenant")
NEEDED = ("name", "hash", "rights")


def parse_keys(text: str | bytes) -> tuple[Key, ...]:
    """The keys of a JSON list. Raises `InvalidInput` with the place, `[2].rights`."""
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        reason = str(error).removeprefix("JSON is malformed: ") if isinstance(error, msgspec.DecodeError) else ""
        raise InvalidInput("", f"JSON, a list of keys{reason and f' ({reason})'}") from None
    if not isinstance(found, list):
        raise InvalidInput("", "a JSON list of keys")
    keys: list[Key] = []
    for index, entry in enumerate(found):
        with at(f"[{index}]"):
            keys.append(_key(entry))
    check_apart(keys)
    return tuple(keys)


def check_apart(keys: Iterable[Key], begin: int = 0) -> None:
    """Raise `InvalidInput` where two have one name or one hash. The place counts from `-begin`, which is of others."""
    names, hashes = set[str](), set[str]()
    for index, key in enumerate(keys, -begin):
        if key.grant.name in names:
            raise InvalidInput(f"[{index}].name", "a name that no other key has")
        if key.hash in hashes:
            raise InvalidInput(f"[{index}].hash", "a hash that no other key has")
        names.add(key.grant.name)
        hashes.add(key.hash)


def written(key: Key) -> str:
    """The key in JSON, on one line."""
    grant = key.grant
    entry: dict[str, Any] = {
        "name": grant.name,
        "hash": key.hash,
        "rights": [right for right in Right if right in grant.rights],
        "collections": grant.collections,
    }
    if key.expires is not None:
        entry["expires"] = key.expires.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if grant.tenant is not None:
        entry["tenant"] = {"field": grant.tenant.field, "value": grant.tenant.value}
    return msgspec.json.format(msgspec.json.encode(entry), indent=0).decode()


def written_list(keys: Iterable[Key]) -> bytes:
    """All keys as a file has them, one on a line."""
    lines = ",\n".join(f"  {written(key)}" for key in keys)
    return f"[\n{lines}\n]\n".encode() if lines else b"[]\n"


def _key(entry: object) -> Key:
    fields = _object(entry, FIELDS, NEEDED)
    expires, tenant = fields.get("expires"), fields.get("tenant")
    with at("expires"):
        until = None if expires is None else parse_expiry(expires)
    grant = Grant(
        _text("name", fields["name"]),
        _rights(fields["rights"]),
        tuple(_texts("collections", fields.get("collections", ["*"]))),
        None if tenant is None else _tenant(tenant),
    )
    return Key(grant, _text("hash", fields["hash"]), until)


def _tenant(entry: object) -> Tenant:
    with at("tenant"):
        fields = _object(entry, ("field", "value"), ("field", "value"))
        return Tenant(_text("field", fields["field"]), _text("value", fields["value"]))


def _rights(value: object) -> frozenset[Right]:
    names = _texts("rights", value)
    for index, name in enumerate(names):
        if name not in set(Right):
            raise InvalidInput(f"rights[{index}]", f"one of {', '.join(Right)}")
    return frozenset(map(Right, names))


def _object(value: object, known: tuple[str, ...], needed: tuple[str, ...]) -> dict[str, object]:
    if not isinstance(value, dict):
        raise InvalidInput("", f"an object with {', '.join(known)}")
    if not value.keys() <= set(known):
        raise InvalidInput("", f"no field but {', '.join(known)}")
    for name in needed:
        if name not in value:
            raise InvalidInput("", f"a field '{name}'")
    return value


def _text(place: str, value: object) -> str:
    if not isinstance(value, str):
        raise InvalidInput(place, "a string")
    return value


def _texts(place: str, value: object) -> list[str]:
    if not isinstance(value, list):
        raise InvalidInput(place, "a list of strings")
    return [_text(f"{place}[{index}]", item) for index, item in enumerate(value)]
