"""How much memory the processes of a service take while it imports."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.data import grown
from benchmarks.embedded import figures as f
from benchmarks.embedded.loads import LOADED, Say, import_file
from benchmarks.embedded.parquet import write_parquet
from benchmarks.embedded.stage import Stage
from benchmarks.processes import memory, running, tree

SAMPLING = 0.1
"""Seconds between two looks."""


def measure_memory(stage: Stage, size: int, figures: f.Figures, say: Say, *, graph: bool) -> None:
    """The most memory of each process of a fresh service while it takes an import, and while the graph is built."""
    if not stage.on_disk:
        figures.missing["memory"] = "the store is not a directory"
        return
    sample = grown(stage.sample, size)
    file = write_parquet(stage.directory / "memory.parquet", sample)
    engine = stage.new_holdfast("memory")
    with running(engine.process):
        engine.create(LOADED, sample.size)
        del sample
        with watched(engine.process.pid) as most:
            took = import_file(file, engine.url)
        figures.memory = {f"{name}, import of {size:,}": each for name, each in most.items()}
        say(f"imported {size:,} in {took:.1f} s: {json.dumps(most)}")
        if graph:
            with watched(engine.process.pid) as most:
                engine.settle(LOADED)
            figures.memory |= {f"{name}, graph of {size:,}": each for name, each in most.items()}
            say(f"graph of {size:,}: {json.dumps(most)}")


@contextmanager
def watched(pid: int) -> Iterator[dict[str, dict[str, float]]]:
    """The most MiB of each kind of process under this one meanwhile, by name, and of all of them at a time."""
    most: dict[str, dict[str, float]] = {}
    stop = threading.Event()

    def look() -> None:
        while not stop.wait(SAMPLING):
            total: dict[str, float] = {}
            for each in tree(pid):
                seen = memory(each)
                _raise(most.setdefault(_name(each, pid), {}), seen)
                total = {key: total.get(key, 0.0) + seen.get(key, 0.0) for key in ("VmRSS", "RssAnon", "RssFile")}
            _raise(most.setdefault("together", {}), total)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield most
    finally:
        stop.set()
        thread.join()


def _raise(most: dict[str, float], seen: dict[str, float]) -> None:
    for key, value in seen.items():
        most[key] = max(most.get(key, 0.0), value)


def _name(pid: int, root: int) -> str:
    """Server, engine, or whatever module else the process runs."""
    if pid == root:
        return "server"
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return "gone"
    if not words[0]:
        # It has ended, and nobody has asked how yet.
        return "gone"
    module = words[words.index("-m") + 1] if "-m" in words[:-1] else Path(words[0]).name
    return {"adapters.edge.process": "engine", "adapters.edge.build": "builder of graphs"}.get(module, module)
