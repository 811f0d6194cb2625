"""Which faults happen when: drawn from a seed, so that the same seed gives the same schedule."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from tests.e2e.invariants.limits import RECOVERY, REPLICAS

BOTH = REPLICAS

NETWORK = ("stop", "refuse", "hang", "black_hole", "latency", "drip", "cut", "garbage", "reset")
"""What the proxies do."""

STORE = (*NETWORK, "kill", "pause")

READABLE = ("full", "read_only", "write_pause")
"""What keeps Redis from being written to, and lets it be read."""

EVICTIONS = ("evict_generations", "evict_epochs", "evict_entries")

CACHE = (*NETWORK, "empty", "pause", "snapshot", "failover", *READABLE, *EVICTIONS)

KINDS = {"store": STORE, "cache": CACHE}

WHOLE = frozenset({*STORE, *CACHE}) - set(NETWORK)
"""What happens to the server itself, and so to both replicas."""

SHORTEST, LONGEST = 0.4, 2.0
"""Seconds that a fault lasts, besides what a server takes to start again."""

GAPS = {"store": ((0.2, 1.0), (0.2, 1.0), (RECOVERY + 0.2, RECOVERY + 1.5)), "cache": ((0.1, 0.6), (0.6, 2.0))}
"""Seconds between the faults of a backend: of the store often too few to recover from one before the next."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens to a backend (`store` or `cache`), seconds after the begin, and for how long.

    `direction` is that of the bytes that a fault of the network hits, None for both; `seed` is for
    what is random about it.
    """

    at: float
    seconds: float
    backend: str
    what: str
    replicas: tuple[int, ...]
    direction: str | None
    seed: int

    def __str__(self) -> str:
        where = "both replicas" if self.replicas == BOTH else f"replica {self.replicas[0]}"
        return f"{self.at:7.2f} s for {self.seconds:.2f} s: {self.backend} {self.what} ({where}, {self.direction})"


def draw(seed: int, seconds: float) -> list[Fault]:
    """The faults of so many seconds, in order: of each backend one at a time, every kind before one comes again."""
    faults = []
    for backend, kinds in KINDS.items():
        # A generator for each, so that a longer run begins like a shorter one.
        chance = random.Random(f"{seed} {backend}")  # noqa: S311
        now = chance.uniform(*chance.choice(GAPS[backend]))
        for what in _shuffled(kinds, chance):
            fault = _fault(now, backend, what, chance)
            if fault.at + fault.seconds > seconds:
                break
            faults.append(fault)
            now += fault.seconds + chance.uniform(*chance.choice(GAPS[backend]))
    return sorted(faults, key=lambda fault: fault.at)


def _shuffled(kinds: tuple[str, ...], chance: random.Random) -> Iterator[str]:
    while True:
        yield from chance.sample(kinds, len(kinds))


def _fault(now: float, backend: str, what: str, chance: random.Random) -> Fault:
    replicas = chance.choice([(0,), (1,), BOTH, BOTH])
    direction = chance.choice([None, "to_server", "to_client"])
    seconds, seed = chance.uniform(SHORTEST, LONGEST), chance.randrange(2**32)
    return Fault(now, seconds, backend, what, BOTH if what in WHOLE else replicas, direction, seed)
