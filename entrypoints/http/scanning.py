"""Where the elements of a list end in a text of JSON: found without reading them, a bounded piece of work at a time."""

from __future__ import annotations

import re

BRACKETS = 512
"""How many are looked at in one go, in half a millisecond, as are 32 KiB without any."""

_PLAIN = rb'[^{}\[\]"]*+'
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_LEAF = rb"[{\[]%b(?:%b%b)*+[}\]]" % (_PLAIN, _STRING, _PLAIN)
"""A list or an object with no other in it."""

_BRACKET = rb'([{}\[\]"]?)'
"""A bracket, the quote of a string that does not end here, or nothing at the end."""

_NEXT = re.compile(rb"%b(?:%b%b)*+%b" % (_PLAIN, _STRING, _PLAIN, _BRACKET), re.DOTALL)
_NEXT_INSIDE = re.compile(rb"%b(?:(?:%b|%b)%b)*+%b" % (_PLAIN, _STRING, _LEAF, _PLAIN, _BRACKET), re.DOTALL)
"""The next bracket; within an element leaves are passed over."""

_REST = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+("?)', re.DOTALL)
"""What is left of a string, with its quote where that has come."""

_OPENING, _CLOSING = frozenset((b"[", b"{")), frozenset((b"]", b"}"))


class Scan:
    """Looks for the ends of elements from `begin` on, which is the beginning of one, `window` bytes at a time.

    `end` is where the last whole element ends that was found, or `begin`; `over` says that there is no more to be
    found: the list has ended, or the text. `depth` is how deep in an element it has come. What is no JSON is passed
    over: it is found when elements are decoded.
    """

    def __init__(self, text: bytes | bytearray, begin: int, window: int) -> None:
        self._text = text
        # Two bytes hold any escape that is needed to go on.
        self._window = max(window, 2)
        self.depth = 0
        self._in_string = False
        self.looked = self.end = begin
        self.over = False

    def go_on(self) -> None:
        """Look at what comes next."""
        stop = self.looked + self._window
        if self._in_string:
            self._leave_string(stop)
        else:
            self._look(stop)
        self.over = self.over or self.looked >= len(self._text)

    def _look(self, stop: int) -> None:
        for _ in range(BRACKETS):
            found = (_NEXT_INSIDE if self.depth else _NEXT).match(self._text, self.looked, stop)
            # Both match anywhere, if nothing.
            bracket, self.looked = (found[1], found.end()) if found else (b"", stop)
            if bracket in _OPENING:
                self.depth += 1
            elif bracket in _CLOSING:
                self.depth -= 1
                if not self.depth:
                    self.end = self.looked
                elif self.depth < 0:
                    self.over = True
                    return
            else:
                # A string may go on behind the window.
                self._in_string = bracket == b'"'
                return

    def _leave_string(self, stop: int) -> None:
        rest = _REST.match(self._text, self.looked, stop)
        if rest is None or rest.end() == self.looked:
            # A backslash is the last of the text.
            self.looked = len(self._text)
        else:
            self.looked, self._in_string = rest.end(), not rest[1]
