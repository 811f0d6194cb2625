"""A service, what it takes of memory, and an innocent client."""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import httpx

from tests.e2e.service import ROOT, service

MIB = 1024 * 1024


class World:
    """One worker with the limits as they are by default, and `:memory:`."""

    def __init__(self) -> None:
        self.url, self.server = service(LIMITS__HEAD_TIMEOUT=2, LIMITS__BODY_TIMEOUT=2)
        self.port = httpx.URL(self.url).port or 0
        self.peak = 0
        self._watching: asyncio.Task[None] | None = None
        self._innocent: subprocess.Popen[bytes] | None = None

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.server.start)
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

    async def searches(self) -> list[Search]:
        """End the innocent client: all of its searches."""
        assert self._innocent is not None
        out, _ = await asyncio.to_thread(self._innocent.communicate)
        return [Search(*noted) for noted in json.loads(out)]


@dataclass(frozen=True, slots=True)
class Search:
    """A search of the innocent client: when it began, how many seconds it took, and the status of its answer."""

    begun: float
    took: float
    status: int


def percentile(searches: Iterable[Search], share: float) -> float:
    """The seconds that the quicker `share` of the searches took at most."""
    took = sorted(search.took for search in searches)
    return took[min(int(len(took) * share), len(took) - 1)]
