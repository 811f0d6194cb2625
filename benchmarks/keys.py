"""What a key costs a request, and whether the time of an answer tells a known key from an unknown one.

    python -m benchmarks.keys

Takes about ten seconds, and needs nothing else. Known and unknown keys take turns in an order by chance, so that what
else the machine does falls on both alike.
"""

from __future__ import annotations

import asyncio
import gc
import random
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from adapters.keys import HashedKeyRing, KeyFile, OpenKeyRing, WatchedFile, hash_of, new_secret
from domain.access import Grant, Right
from domain.errors import Unauthenticated
from domain.keys import Key
from domain.ports import KeyRing
from entrypoints.http.authentication import Authentication

KEYS, CALLS, REQUESTS = 100, 300_000, 30_000
HEADERS = [
    (b"host", b"localhost:8000"),
    (b"user-agent", b"bench"),
    (b"accept", b"*/*"),
    (b"content-type", b"application/json"),
    (b"content-length", b"2048"),
]


def key_of(name: str, secret: str) -> Key:
    """A key that may read."""
    return Key(Grant(name, frozenset({Right.READ})), hash_of(secret))


def spread(name: str, nanoseconds: Sequence[int]) -> float:
    """Print a distribution; its median."""
    cuts = statistics.quantiles(nanoseconds, n=100)
    shown = "  ".join(f"p{at} {cuts[at - 1]:6.0f}" for at in (1, 10, 50, 90, 99))
    print(f"{name:<12} {shown}  mean {statistics.fmean(nanoseconds):6.0f} ns")
    return cuts[49]


def compare(ring: KeyRing, known: Sequence[str]) -> None:
    """Known beside unknown keys, and beside themselves, which says how much is chance."""
    unknown = [new_secret() for _ in known]
    cases = [("known", known), ("unknown", unknown), ("known again", known)]
    taken: dict[str, list[int]] = {name: [] for name, _ in cases}
    find, clock, chance = ring.find, time.perf_counter_ns, random.Random(1)  # noqa: S311
    order = [chance.randrange(3) for _ in range(CALLS)]
    for index, case in enumerate(order):
        name, pool = cases[case]
        # As it comes from a request: text that was not hashed before.
        secret = (pool[index % len(pool)] + " ").strip()
        begun = clock()
        find(secret)
        taken[name].append(clock() - begun)
    medians = {name: spread(name, times) for name, times in taken.items()}
    means = {name: statistics.fmean(sorted(times)[: len(times) * 99 // 100]) for name, times in taken.items()}
    for other in ("unknown", "known again"):
        print(
            f"{other} to known: {medians[other] / medians['known']:.3f} of the medians,"
            f" {means[other] / means['known']:.3f} of the means without the slowest hundredth"
        )


async def request(app: ASGIApp, header: tuple[bytes, bytes] | None) -> float:
    """Microseconds that a request takes, one after the other."""
    headers = HEADERS if header is None else [*HEADERS, header]

    async def receive() -> Message:
        raise AssertionError

    async def send(_: Message) -> None:
        raise AssertionError

    # The time of the processor: whoever else is on the machine does not count.
    begun = time.process_time()
    for _ in range(REQUESTS):
        scope = {"type": "http", "method": "POST", "path": "/v1/x", "headers": headers, "state": {}}
        try:
            await app(scope, receive, send)
        except Unauthenticated:
            continue
    return (time.process_time() - begun) / REQUESTS * 1e6


async def surround(ring: KeyRing, known: str) -> None:
    """What the middleware adds to a request."""

    async def inner(scope: Scope, receive: Receive, send: Send) -> None:
        pass

    guarded, opened = Authentication(inner, ring), Authentication(inner, OpenKeyRing())
    cases: dict[str, tuple[ASGIApp, tuple[bytes, bytes] | None]] = {
        "no middleware": (inner, None),
        "no keys set up": (opened, None),
        "a good key": (guarded, (b"authorization", f"Bearer {known}".encode())),
        "a wrong key": (guarded, (b"authorization", f"Bearer {new_secret()}".encode())),
        "no key": (guarded, None),
        "64 kB": (guarded, (b"authorization", b"Bearer " + b"x" * 65_536)),
    }
    rounds = [{name: await request(*case) for name, case in cases.items()} for _ in range(5)]
    base = statistics.median(each["no middleware"] for each in rounds)
    for name in cases:
        print(f"{name:<15} {statistics.median(each[name] for each in rounds) - base:6.2f} us")


def look(path: Path) -> None:
    """What the file costs: a look at one that is as it was, and the reading of one that changed."""
    file = WatchedFile(path, now=lambda: time.time() + 60)
    file.changed()
    begun = time.process_time()
    for _ in range(10_000):
        file.changed()
    print(f"a look at the file: {(time.process_time() - begun) / 10_000 * 1e6:.1f} us")
    begun = time.process_time()
    for _ in range(100):
        HashedKeyRing((), WatchedFile(path))
    print(f"reading {KEYS} keys: {(time.process_time() - begun) / 100 * 1e3:.2f} ms")


def main() -> None:
    """Measure and print."""
    known = [new_secret() for _ in range(KEYS)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "keys.json"
        path.write_bytes(b"[]")
        store = KeyFile(path)
        for index, secret in enumerate(known):
            store.add(key_of(f"key-{index}", secret))
        ring = HashedKeyRing((), WatchedFile(path))
        gc.disable()
        print(f"finding one of {KEYS} keys")
        compare(ring, known)
        print("\nwhat a request pays")
        asyncio.run(surround(ring, known[0]))
        print()
        look(path)


if __name__ == "__main__":
    main()
