"""What is found, how long a search takes beside the engine called directly, and how long a start."""

from __future__ import annotations

import shutil
import time

from benchmarks.client import search
from benchmarks.data import Sample, grown
from benchmarks.embedded import figures as f
from benchmarks.embedded.loads import Say
from benchmarks.embedded.stage import Stage, spelled
from benchmarks.engines.engine import Holdfast
from benchmarks.engines.filters import Exact, Wanted, of_embedded
from benchmarks.engines.loading import TOGETHER, put
from benchmarks.engines.searching import STRIDE, found
from benchmarks.load import Span, run_wrk
from benchmarks.questions import PATH, Encoding, Questions

NO_STORE = "Cache-Control: no-store\r\n"
STARTING_SECONDS = 120.0


def measure_searches(stage: Stage, size: int, figures: f.Figures, say: Say, *, rounds: int, seconds: int) -> None:
    """Recall and medians at one size. Leaves the collection `before-SIZE`."""
    sample = grown(stage.sample, size)
    cases, exact = of_embedded(sample), Exact(sample, len(sample.queries))
    for when in ("before", "after"):
        name = f"{when}-{size}"
        _fill(stage.holdfast, name, sample, indexed=when == "before")
        for case in cases:
            value = exact.recall(case, found(stage.holdfast, name, case, exact))
            figures.recalls.append(f.Recall(size, case.title, when, value))
            say(f"recall {value:.4f}, {size:,} points, {case.title}, indexes {when} the points")
    stage.holdfast.drop(f"after-{size}")
    folder = stage.directory / f"direct-{size}"
    vectors, payloads = stage.save("points", sample.vectors), stage.save_json("payloads", sample.payloads)
    stage.direct("load", folder, vectors, payloads, "--graph")
    for round_ in range(rounds):
        _search_round(stage, (round_, size, seconds), cases, exact, figures)
    for each in figures.searches[-len(cases) :]:
        say(f"{size:,} points, {each.case}: {each.holdfast:.3f} ms, directly {each.direct:.3f}, bare {each.bare:.3f}")
    shutil.rmtree(folder)


def _fill(engine: Holdfast, name: str, sample: Sample, *, indexed: bool) -> None:
    """A collection with all points and their graph, its payload indexes made before or after that."""
    engine.create(name, sample.size, indexed=indexed)
    put(engine, name, list(engine.batches(sample, Encoding.BASE64)), TOGETHER)
    engine.settle(name)
    if not indexed:
        engine.index(name)
        engine.settle(name)


def _search_round(
    stage: Stage, way: tuple[int, int, int], cases: list[Wanted], exact: Exact, figures: f.Figures
) -> None:
    round_, size, seconds = way
    file = stage.save_json("cases", spelled(cases))
    directly = stage.direct(
        "search", stage.directory / f"direct-{size}", stage.queries, file, "--seconds", str(seconds)
    )
    for index, (case, direct) in enumerate(zip(cases, directly, strict=True)):
        if not round_:
            figures.recalls.append(f.Recall(size, case.title, f.DIRECT, exact.recall(case, direct["found"])))
        span = Span((1 + round_ * len(cases) + index) * STRIDE, STRIDE)
        ours, bare = _p50s(stage, f"before-{size}", case, span, seconds)
        figures.searches.append(f.Search(round_, size, case.title, ours, direct["p50_ms"], bare))


def _p50s(stage: Stage, name: str, case: Wanted, span: Span, seconds: int) -> tuple[float, float]:
    """Medians in ms over one connection: of Holdfast, and of the bare handler that is sent and answers the same."""
    engine, file = stage.holdfast, stage.directory / f"{case.name}.txt"
    questions = Questions.of(stage.sample.queries, Encoding.LIST, ask=engine.ask(case))
    questions.write(file)
    (reply,) = search(engine.url, [questions.body(0)], headers=NO_STORE, path=engine.searching(name))
    stage.answer_like(reply.body)
    ours = run_wrk(
        engine.url, file, span, connections=1, seconds=seconds, path=engine.searching(name), headers=engine.headers
    )
    bare = run_wrk(stage.bare_url, file, span, connections=1, seconds=seconds, path=PATH)
    if ours.refusals or ours.broken:
        raise RuntimeError(f"{ours.refusals} of {ours.requests} searches were refused, {ours.broken} broke off")
    return ours.p50_ms, bare.p50_ms


def measure_starts(stage: Stage, size: int, figures: f.Figures, say: Say, *, rounds: int) -> None:
    """Seconds from the start of the process until a search of `before-SIZE` was answered."""
    if not stage.on_disk:
        figures.missing["start"] = "the store is not a directory"
        return
    engine, body = stage.holdfast, stage.query.read_bytes()
    for _ in range(rounds):
        engine.process.stop()
        begun = time.perf_counter()
        engine.process.start(wait=False)
        while not _answers(engine, f"before-{size}", body):
            if time.perf_counter() - begun > STARTING_SECONDS or not engine.process.running:
                raise RuntimeError(f"no search was answered: {engine.process.output()[-1000:]}")
            time.sleep(0.01)
        figures.starts.append((size, time.perf_counter() - begun))
        say(f"started with {size:,} points: first search after {figures.starts[-1][1]:.2f} s")


def _answers(engine: Holdfast, name: str, body: bytes) -> bool:
    try:
        (reply,) = search(engine.url, [body], headers=NO_STORE, path=engine.searching(name))
    except (OSError, EOFError, ExceptionGroup):
        return False
    return reply.status == 200
