"""What an outage costs, as clients see it: `python -m benchmarks.outage`. Takes about a minute."""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.callers import Callers, describe, p99, request
from benchmarks.store import Store
from tests.e2e.service import ROOT, service
from tests.servers.process import HOST, ChildProcess, free_port
from tests.servers.redis import RedisServer

HITS = [{"id": i, "version": 1, "score": 1 - i / 100, "payload": {"name": f"package {i}"}} for i in range(20)]
CACHE_DEADLINE_MS = 100.0
WITHOUT_CACHE_MS = 5.0
OPENED = '"event":"breaker_opened"'
NO_CACHE = {"CACHE__FRESH_SECONDS": 0, "CACHE__STALE_SECONDS": 0}


@contextmanager
def store() -> Iterator[tuple[str, ChildProcess]]:
    """A stand-in for Qdrant that answers at once: its URL and its process."""
    ports = [free_port() for _ in range(2)]
    with tempfile.TemporaryDirectory() as directory:
        hits = Path(directory) / "hits.json"
        hits.write_text(json.dumps(HITS))
        command = [sys.executable, "-m", "benchmarks.store", str(hits), "--points", "20", "--size", "2"]
        command += ["--port", str(ports[0]), "--control-port", str(ports[1])]
        with ChildProcess.on_url(command, f"http://{HOST}:{ports[1]}/", cwd=ROOT) as process:
            yield f"http://{HOST}:{ports[0]}", process


async def redis_hangs(seconds: float) -> None:
    """The p99 of misses before, while and after the breaker of the cache opens, and meanwhile without any cache."""
    with store() as (store_url, _), RedisServer(unix=True) as redis:
        url, process = service(QDRANT__URL=store_url, REDIS__URL=redis.url)
        plain_url, plain_process = service(QDRANT__URL=store_url, **NO_CACHE)
        with process, plain_process:
            # Both at once, so that what else the machine does is the same for both.
            callers, plain = (Callers(each, 8, pause=0.02) for each in (url, plain_url))
            await asyncio.gather(callers.ask_for(seconds), plain.ask_for(seconds))
            before = process.output().count(OPENED)
            hung = time.monotonic()
            redis.pause()
            while process.output().count(OPENED) == before:
                await callers.ask_for(0.005)
            opened = time.monotonic()
            await asyncio.sleep(seconds)
            await asyncio.gather(callers.end(), plain.end())
            redis.resume()
    print(f"Redis hangs, 8 callers, each search a miss; the breaker opened after {1000 * (opened - hung):.0f} ms")
    spans = {"before": (0.0, hung - 0.2), "until it opened": (hung - 0.2, opened), "after": (opened, math.inf)}
    found = {}
    for name, span in spans.items():
        went, other = callers.between(*span), plain.between(*span)
        found[name] = p99(went), p99(other)
        print(f"  {name:16} p99 {found[name][0]:6.1f} ms, without a cache {found[name][1]:6.1f} ms")
        print(f"  {'':16} {'; '.join(describe(went))}")
    say("more p99 until it opened than before", found["until it opened"][0] - found["before"][0], CACHE_DEADLINE_MS)
    say("more p99 after than without a cache meanwhile", found["after"][0] - found["after"][1], WITHOUT_CACHE_MS)


async def redis_dies(seconds: float) -> None:
    """How many of 64 requests at a time fail while Redis is killed, stays away, and comes back empty."""
    with store() as (store_url, _), RedisServer(unix=True) as redis:
        url, process = service(QDRANT__URL=store_url, REDIS__URL=redis.url)
        with process:
            callers = Callers(url, 64)
            await callers.ask_for(seconds)
            redis.kill()
            await callers.ask_for(seconds)
            await asyncio.to_thread(redis.start)
            await callers.ask_for(seconds)
            await callers.end()
    failed = sum(each.status != 200 for each in callers.went)
    print(f"Redis is killed at 64 requests at a time, and comes back: {failed} of {len(callers.went)} failed")
    print(f"  {'; '.join(describe(callers.went))}")


async def store_hangs(_seconds: float) -> None:
    """What 200 clients get who wait for a store that hangs, and what those who come after them."""
    with store() as (store_url, store_process):
        url, process = service(QDRANT__URL=store_url)
        with process:
            callers = Callers(url, 200)
            await callers.ask_once()
            store_process.pause()
            print("the store hangs while 200 clients wait (time limit of a read 5 s, 64 reads at a time)")
            for wave in ("those who wait", "the next 200"):
                went = await callers.ask_once()
                late = sum(each.seconds > 1 for each in went)
                print(f"  {wave}: {'; '.join(describe(went))}; {late} after more than 1 s")
            store_process.resume()


async def client_leaves(_seconds: float) -> None:
    """When the store sees that a search was given up because its client has gone."""
    answers, asked, gone = Store(HITS, 20, 2), asyncio.Event(), asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readline():
            method, path = head.split(b" ")[:2]
            fields = (await reader.readuntil(b"\r\n\r\n")).lower()
            await reader.readexactly(int(fields.partition(b"content-length:")[2].partition(b"\r\n")[0] or 0))
            if b"/query" in path:
                asked.set()
                if not await reader.read(1):
                    gone.set()
                break
            writer.write(answers.answer(method, path, b""))
        writer.close()

    server = await asyncio.start_server(serve, HOST, 0)
    port = server.sockets[0].getsockname()[1]
    url, process = service(QDRANT__URL=f"http://{HOST}:{port}")
    try:
        await asyncio.to_thread(process.start)
        _, writer = await asyncio.open_connection(HOST, int(url.rpartition(":")[2]))
        writer.write(request(url))
        await asked.wait()
        left = time.monotonic()
        writer.close()
        await asyncio.wait_for(gone.wait(), 10)
        took = 1000 * (time.monotonic() - left)
        print(f"a client leaves in mid-search: the store sees its connection closed {took:.0f} ms later")
    finally:
        process.close()
        server.close()


def say(what: str, value: float, bound: float) -> None:
    """A figure and its bound."""
    print(f"  {'reached' if value <= bound else 'MISSED '} {what}: {value:.1f} ms (at most {bound:g})")


SCENES: dict[str, Callable[[float], Coroutine[None, None, None]]] = {
    "redis-hangs": redis_hangs,
    "redis-dies": redis_dies,
    "store-hangs": store_hangs,
    "client-leaves": client_leaves,
}


def main() -> None:
    """Play the scenes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.outage", description=__doc__)
    parser.add_argument("--seconds", type=float, default=5, help="of each part of a scene; default: %(default)s")
    parser.add_argument("--scenes", nargs="+", choices=SCENES, default=list(SCENES), help="default: all")
    given = parser.parse_args()
    # A process that is told to stop has to stop those that it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    for name in given.scenes:
        asyncio.run(SCENES[name](given.seconds))


if __name__ == "__main__":
    main()
