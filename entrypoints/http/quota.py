"""How many objects, lists and values a large body may hold: they take long to make, and memory."""

from __future__ import annotations

from starlette.exceptions import HTTPException

from entrypoints.http.requests import MAX_VALUES

MAX_LISTS = 200_000
"""The most lists in a large body."""


class Quota:
    """Counts by the signs that begin or divide them, wherever they stand: that takes a thousandth of reading them.

    `key` is the list whose elements have at most `MAX_VALUES` values each.
    """

    def __init__(self, key: str, most_objects: int) -> None:
        self._left = {b"{": most_objects, b"[": MAX_LISTS, b",": MAX_VALUES}
        self._told = {
            b"{": f"The body must hold at most {most_objects} JSON objects.",
            b"[": f"The body must hold at most {MAX_LISTS} JSON lists.",
            b",": f"An element of '{key}' must hold at most {MAX_VALUES} values.",
        }

    def take(self, piece: bytes) -> None:
        """Count what a piece holds. Raises `HTTPException` 413 where it is too much."""
        for sign in self._left:
            self._left[sign] -= piece.count(sign)
            if self._left[sign] < 0:
                raise HTTPException(413, self._told[sign])

    def give_back(self, piece: bytes) -> None:
        """The piece is still to be read, or read again."""
        for sign in self._left:
            self._left[sign] += piece.count(sign)

    def begin_element(self) -> None:
        """What comes now is of another element."""
        self._left[b","] = MAX_VALUES
