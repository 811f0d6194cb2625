"""Points in time as Qdrant reads them from stored text: RFC 3339, and much that is near to it."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import TypeAlias

Instant: TypeAlias = "tuple[int, int]"
"""Seconds since 1970 in UTC, and microseconds on top: a whole second or more of them in a leap second."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.toordinal()

_DAYS_IN_400_YEARS = 146_097
_DAYS = range(-96_465_292, 95_026_237)
"""The days since 1970 of the years -262143 to 262142, the only ones that Qdrant knows."""

# Space may come before any number. The class is Unicode's, which is narrower than `\s` of Python.
_SPACE_CLASS = r"\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_SPACE = rf"[{_SPACE_CLASS}]*+"
_YEAR = rf"{_SPACE}(?P<year>[+-][0-9]{{1,1000}}+|[0-9]{{1,4}}+)"
_FRACTION = r"(?:\.(?P<fraction>[0-9]++))?+"
_OFFSET = rf"(?P<sign>[+\-\u2212])(?P<hours>[0-9]{{2}})[:{_SPACE_CLASS}]*+"
_MINUTES = r"(?P<minutes>[0-5][0-9])"


def _number(name: str) -> str:
    return rf"{_SPACE}(?P<{name}>[0-9]{{1,2}}+)"


_WHOLE = (
    # Date, time and time zone, all of it. Space is free almost everywhere.
    rf"{_YEAR}{_SPACE}-{_number('month')}{_SPACE}-{_number('day')}[Tt ]"
    rf"{_number('hour')}{_SPACE}:{_number('minute')}{_SPACE}:{_number('second')}{_FRACTION}{_SPACE}"
    rf"(?:[Uu][Tt][Cc]|[Zz]|{_OFFSET}{_MINUTES}){_SPACE}"
)
_PARTIAL = (
    # The time zone, its minutes, the seconds, or the time may be missing.
    rf"{_YEAR}-{_number('month')}-{_number('day')}(?:T?{_number('hour')}:{_number('minute')}"
    rf"(?::{_number('second')}{_FRACTION}(?:{_SPACE}(?:[Zz]|{_OFFSET}{_MINUTES}?))?)?)?"
)
_PATTERNS = (re.compile(_WHOLE), re.compile(_PARTIAL))


def instant_of(moment: datetime) -> Instant:
    """The instant of a time that carries a time zone."""
    passed = moment - _EPOCH
    return passed.days * 86_400 + passed.seconds, passed.microseconds


def parse_instant(text: str) -> Instant | None:
    """The instant that `text` names, or None where Qdrant takes it for no time. No time zone means UTC."""
    for pattern in _PATTERNS:
        found = pattern.fullmatch(text)
        if found is not None:
            return _instant(found)
    return None


def _instant(found: re.Match[str]) -> Instant | None:
    day = _day(int(found["year"]), int(found["month"]), int(found["day"]))
    hour, minute, second = (int(found[name] or 0) for name in ("hour", "minute", "second"))
    offset = int(found["hours"] or 0) * 3600 + int(found["minutes"] or 0) * 60
    if day is None or day not in _DAYS or hour > 23 or minute > 59 or second > 60 or offset >= 86_400:
        return None
    seconds = day * 86_400 + hour * 3600 + minute * 60 + min(second, 59)
    seconds += -offset if found["sign"] in (None, "+") else offset
    if seconds // 86_400 not in _DAYS:
        return None
    return seconds, int((found["fraction"] or "0")[:6].ljust(6, "0")) + second // 60 * 10**6


def _day(year: int, month: int, day: int) -> int | None:
    """Days since 1970, in years far outside those of `date` too. None where the calendar has no such day."""
    cycles, place = divmod(year - 2000, 400)
    try:
        return date(2000 + place, month, day).toordinal() - _EPOCH_DAY + cycles * _DAYS_IN_400_YEARS
    except ValueError:
        return None
