"""How quickly points get in, beside the engine called directly, and how the service answers meanwhile."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.data import Sample
from benchmarks.embedded import figures as f
from benchmarks.embedded.parquet import write_parquet
from benchmarks.embedded.stage import Stage
from benchmarks.engines.loading import put
from benchmarks.questions import Encoding
from tests.e2e.service import ROOT, holdfast

LOADED = "loaded"

Say = Callable[[str], None]

WAYS = {f.LIST: Encoding.LIST, f.BASE64: Encoding.BASE64}


def measure_loads(stage: Stage, sample: Sample, figures: f.Figures, say: Say, *, rounds: int, together: int) -> None:
    """Every way to load, one after the other in each round, each into an empty collection."""
    engine = stage.holdfast
    vectors, payloads = stage.save("points", sample.vectors), stage.save_json("payloads", sample.payloads)
    bodies = {way: list(engine.batches(sample, encoding)) for way, encoding in WAYS.items()}
    file = write_parquet(stage.directory / "points.parquet", sample)
    stage.make_small(engine)
    for round_ in range(rounds):
        folder = stage.directory / "direct"
        took = stage.direct("load", folder, vectors, payloads)["seconds"]
        shutil.rmtree(folder)
        figures.loads.append(f.Load(round_, f.DIRECT, len(sample.ids), took))
        say(f"{f.DIRECT}: {figures.loads[-1].rate:,.0f} points/s")
        for way, ready in bodies.items():
            figures.loads.append(_probed(stage, sample, round_, way, partial(put, engine, LOADED, ready, together)))
            say(_said(figures.loads[-1]))
        if not stage.on_disk:
            figures.missing |= dict.fromkeys((f.IMPORT, f.ALONE), "the store is not a directory")
            continue
        figures.loads.append(_probed(stage, sample, round_, f.IMPORT, partial(import_file, file, engine.url)))
        say(_said(figures.loads[-1]))
        figures.loads.append(f.Load(round_, f.ALONE, len(sample.ids), _import_alone(stage, file)))
        say(_said(figures.loads[-1]))


def _probed(stage: Stage, sample: Sample, round_: int, way: str, load: Callable[[], float]) -> f.Load:
    """One load into an empty collection, probed meanwhile."""
    stage.holdfast.create(LOADED, sample.size)
    try:
        with stage.probed(stage.holdfast) as seen:
            seconds = load()
        count = stage.holdfast.describe(LOADED)["points"]
    finally:
        stage.holdfast.drop(LOADED)
    if count != len(sample.ids):
        raise RuntimeError(f"{way}: {count} of {len(sample.ids)} points are there")
    health, searched = seen["health"]["times"], seen["search"]["times"]
    failed = seen["health"]["failed"] + seen["search"]["failed"]
    longest = max(*health, *searched)
    probes = len(health) + len(searched)
    return f.Load(round_, way, count, seconds, f.p99(health), f.p99(searched), longest, probes, failed)


def _said(load: f.Load) -> str:
    probed = "" if load.health is None else f", p99 of health {load.health:.1f} ms, of searches {load.search:.1f} ms"
    return f"{load.way}: {load.rate:,.0f} points/s{probed}"


def import_file(file: Path, url: str | None, *more: str, **settings: object) -> float:
    """Seconds of the command, its start included."""
    there = [] if url is None else ["--url", url]
    command, env = holdfast("import", str(file), "--collection", LOADED, *there, *more, **settings)
    begun = time.perf_counter()
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    took = time.perf_counter() - begun
    if done.returncode:
        raise RuntimeError(f"holdfast import ended with {done.returncode}: {done.stdout[-500:]}{done.stderr[-500:]}")
    return took


def _import_alone(stage: Stage, file: Path) -> float:
    folder = stage.directory / "alone"
    took = import_file(file, None, "--create", QDRANT__URL=f"file:{folder}")
    shutil.rmtree(folder)
    return took
