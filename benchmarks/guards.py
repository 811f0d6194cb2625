"""What keys, limits, rates and metrics together cost a search that is remembered: `python -m benchmarks.guards`.

Two services on one store and one Redis answer the same hits in turn, round by round: `holdfast serve` with a key, a
rate and everything else that guards it, and the same application without (`benchmarks.unguarded`).
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from adapters.keys import hash_of, new_secret
from benchmarks.client import call
from benchmarks.data import Sample, committed_sample
from benchmarks.load import Span, check_wrk, run_wrk
from benchmarks.questions import Encoding, Questions
from tests.e2e.service import holdfast, service
from tests.servers.process import HOST, ChildProcess, free_port
from tests.servers.redis import RedisServer

COLLECTION = "/v1/collections/packages"
GUARDED, UNGUARDED = "guarded", "unguarded"
MOST = 0.15
"""Of the rate without guards, what they may cost."""

HITS = Span(0, 64)
SECRET = new_secret()
KEY = {"name": "bench", "hash": hash_of(SECRET), "rights": ["read", "write", "admin"]}
BEARER = {"Authorization": f"Bearer {SECRET}"}


@contextmanager
def services(folder: Path) -> Iterator[dict[str, str]]:
    """The URLs of both."""
    with RedisServer(unix=True) as redis:
        settings = {"REDIS__URL": redis.url, "CACHE__FRESH_SECONDS": 3600}
        guards = {"AUTH__KEYS": json.dumps([KEY]), "LIMITS__RATE": "1000000/second"}
        store_url, store = service(QDRANT__URL=f"file:{folder / 'data'}")
        with store:
            both = {"QDRANT__URL": f"holdfast+{store_url}", **settings}
            url, guarded = service(**both, **guards)
            other_url, unguarded = _unguarded(both)
            with guarded, unguarded:
                yield {GUARDED: url, UNGUARDED: other_url}


def _unguarded(settings: Mapping[str, object]) -> tuple[str, ChildProcess]:
    port = free_port()
    _, env = holdfast(**settings)
    options = ["--factory", "--http", "benchmarks.unguarded:UnwatchedProtocol", "--loop", "uvloop", "--no-access-log"]
    command = [sys.executable, "-m", "uvicorn", "benchmarks.unguarded:app", *options, "--no-server-header"]
    url = f"http://{HOST}:{port}"
    return url, ChildProcess.on_url([*command, "--port", str(port)], f"{url}/health/live", env=env)


def fill(url: str, sample: Sample, count: int = 1000) -> None:
    """Make the collection, and write its first points."""
    made = {"vector": {"size": sample.size, "distance": "cosine"}}
    points = [
        {"id": sample.ids[row], "vector": sample.vectors[row].tolist(), "payload": sample.payloads[row]}
        for row in range(count)
    ]
    for path, body in (("", made), ("/points", {"points": points})):
        reply = call(url, "PUT", f"{COLLECTION}{path}", body, headers=BEARER)
        if reply.status >= 400:
            raise RuntimeError(f"the points were not written: {reply.status} {reply.body[:300]!r}")


def measure(url: str, questions: Path, connections: int, seconds: int) -> float:
    """Hits a second. Raises `RuntimeError` where an answer is none."""
    headers = [f"{name}: {value}" for name, value in BEARER.items()]
    load = run_wrk(url, questions, HITS, connections=connections, seconds=seconds, headers=headers)
    if load.refusals or load.broken:
        raise RuntimeError(f"{load.refusals} of {load.requests} requests were refused, {load.broken} broke off")
    return load.rate


def compare(urls: Mapping[str, str], questions: Path, connections: int, *, rounds: int, seconds: int) -> str:
    """What the guards cost, in words; who is measured first changes from round to round."""
    ratios, rates = [], []
    for round_ in range(rounds):
        order = (GUARDED, UNGUARDED)[:: -1 if round_ % 2 else 1]
        rate = {each: measure(urls[each], questions, connections, seconds) for each in order}
        ratios.append(rate[GUARDED] / rate[UNGUARDED])
        rates.append(rate[GUARDED])
    ratio, least = statistics.median(ratios), 1 - MOST
    return (
        f"{statistics.median(rates):7,.0f} hits a second guarded, {ratio:.3f} of unguarded"
        f" ({min(ratios):.3f}..{max(ratios):.3f}), at least {least:.2f}: {'reached' if ratio >= least else 'missed'}"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--connections", type=int, nargs="+", default=[8, 32])
    asked = parser.parse_args()
    check_wrk()
    sample = committed_sample()
    with TemporaryDirectory() as name, services(Path(name)) as urls:
        fill(urls[GUARDED], sample)
        for encoding in Encoding:
            questions = Path(name) / f"{encoding}.txt"
            Questions.of(sample.queries, encoding).write(questions)
            for url in urls.values():
                measure(url, questions, 8, 1)
            for connections in asked.connections:
                found = compare(urls, questions, connections, rounds=asked.rounds, seconds=asked.seconds)
                print(f"{encoding:<7} {connections:>3} connections: {found}")


if __name__ == "__main__":
    main()
