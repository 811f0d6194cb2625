"""Who may do what: the rights of a caller, the collections they are about, and whose points they are.

Whoever embeds the domain decides by himself whom he lets in. A way in that knows its callers finds the
`Grant` of each, asks it before anything is done, and hands its `tenant` down to the use case.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase

from domain.errors import Forbidden, InvalidInput, at
from domain.models.payload import check_text
from domain.paths import parse_path

_PLAIN = re.compile(r"[\w-]+")


class Right(StrEnum):
    """What a caller may do. None of them includes another."""

    READ = "read"
    """Search, scroll, count, retrieve and describe."""
    WRITE = "write"
    """Upsert and delete points, and set their payload."""
    ADMIN = "admin"
    """Make and delete collections and indexes, and purge the cache."""


@dataclass(frozen=True, slots=True)
class Tenant:
    """Whose points a caller sees: those whose payload has `value` at its top-level key `field`.

    Raises `InvalidInput` for a field that no path can name, and for a value that is no text.
    """

    field: str
    value: str

    def __post_init__(self) -> None:
        try:
            parse_path(self.path)
        except InvalidInput:
            raise InvalidInput("field", "one key of the payload, and one that a path can name") from None
        with at("value"):
            if not isinstance(self.value, str):
                raise InvalidInput("", "a string")
            check_text(self.value)

    @property
    def path(self) -> str:
        """The field as a path, which no dot and no bracket in it leads elsewhere."""
        return self.field if _PLAIN.fullmatch(self.field) else f'"{self.field}"'


@dataclass(frozen=True, slots=True)
class Grant:
    """What the caller of this `name` may do, with the collections whose names match a pattern.

    A pattern is a name in which `*` stands for any characters. With a `tenant`, every read is of his
    points alone, and every write writes his points alone.
    """

    name: str
    rights: frozenset[Right]
    collections: tuple[str, ...] = ("*",)
    tenant: Tenant | None = None

    def require(self, right: Right, collection: str) -> Tenant | None:
        """The tenant whose points this is about. Raises `Forbidden` without the right or the collection."""
        if right not in self.rights or not self.covers(collection):
            raise Forbidden(right, collection)
        return self.tenant

    def covers(self, collection: str) -> bool:
        """Whether a pattern matches the name."""
        return any(fnmatchcase(collection, pattern) for pattern in self.collections)


EVERYTHING = Grant("", frozenset(Right))
"""Of a caller whom nothing is kept from."""
