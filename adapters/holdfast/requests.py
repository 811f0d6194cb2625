"""Requests that are as large as the service takes, and no larger."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MOST_BYTES = 16 * 1024 * 1024
"""How large a body becomes: half of what a service takes by default (`SOCIAL_HTTP__MAX_BODY_BYTES`)."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Items that go out together, each in JSON; `start` is the place of the first among all."""

    start: int
    items: tuple[bytes, ...]

    def body(self, name: str, more: bytes = b"") -> bytes:
        """The body of the request: the items in the field of this name, before those of the JSON object `more`."""
        # In this order the service reads even a large body a slice at a time.
        return b'{"%s":[%s]%s' % (name.encode(), b",".join(self.items), b"," + more[1:] if more else b"}")


def batches(items: Iterable[bytes], *, most: int, most_objects: int, most_bytes: int = MOST_BYTES) -> Iterator[Batch]:
    """The items in order, in batches of at most so many items, JSON objects and bytes, or of one item."""
    group: list[bytes] = []
    start, objects, size = 0, 1, 0
    for item in items:
        braces = item.count(b"{")
        if group and (len(group) == most or objects + braces > most_objects or size + len(item) > most_bytes):
            yield Batch(start, tuple(group))
            start += len(group)
            group, objects, size = [], 1, 0
        group.append(item)
        objects += braces
        size += len(item) + 1
    if group:
        yield Batch(start, tuple(group))
