"""How many objects, lists and values a large body may hold: they take long to make, and memory."""

from __future__ import annotations

from starlette.exceptions import HTTPException

from entrypoints.http.requests import MAX_VALUES

MAX_LISTS = 200_000
"""The most lists in a large body."""

_NAMES = {b"{": "objects", b"[": "lists"}


class Quota:
    """Counts by the signs that begin or divide them, wherever they stand: that takes a thousandth of reading them."""

    def __init__(self, key: str, most_objects: int) -> None:
        self._key = key
        self._most = {b"{": most_objects, b"[": MAX_LISTS}
        self._left = dict(self._most)

    def take(self, piece: bytes) -> None:
        """Count what a piece holds. Raises `HTTPException` 413 where it is too much."""
        for sign in self._left:
            self._left[sign] -= piece.count(sign)
            if self._left[sign] < 0:
                raise HTTPException(413, f"The body must hold at most {self._most[sign]} JSON {_NAMES[sign]}.")

    def give_back(self, piece: bytes) -> None:
        """The piece is still to be read, or read again."""
        for sign in self._left:
            self._left[sign] += piece.count(sign)

    def check_values(self, values: int) -> None:
        """Raise `HTTPException` 413 for too many in one element of the list."""
        if values > MAX_VALUES:
            raise HTTPException(413, f"An element of '{self._key}' must hold at most {MAX_VALUES} values.")
