"""Rings of keys: one that needs none, and one that knows hashes."""

from __future__ import annotations

import hmac
import math
import secrets
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import structlog

from adapters.keys.entries import check_apart, parse_keys
from adapters.keys.file import WatchedFile
from adapters.keys.secret import LENGTH, SIGN, digest_of
from domain.access import EVERYTHING, Grant
from domain.errors import InvalidInput
from domain.keys import Key
from domain.ports import KeyRing

log: structlog.stdlib.BoundLogger = structlog.get_logger("holdfast.keys")

LOOK_EVERY = 1.0
"""Seconds between two looks at the file, at the least."""


class OpenKeyRing(KeyRing):
    """Whoever asks may do everything, and no key is looked at."""

    @property
    def anonymous(self) -> Grant:
        """Everything."""
        return EVERYTHING

    def find(self, secret: str) -> None:
        """None: no key is known."""


@dataclass(frozen=True, slots=True)
class _Known:
    digest: bytes
    grant: Grant
    until: float


_NOBODY = _Known(secrets.token_bytes(32), Grant("", frozenset(), ()), math.inf)
"""What an unknown key is compared with, so that it takes as long as a known one. No key has this hash."""


class HashedKeyRing(KeyRing):
    """The keys `given`, and those of a file, whose last good state stays in force while it cannot be used.

    Raises `InvalidInput` or `OSError` where the file cannot be used from the start. `now` gives seconds since
    1970, `clock` those by which to look at the file.
    """

    def __init__(
        self,
        given: Iterable[Key] = (),
        file: WatchedFile | None = None,
        *,
        now: Callable[[], float] = time.time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._given = tuple(given)
        self._file = file
        self._now = now
        self._clock = clock
        self._known: dict[bytes, _Known] = _by_digest(self._given)
        self._problem: str | None = None
        self._due = math.inf
        if file is not None:
            self._read(file)
            self._due = clock() + LOOK_EVERY

    @property
    def anonymous(self) -> None:
        """None: a key is needed, also while there is none."""
        return

    def find(self, secret: str) -> Grant | None:
        if self._file is not None and self._clock() >= self._due:
            self._look(self._file)
        if len(secret) != LENGTH or not secret.startswith(SIGN) or not secret.isascii():
            return None
        digest = digest_of(secret)
        # Which place in the table is looked at, and that it holds another, tells nothing of a hash: both
        # hang on a secret of the process by which Python hashes bytes.
        known = self._known.get(digest, _NOBODY)
        good = hmac.compare_digest(known.digest, digest) & (self._now() < known.until)
        return known.grant if good else None

    def _read(self, file: WatchedFile) -> bool:
        """Take over what the file holds; whether that is something new."""
        data = file.changed()
        if data is None:
            return False
        keys = (*self._given, *parse_keys(data))
        check_apart(keys, begin=len(self._given))
        self._known = _by_digest(keys)
        return True

    def _look(self, file: WatchedFile) -> None:
        self._due = self._clock() + LOOK_EVERY
        try:
            if self._read(file):
                log.info("keys_read", file=str(file.path), keys=len(self._known) - len(self._given))
                self._problem = None
        except (InvalidInput, OSError) as error:
            problem = why(error)
            if problem != self._problem:
                log.error("keys_not_read", file=str(file.path), problem=problem, detail="The keys before it stay.")
            self._problem = problem


def why(error: InvalidInput | OSError) -> str:
    """Why a file of keys cannot be used, without anything that stands in it."""
    return str(error) if isinstance(error, InvalidInput) else f"it cannot be read: {error.strerror}"


def _by_digest(keys: Iterable[Key]) -> dict[bytes, _Known]:
    found = {}
    for key in keys:
        digest = bytes.fromhex(key.hash)
        until = math.inf if key.expires is None else key.expires.timestamp()
        found[digest] = _Known(digest, key.grant, until)
    return found
