"""The ports through which callers are known: a ring of keys to find one in, and a store to keep them in."""

from __future__ import annotations

from abc import ABC, abstractmethod

from domain.access import Grant
from domain.keys import Key


class KeyRing(ABC):
    """Knows keys by their hashes. Nothing that it logs or raises holds a key or a hash."""

    @property
    @abstractmethod
    def anonymous(self) -> Grant | None:
        """What whoever asks may do, with a key or without one; None where a key is needed. It never changes."""

    @abstractmethod
    def find(self, secret: str) -> Grant | None:
        """What the bearer of a key may do; None for a key that is unknown, revoked or expired.

        It takes as long for a key of the right form that is known as for one that is not, raises nothing, and
        waits for nothing but, once a second at most, a look at a local file.
        """


class KeyStore(ABC):
    """Keys that are kept for services to find, each under a name of its own. Every method may raise `OSError`."""

    @abstractmethod
    def list(self) -> tuple[Key, ...]:
        """All keys, in the order in which they came. Raises `InvalidInput` where what is kept cannot be read."""

    @abstractmethod
    def add(self, key: Key) -> None:
        """Keep one more. Raises `InvalidInput` at `name` where that is taken, or as `list` does.

        As with `remove`, two who do this at the same time lose nothing, and a service reads all of what was
        before or all of what is after.
        """

    @abstractmethod
    def remove(self, name: str) -> None:
        """Keep the key of this name no longer. Raises `KeyNotFound`, and `InvalidInput` as `list` does."""
