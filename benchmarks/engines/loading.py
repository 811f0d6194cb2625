"""How quickly points get in over HTTP."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.client import Request, search, send
from benchmarks.data import Sample
from benchmarks.engines.engine import COLLECTION, Engine
from benchmarks.engines.filters import everything
from benchmarks.engines.stage import Stage
from benchmarks.processes import cpu_seconds
from benchmarks.questions import Encoding, Questions

TIMEOUT = 600.0
TOGETHER = 4
"""Batches under way at a time where the rate is not measured."""


@dataclass(frozen=True, slots=True)
class Loading:
    """One load. `seconds` until the last batch was acknowledged, `ready` until all was indexed and a search answered.

    `cpu` is the seconds of CPU that the contestant took until then, and `sent` the bytes of the bodies.
    """

    round: int
    contestant: str
    encoding: str
    connections: int
    points: int
    seconds: float
    ready: float
    cpu: float | None
    sent: int

    @property
    def rate(self) -> float:
        """Points a second, acknowledged."""
        return self.points / self.seconds

    @property
    def ready_rate(self) -> float:
        """Points a second, indexed and searched."""
        return self.points / self.ready


def measure_loads(stage: Stage, rounds: int, connections: Sequence[int]) -> Iterator[Loading]:
    """Every load: the contestants in turn, and every other round the other way round."""
    ways = [(engine, encoding) for engine in stage.engines for encoding in engine.encodings]
    bodies = {(engine.name, encoding): list(engine.batches(stage.sample, encoding)) for engine, encoding in ways}
    for round_ in range(rounds):
        for count in connections:
            for engine, encoding in reversed(ways) if round_ % 2 else ways:
                name = f"load-{round_}-{count}-{encoding}"
                yield _load(engine, name, stage.sample, bodies[engine.name, encoding], (round_, encoding, count))
                engine.drop(name)


def fill(stage: Stage) -> None:
    """Put all points into the collection that is searched, and wait until they are indexed."""
    for engine in stage.engines:
        bodies = list(engine.batches(stage.sample, Encoding.LIST))
        _load(engine, COLLECTION, stage.sample, bodies, (0, Encoding.LIST, TOGETHER))


def put(engine: Engine, name: str, bodies: Sequence[bytes], connections: int) -> float:
    """Send the batches, so many at a time; the seconds until the last was acknowledged."""
    method, path = engine.adding(name)
    begun = time.perf_counter()
    replies = send(
        engine.url, (Request(method, path, body) for body in bodies), connections=connections, timeout=TIMEOUT
    )
    took = time.perf_counter() - begun
    for reply in replies:
        if reply.status not in {200, 201}:
            raise RuntimeError(f"{engine.name} answered a batch with {reply.status}: {reply.body[:500]!r}")
    return took


def _load(
    engine: Engine, name: str, sample: Sample, bodies: Sequence[bytes], way: tuple[int, Encoding, int]
) -> Loading:
    round_, encoding, connections = way
    engine.create(name, sample.size)
    cpu, begun = cpu_seconds(engine.process.pid), time.perf_counter()
    seconds = put(engine, name, bodies, connections)
    settled = engine.settle(name)
    question = Questions.of(sample.queries[:1], Encoding.LIST, ask=engine.ask(everything(sample))).body(0)
    header = "".join(f"{each}\r\n" for each in engine.headers)
    asked = time.perf_counter()
    (reply,) = search(engine.url, [question], headers=header, path=engine.searching(name), timeout=TIMEOUT)
    if reply.status != 200:
        raise RuntimeError(f"{engine.name} answered a search with {reply.status}: {reply.body[:500]!r}")
    ready = settled - begun + time.perf_counter() - asked
    after = cpu_seconds(engine.process.pid)
    used = None if cpu is None or after is None else after - cpu
    sent = sum(map(len, bodies))
    return Loading(round_, engine.name, encoding, connections, len(sample.ids), seconds, ready, used, sent)
