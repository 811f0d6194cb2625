"""Reading a body that holds a long list, a slice at a time: nobody else waits for longer than a slice takes.

A decoder is not interrupted, and 32 MiB take it long. So the text is cut between two elements of the list, and
each piece is decoded as a list of its own. Where to cut is guessed. A piece that begins at an element and is a
whole list has been cut rightly, since a parser that reads on from its beginning is in the same state there.
Where no guess is right, a scanner that tells where an element ends finds the place.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from typing import Generic, NoReturn, TypeVar

import msgspec
from starlette.exceptions import HTTPException

from domain.errors import InvalidInput
from entrypoints.http.requests import BYTE, UNREADABLE, refuse

B = TypeVar("B")
E = TypeVar("E")

SLICE = 64 * 1024
"""Bytes that are decoded in one go, in about half a millisecond."""

MOST_BEFORE = 128 * 1024
"""Bytes that may stand before the list."""

MAX_LISTS = 200_000
"""The most lists in a large body."""

_BETWEEN = (
    re.compile(rb'\}\s{0,64},\s{0,64}(?=\{\s{0,64}"(?:id|vector|payload|filter|limit)"\s{0,64}:)'),
    re.compile(rb"\}\s{0,64},\s{0,64}(?=\{)"),
)

_NAMES = {b"{": "objects", b"[": "lists"}

_COMMA = re.compile(rb"\s{0,4096},\s{0,4096}")

_scan = json.JSONDecoder(strict=False).scan_once  # type: ignore[attr-defined]


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
        self._window = min(4 * size, largest)
        self._read = 0
        self._most = {b"{": most_objects, b"[": MAX_LISTS}
        self._left = dict(self._most)
        self.body: B | None = None
        self._head = self._beginning()
        self._at = len(self._head)

    def next(self) -> tuple[list[E], int]:
        """The next elements, and how many bytes they had; maybe none, where it takes a further look."""
        begun = self._at
        short = len(self._body) - begun <= self._size
        elements = self._last() if short else self._guessed() or self._scanned()
        self._read += len(elements)
        return elements, self._at - begun

    def _guessed(self) -> list[E]:
        for between in _BETWEEN:
            found = between.search(self._body, self._at + self._size - 1, self._at + 2 * self._size)
            if found is not None:
                piece = self._cut(self._at, found.start() + 1)
                self._count(piece)
                try:
                    elements = self._list.decode(b"[%b]" % piece)
                except UNREADABLE as error:
                    if _is_final(error, len(piece) + 2):
                        self._refuse(error, self._at - 1)
                    self._uncount(piece)
                else:
                    self._at = found.end()
                    return elements
        return []

    def _scanned(self) -> list[E]:
        """Elements up to a slice; none where not even one ends in the window, which is larger the next time."""
        window = self._cut(self._at, self._at + self._window)
        self._count(window)
        self._uncount(window)
        # JSON's own signs are ASCII, and so stand at the same places in any text that keeps bytes apart.
        text, end = window.decode("latin-1"), 0
        while end < self._size:
            try:
                _, stop = _scan(text, end)
            except (StopIteration, ValueError, RecursionError):
                break
            comma = _COMMA.match(window, stop)
            if comma is None:
                break
            end = comma.end()
        if not end:
            if len(window) < self._window:
                return self._last()
            if self._window == self._largest:
                self._refuse_element(window)
            self._window = min(4 * self._window, self._largest)
            return []
        self._window = min(4 * self._size, self._largest)
        piece = window[:end].rstrip().removesuffix(b",")
        self._count(piece)
        elements = self._decoded(b"[%b]" % piece, self._at - 1)
        self._at += end
        return elements

    def _decoded(self, piece: bytes, offset: int) -> list[E]:
        try:
            return self._list.decode(piece)
        except UNREADABLE as error:
            self._refuse(error, offset)

    def _last(self) -> list[E]:
        rest = self._cut(self._at, len(self._body))
        self._count(rest)
        try:
            self.body = self._whole.decode(self._head + rest)
        except UNREADABLE as error:
            self._refuse(error, self._at - len(self._head))
        self._at = len(self._body)
        elements: list[E] = getattr(self.body, self._key)
        return elements

    def _cut(self, begin: int, end: int) -> bytes:
        return bytes(memoryview(self._body)[begin:end])

    def _count(self, piece: bytes) -> None:
        """Objects and lists take long to make, and memory. Raises `HTTPException` 413 for too many."""
        for sign in self._left:
            self._left[sign] -= piece.count(sign)
            if self._left[sign] < 0:
                raise HTTPException(413, f"The body must hold at most {self._most[sign]} JSON {_NAMES[sign]}.")

    def _uncount(self, piece: bytes) -> None:
        for sign in self._left:
            self._left[sign] += piece.count(sign)

    def _beginning(self) -> bytes:
        """What stands before the first element: it is a body, if the list ends there."""
        start = self._cut(0, MOST_BEFORE)
        for begin in re.finditer(rb'"%b"\s{0,64}:\s{0,64}\[\s{0,64}' % self._key.encode(), start):
            head = start[: begin.end()]
            with suppress(*UNREADABLE):
                self._whole.decode(head + b"]}")
                self._count(head)
                return head
        try:
            self._whole.decode(start)
        except UNREADABLE as error:
            if len(self._body) == len(start) or _is_final(error, len(start)):
                refuse(error)
        raise InvalidInput("", f"an object with the list '{self._key}' within its first {MOST_BEFORE} bytes")

    def _refuse_element(self, window: bytes) -> NoReturn:
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
