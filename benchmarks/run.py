"""Runs the cases round by round, with the contestants in turn, and keeps what each run gave."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.case import Case, NotAvailable
from benchmarks.cases import Miss
from benchmarks.client import hits, search
from benchmarks.load import Load, Span, run_wrk
from benchmarks.questions import Encoding
from benchmarks.servers import BARE, ROOT, Contestant, Counts, Stage

ADAPTER = "adapter directly"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run."""

    cases: Sequence[Case]
    rounds: int
    seconds: int
    connections: Sequence[int]


@dataclass(frozen=True, slots=True)
class Run:
    """One run, or why there is none. `cpu` is the seconds of CPU that the contestant took."""

    round: int
    case: str
    encoding: str
    connections: int
    contestant: str
    load: Load | None = None
    cpu: float | None = None
    seen: Counts | None = None
    missing: str | None = None


@dataclass(frozen=True, slots=True)
class _Setting:
    """One place in the plan."""

    round: int
    case: Case
    encoding: Encoding
    connections: int

    def run(self, contestant: str, load: Load | None = None, **more: object) -> Run:
        """A run here."""
        return Run(self.round, self.case.name, self.encoding, self.connections, contestant, load, **more)  # type: ignore[arg-type]


def check_same_answers(stage: Stage) -> None:
    """Raise `RuntimeError` unless all contestants find the same for the same question, in both encodings."""
    wanted = json.loads(stage.answer)["hits"]
    for contestant in stage.contestants.values():
        for encoding, questions in stage.questions.items():
            # Twice, so that what was remembered is looked at too.
            for reply in search(contestant.url, [questions.body(0)] * 2):
                if reply.status != 200 or hits(reply) != wanted:
                    raise RuntimeError(
                        f"{contestant.name} answers a {encoding} differently: {reply.status} {reply.body[:300]!r}"
                    )
    stage.flush()


def warm(stage: Stage) -> None:
    """Let every process run for a second first."""
    for contestant in stage.contestants.values():
        for encoding in Encoding:
            run_wrk(contestant.url, stage.file(encoding), Span(0, 64), connections=8, seconds=1)
    stage.flush()


def measure(stage: Stage, plan: Plan) -> Iterator[Run]:
    """Every run of the plan."""
    for round_ in range(plan.rounds):
        for case in plan.cases:
            settings = [
                _Setting(round_, case, encoding, connections)
                for encoding in Encoding
                for connections in plan.connections
            ]
            try:
                try:
                    case.begin(stage)
                except NotAvailable as error:
                    yield from (_missing(setting, error) for setting in settings)
                    continue
                for setting in settings:
                    yield from _measure_setting(stage, plan, setting)
            finally:
                case.end(stage)


def _missing(setting: _Setting, error: NotAvailable) -> Run:
    return setting.run(setting.case.contestants[1], missing=str(error))


def _measure_setting(stage: Stage, plan: Plan, setting: _Setting) -> Iterator[Run]:
    """The contestants in turn; every other round the other way round."""
    names = list(setting.case.contestants)
    for name in reversed(names) if setting.round % 2 else names:
        try:
            yield _measure_one(stage, plan, setting, stage.contestants[name])
        except NotAvailable as error:
            yield setting.run(name, missing=str(error))
    if isinstance(setting.case, Miss) and setting.encoding is Encoding.LIST:
        yield setting.run(ADAPTER, _call_adapter(stage, setting.connections, plan.seconds))


def _measure_one(stage: Stage, plan: Plan, setting: _Setting, contestant: Contestant) -> Run:
    case = setting.case
    span = case.ready(stage, contestant, setting.encoding)
    before, cpu_before = stage.counts(), contestant.cpu()
    load = run_wrk(
        contestant.url,
        stage.file(setting.encoding),
        span,
        connections=setting.connections,
        seconds=case.seconds or plan.seconds,
    )
    cpu_after, seen = contestant.cpu(), stage.counts().since(before)
    if load.broken:
        raise NotAvailable(f"{load.broken} of {load.requests} requests broke off")
    if contestant.name != BARE:
        case.check(stage, contestant, load, seen)
    cpu = None if cpu_before is None or cpu_after is None else cpu_after - cpu_before
    return setting.run(contestant.name, load, cpu=cpu, seen=seen)


def _call_adapter(stage: Stage, callers: int, seconds: int) -> Load:
    """The adapter without HTTP, in a process of its own."""
    output = stage.directory / "adapter.json"
    command = [sys.executable, "-m", "benchmarks.adapter", stage.store_url, str(stage.queries)]
    command += ["--callers", str(callers), "--seconds", str(seconds), "--output", str(output)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=seconds + 60)  # noqa: S603
    return Load(**json.loads(output.read_text()))
