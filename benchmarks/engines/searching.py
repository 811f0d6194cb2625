"""What the contestants find, and how quickly."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence

from benchmarks.case import NotAvailable
from benchmarks.client import search
from benchmarks.engines.engine import COLLECTION, Engine, Holdfast
from benchmarks.engines.filters import Exact, Wanted
from benchmarks.engines.stage import HELLO, Stage
from benchmarks.load import Load, Span, run_wrk
from benchmarks.processes import cpu_seconds
from benchmarks.questions import Encoding
from benchmarks.run import Run

RECALL = 0.95
"""Below this in any case, a peer gets the next of its tunings."""

TIMEOUT = 120.0
STRIDE = 200_000
"""How far apart the numbers of the searches of two runs are, so that none comes twice."""

Recalls = dict[tuple[str, str], float]
"""By case and contestant."""

_starts = itertools.count(STRIDE, STRIDE)


def found(engine: Engine, name: str, wanted: Wanted, exact: Exact) -> list[list[int]]:
    """The ids that the engine finds for each query."""
    ask = engine.ask(wanted)
    bodies = [json.dumps(ask(query.tolist())).encode() for query in exact.queries]
    header = "".join(f"{each}\r\n" for each in engine.headers)
    replies = search(engine.url, bodies, headers=header, path=engine.searching(name), timeout=TIMEOUT)
    for reply in replies:
        if reply.status != 200:
            raise RuntimeError(f"{engine.name} answered a search with {reply.status}: {reply.body[:500]!r}")
        if isinstance(engine, Holdfast) and engine.said not in (reply.cache or ""):
            raise RuntimeError(f"{engine.name} answered with Cache-Status: {reply.cache}")
    return [engine.ids(reply) for reply in replies]


def recalls(engine: Engine, cases: Sequence[Wanted], exact: Exact) -> list[float]:
    """The recall at ten of each case."""
    return [exact.recall(wanted, found(engine, COLLECTION, wanted, exact)) for wanted in cases]


def tune(engine: Engine, cases: Sequence[Wanted], exact: Exact) -> list[float]:
    """Take the first tuning with a recall that is good enough in each case, or else the best; the recalls."""
    if not engine.tunings:
        return recalls(engine, cases, exact)
    tried = []
    for tuning in engine.tunings:
        engine.tune(COLLECTION, tuning)
        tried.append((recalls(engine, cases, exact), tuning))
        if min(tried[-1][0]) >= RECALL:
            return tried[-1][0]
    measured, tuning = max(tried, key=lambda each: min(each[0]))
    engine.tune(COLLECTION, tuning)
    return measured


def measure_searches(stage: Stage, rounds: int, seconds: int, connections: Sequence[int]) -> Iterator[Run]:
    """Every run: the contestants in turn, and every other round the other way round."""
    for round_ in range(rounds):
        for wanted in stage.cases:
            for count in connections:
                asked: list[Engine | None] = [None, *stage.asked]
                for engine in reversed(asked) if round_ % 2 else asked:
                    yield _one(stage, engine, wanted, (round_, count, seconds))


def warm(stage: Stage) -> None:
    """Let every process run for a second first."""
    for engine in [None, *stage.asked]:
        for wanted in stage.cases:
            _one(stage, engine, wanted, (0, 8, 1))


def _one(stage: Stage, engine: Engine | None, wanted: Wanted, way: tuple[int, int, int]) -> Run:
    round_, connections, seconds = way
    name = engine.name if engine else HELLO
    pid = (engine.process if engine else stage.hello).pid
    before = cpu_seconds(pid)
    try:
        load = _load(stage, engine, wanted, connections, seconds)
    except NotAvailable as error:
        return Run(round_, wanted.name, Encoding.LIST, connections, name, missing=str(error))
    after = cpu_seconds(pid)
    cpu = None if before is None or after is None else after - before
    return Run(round_, wanted.name, Encoding.LIST, connections, name, load, cpu=cpu)


def _load(stage: Stage, engine: Engine | None, wanted: Wanted, connections: int, seconds: int) -> Load:
    if engine is None:
        load = run_wrk(stage.hello_url, None, Span(0, 1), connections=connections, seconds=seconds, path="/")
    else:
        load = run_wrk(
            engine.url,
            stage.file(engine, wanted),
            Span(next(_starts), STRIDE),
            connections=connections,
            seconds=seconds,
            path=engine.searching(COLLECTION),
            headers=engine.headers,
        )
    if load.broken or load.refusals or not load.requests:
        raise NotAvailable(f"of {load.requests} requests {load.broken} broke off and {load.refusals} were refused")
    return load
