"""A service, what it takes of memory, and an innocent client."""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import httpx

from tests.e2e.hostile.sender import Sender
from tests.e2e.service import ROOT, service
from tests.servers.process import ChildProcess

MIB = 1024 * 1024

QUIET = 3.0
"""Seconds before and after in which nobody means harm."""

AT_ONCE = 4
"""Hostile connections at a time."""

WARM = 50
"""Searches before which the innocent client, and what serves it, is still getting ready."""


class World:
    """One worker with the limits as they are by default, and `:memory:`; or `given` is served."""

    def __init__(self, given: tuple[str, ChildProcess] | None = None) -> None:
        self._given = given is not None
        self.url, self.server = given or service(LIMITS__HEAD_TIMEOUT=2, LIMITS__BODY_TIMEOUT=2)
        self.port = httpx.URL(self.url).port or 0
        self.peak = 0
        self._watching: asyncio.Task[None] | None = None
        self._innocent: subprocess.Popen[bytes] | None = None

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.server.start)
        if not self._given:
            await self._fill()
        self._watching = asyncio.create_task(self._watch())
        command = [sys.executable, "-m", "tests.e2e.hostile.innocent", str(self.port)]
        self._innocent = subprocess.Popen(  # noqa: ASYNC220, S603
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
        )
        return self

    async def _fill(self) -> None:
        async with httpx.AsyncClient(base_url=f"{self.url}/v1/collections") as client:
            for name in ("innocent", "hostile"):
                made = {"vector": {"size": 2, "distance": "cosine"}}
                assert (await client.put(f"/{name}", json=made)).status_code == 201
            points = [{"id": number, "vector": [number, 1], "payload": {"a": "x"}} for number in range(1, 100)]
            assert (await client.put("/innocent/points", json={"points": points})).status_code == 200

    async def __aexit__(self, *_: object) -> None:
        if self._watching is not None:
            self._watching.cancel()
        if self._innocent is not None:
            self._innocent.kill()
            self._innocent.communicate()
        try:
            await asyncio.to_thread(self.server.stop)
        finally:
            self.server.close()

    def memory(self) -> int:
        """The bytes that the service has in memory now."""
        pages = Path(f"/proc/{self.server.pid}/statm").read_text().split()[1]
        return int(pages) * resource.getpagesize()

    async def _watch(self) -> None:
        while True:
            self.peak = max(self.peak, self.memory())
            await asyncio.sleep(0.05)

    async def suffer(self, sender: Sender) -> Course:
        """Let it send, with peace before and after, and end the innocent client."""
        assert self._innocent is not None
        await asyncio.sleep(QUIET)
        memory, begun = self.memory(), time.monotonic()
        await sender.run(AT_ONCE)
        ended = time.monotonic()
        await asyncio.sleep(QUIET)
        out, _ = await asyncio.to_thread(self._innocent.communicate)
        return Course([(when, seconds, status) for when, seconds, status in json.loads(out)], begun, ended, memory)


@dataclass(frozen=True, slots=True)
class Harm:
    """Seconds that the innocent searches took at most, `share` of them: in peace, and while others meant harm."""

    share: float
    peace: float
    meanwhile: float

    def __str__(self) -> str:
        return (
            f"{self.share:.0%} of the innocent searches took at most {self.peace * 1000:.2f} ms in peace,"
            f" {self.meanwhile * 1000:.2f} ms meanwhile"
        )


@dataclass(frozen=True, slots=True)
class Course:
    """When each innocent search began, how many seconds it took, and its status.

    Harm was meant from `begun` to `ended`. `memory` is what the service had before, in bytes.
    """

    noted: list[tuple[float, float, int]]
    begun: float
    ended: float
    memory: int

    def harm(self, share: float) -> Harm:
        """What the quicker `share` of the searches took at most."""
        peace = [took for when, took, _ in self.noted[WARM:] if when + took < self.begun or when > self.ended + 1]
        meanwhile = [took for when, took, _ in self.noted if self.begun < when < self.ended]
        return Harm(share, percentile(peace, share), percentile(meanwhile, share))


def percentile(values: list[float], share: float) -> float:
    """The value below which this share of the values is."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]
