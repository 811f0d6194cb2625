"""The port behind which results of searches are remembered."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.models import Hit
from domain.ports.status import BackendStatus, Event


@dataclass(frozen=True, slots=True)
class Entry:
    """A remembered result.

    `generation` is the one that was recalled before the search began, `born` the time of that
    recall in seconds since 1970 (UTC). The entry is fresh while its generation is the present one.
    """

    generation: str
    born: float
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class Recollection:
    """What the cache knows: the collection's present generation, and the entry under the key.

    `generation` is None where the cache could not set one; then nothing may be remembered. An
    entry of another generation than the present one is stale; one that may no longer be shown at
    all does not come.
    """

    generation: str | None
    entry: Entry | None


class Cache(ABC):
    """The shared memory of search results.

    What holds for every method:

    - It raises `BackendUnavailable` where the cache did not do what was asked, within a total time
      of its own, and nothing else. Cancelling it is always possible.
    - A generation is a random token and never comes twice, so that one that is lost, evicted or
      restored from an older snapshot never makes an outdated entry fresh again.
    """

    @abstractmethod
    async def recall(self, collection: str, key: str) -> Recollection:
        """The present generation and the entry under `key`, in one round trip.

        A collection without a generation is given one. An entry that cannot be read is none.
        """

    @abstractmethod
    async def remember(self, collection: str, key: str, entry: Entry, ttl: float) -> None:
        """Keep the entry for `ttl` seconds (more than 0), also as a stale answer."""

    @abstractmethod
    async def invalidate(self, collection: str) -> None:
        """Give the collection a new generation: all its entries are stale from now on."""

    @abstractmethod
    async def forget(self, collection: str) -> None:
        """Make all entries of the collection unusable from now on, also as stale answers.

        So also entries that were recalled before and are remembered afterwards.
        """

    @abstractmethod
    async def ping(self) -> BackendStatus:
        """Ask the cache a cheap question. Raises `BackendUnavailable` where it does not answer."""

    def breakers(self) -> Mapping[str, str]:
        """The states of its circuit breakers: `closed`, `open` or `half_open`, by what they are for (`read`, `write`).

        Nothing is asked for it. None where it has none, as by default.
        """
        return {}

    def history(self) -> Sequence[Event]:
        """What happened to it lately, as this process saw it, oldest first; a few dozen events at most.

        Nothing is asked for it. None where nobody keeps any, as by default.
        """
        return ()

    @abstractmethod
    async def aclose(self) -> None:
        """Let go of connections. Later calls raise `BackendUnavailable`; a second `aclose` does nothing."""
