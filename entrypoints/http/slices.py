"""Reading a body that holds a long list, a slice at a time: nobody else waits for longer than a slice takes.

A decoder is not interrupted, and 32 MiB take it long. So the text is cut between two elements of the list, and
each piece is decoded as a list of its own. Where to cut is guessed. A piece that begins at an element and is a
whole list has been cut rightly, since a parser that reads on from its beginning is in the same state there.
Where no guess is right, a scanner that tells where an element ends finds the place.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Generic, NoReturn, TypeVar

import msgspec

from domain.errors import InvalidInput
from entrypoints.http.quota import Quota
from entrypoints.http.requests import BYTE, UNREADABLE, refuse
from entrypoints.http.scanning import Scan

B = TypeVar("B")
E = TypeVar("E")

SLICE = 32 * 1024
"""Bytes that are decoded in one go, in about half a millisecond."""

MOST_BEFORE = 128 * 1024
"""Bytes that may stand before the list."""

DEEPEST = 1000
"""Levels that no decoder follows."""

_BETWEEN = (
    re.compile(rb'\}\s{0,64},\s{0,64}(?=\{\s{0,64}"(?:id|vector|payload|filter|limit)"\s{0,64}:)'),
    re.compile(rb"\}\s{0,64},\s{0,64}(?=\{)"),
)

_COMMA = re.compile(rb"\s{0,4096},\s{0,4096}")


class Slices(Generic[B, E]):
    """The elements of the list at `key` of the body; none is larger than `largest` bytes.

    What stands before the list has at most `MOST_BEFORE` bytes. `body` is there when all has been read: the body
    with its other fields, and no more of the list than its end.

    `whole` decodes a body, `list_` a list of its elements; about `size` bytes are decoded at a time.
    Raises what `JsonBody.decode` does.
    """

    def __init__(
        self,
        body: bytes | bytearray,
        key: str,
        whole: msgspec.json.Decoder[B],
        list_: msgspec.json.Decoder[list[E]],
        largest: int,
        *,
        most_objects: int,
        size: int = SLICE,
    ) -> None:
        self._body = body
        self._key = key
        self._whole = whole
        self._list = list_
        self._largest = largest
        self._size = size
        self._read = 0
        self._quota = Quota(key, most_objects)
        self.body: B | None = None
        self._head = self._beginning()
        self._at = len(self._head)
        self._guesses: tuple[re.Pattern[bytes], ...] = _BETWEEN
        self._scan: Scan | None = None

    def next(self) -> tuple[list[E], int]:
        """The next elements, and how many bytes they had; maybe none, where it takes a further look."""
        begun = self._at
        if len(self._body) - begun <= self._size:
            elements = self._last()
        else:
            elements = self._guessed() if self._guesses else self._scanned()
        if elements:
            self._read += len(elements)
            self._quota.begin_element()
        return elements, self._at - begun

    def _guessed(self) -> list[E]:
        """Elements up to where the list seems to go on; none where that was wrong, or nothing is like it."""
        for at, between in enumerate(self._guesses):
            found = between.search(self._body, self._at + self._size - 1, self._at + 2 * self._size)
            if found is None:
                continue
            piece = self._cut(self._at, found.start() + 1)
            self._quota.take(piece)
            try:
                elements = self._list.decode(b"[%b]" % piece)
            except UNREADABLE as error:
                if _is_final(error, len(piece) + 2):
                    self._refuse(error, self._at - 1)
                self._quota.give_back(piece)
                # Where one guess is wrong more will be, and each costs as much as a slice.
                self._guesses = self._guesses[at + 1 :]
                return []
            self._at = found.end()
            return elements
        self._guesses = ()
        return []

    def _scanned(self) -> list[E]:
        """Elements up to a slice; none where the end of not even one has been found yet."""
        scan = self._scan = self._scan or Scan(self._body, self._at, self._size)
        self._look(scan)
        comma = _COMMA.match(self._body, scan.end) if scan.end > self._at else None
        if scan.over or (scan.end > self._at and comma is None):
            self._quota.give_back(self._cut(self._at, scan.looked))
            return self._last()
        if scan.looked - self._at < self._size:
            return []
        if comma is None:
            if scan.looked - self._at > self._largest:
                self._refuse_element()
            return []
        self._scan = None
        self._quota.give_back(self._cut(scan.end, scan.looked))
        try:
            elements = self._list.decode(b"[%b]" % self._cut(self._at, scan.end))
        except UNREADABLE as error:
            self._refuse(error, self._at - 1)
        self._at = comma.end()
        return elements

    def _look(self, scan: Scan) -> None:
        begun = scan.looked
        scan.go_on()
        self._quota.take(self._cut(begun, scan.looked))
        if scan.depth > DEEPEST:
            refuse(RecursionError())

    def _last(self) -> list[E]:
        if len(self._body) - self._at > self._size + self._largest:
            self._refuse_element()
        rest = self._cut(self._at, len(self._body))
        self._quota.take(rest)
        try:
            self.body = self._whole.decode(self._head + rest)
        except UNREADABLE as error:
            self._refuse(error, self._at - len(self._head))
        self._at = len(self._body)
        elements: list[E] = getattr(self.body, self._key)
        return elements

    def _cut(self, begin: int, end: int) -> bytes:
        return bytes(memoryview(self._body)[begin:end])

    def _beginning(self) -> bytes:
        """What stands before the first element: it is a body, if the list ends there."""
        start = self._cut(0, MOST_BEFORE)
        for begin in re.finditer(rb'"%b"\s{0,64}:\s{0,64}\[\s{0,64}' % self._key.encode(), start):
            head = start[: begin.end()]
            with suppress(*UNREADABLE):
                self._whole.decode(head + b"]}")
                self._quota.take(head)
                self._quota.begin_element()
                return head
        try:
            self._whole.decode(start)
        except UNREADABLE as error:
            if len(self._body) == len(start) or _is_final(error, len(start)):
                refuse(error)
        raise InvalidInput("", f"an object with the list '{self._key}' within its first {MOST_BEFORE} bytes")

    def _refuse_element(self) -> NoReturn:
        window = self._cut(self._at, self._at + self._largest)
        try:
            self._list.decode(b"[" + window)
        except UNREADABLE as error:
            if _is_final(error, len(window) + 1):
                self._refuse(error, self._at - 1)
        raise InvalidInput(f"{self._key}[{self._read}]", f"at most {self._largest} bytes")

    def _refuse(self, error: Exception, offset: int) -> NoReturn:
        """Raise what the error means, with its places counted from the beginning of the body."""
        refuse(error, offset, self._key, self._read)


def _is_final(error: Exception, size: int) -> bool:
    """Whether a text of this size is wrong, instead of only cut at the wrong place: then it is wrong at its end."""
    if type(error) is not msgspec.DecodeError:
        return True
    found = BYTE.search(str(error))
    return "truncated" not in str(error) and found is not None and int(found[1]) < size - 1
