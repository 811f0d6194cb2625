"""Keys as they are kept: what each gives, until when, and the hash by which it is known again."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime

from domain.access import Grant, Right
from domain.errors import InvalidInput
from domain.paths import parse_path

LONGEST_NAME = 40
"""Shorter than any key and any hash, so that neither can stand in the place of a name, and so in a log."""

LONGEST_VALUE = 255

_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_.-]{{0,{LONGEST_NAME - 1}}}")
_PATTERN = re.compile(r"[A-Za-z0-9_.*-]{1,255}")
_HASH = re.compile(r"[0-9a-f]{64}")
_RFC3339 = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2}(\.\d{1,6})?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Key:
    """A key: what its bearer may do, under which name; its hash in 64 digits, and when it ends, in UTC.

    Raises `InvalidInput` at the field that is wrong. No error quotes a value.
    """

    grant: Grant
    hash: str = field(repr=False)
    expires: datetime | None = None

    def __post_init__(self) -> None:
        grant = self.grant
        if _NAME.fullmatch(grant.name) is None:
            raise InvalidInput(
                "name", f"1 to {LONGEST_NAME} letters, digits, '_', '.', '-' that begin with a letter or digit"
            )
        if _HASH.fullmatch(self.hash) is None:
            raise InvalidInput("hash", "the SHA-256 of a key in 64 digits of 0-9 and a-f")
        if not grant.rights:
            raise InvalidInput("rights", f"at least one of {', '.join(Right)}")
        if not grant.collections:
            raise InvalidInput("collections", "at least one pattern, '*' for all collections")
        for index, pattern in enumerate(grant.collections):
            if _PATTERN.fullmatch(pattern) is None:
                raise InvalidInput(
                    f"collections[{index}]", "the name of a collection, in which '*' stands for any characters"
                )
        _check_tenant(grant)

    def good_at(self, moment: datetime) -> bool:
        """Whether the key has not ended."""
        return self.expires is None or moment < self.expires


def _check_tenant(grant: Grant) -> None:
    tenant = grant.tenant
    if tenant is None:
        return
    if Right.ADMIN in grant.rights:
        raise InvalidInput(
            "rights", "no 'admin' beside a tenant, since collections, indexes and the cache belong to all tenants"
        )
    if not _is_plain(tenant.field):
        raise InvalidInput(
            "tenant.field", "one key of the payload in letters, digits, '_' and '-', and no path with '.' or '['"
        )
    if not 0 < len(tenant.value) <= LONGEST_VALUE or not tenant.value.isprintable():
        raise InvalidInput("tenant.value", f"1 to {LONGEST_VALUE} printable characters")


def _is_plain(name: str) -> bool:
    try:
        return parse_path(name) == (name,)
    except InvalidInput:
        return False


def parse_expiry(text: object) -> datetime:
    """The moment that RFC 3339 text says, in UTC. Raises `InvalidInput`: a time needs its zone."""
    if isinstance(text, str) and _RFC3339.fullmatch(text):
        try:
            return datetime.fromisoformat(text.upper()).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise InvalidInput("", "a time in RFC 3339 with its zone, such as 2027-01-31T12:00:00Z")
