"""The service on a data directory, in processes that can be killed and come back."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.service import service

UNANSWERED = 0
"""The status of a request that had no answer."""

PATIENCE = 60.0
"""Seconds for an answer: more than the service takes for any, so that no request goes on once it is given up."""

LARGE, SMALL, BRIEF = "large", "small", "brief"

SIZES = {LARGE: 4096, SMALL: 4, BRIEF: 4}


class World:
    """The server, its engine, and a client; what happened is in `history`."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.url, self.server = service(QDRANT__URL=f"file:{data}", LOG__LEVEL="warning")
        self.client = httpx.AsyncClient(base_url=self.url, timeout=PATIENCE)
        self.history: list[str] = []
        self.problems: list[str] = []
        self._begun = time.monotonic()

    def note(self, told: str) -> None:
        """Add to the history."""
        self.history.append(f"{time.monotonic() - self._begun:8.3f} {told}")

    async def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """The status and the JSON of an answer; `UNANSWERED` where there was none."""
        try:
            answer = await self.client.request(method, f"/v1/collections{path}", json=body)
        except httpx.TransportError as error:
            return UNANSWERED, type(error).__name__
        return answer.status_code, answer.json() if answer.content else None

    def engine(self) -> int:
        """The id of the engine's process."""
        return int(json.loads((self.data / "engine.json").read_bytes())["pid"])

    def kill(self, victim: str) -> None:
        """Kill the engine, the server or both; a server is started again at once."""
        if victim in ("engine", "both"):
            with suppress(ProcessLookupError):
                os.kill(self.engine(), signal.SIGKILL)
        if victim in ("server", "both"):
            self.server.kill()
            self.server.start(wait=False)

    async def search(self, collection: str) -> tuple[int, Any]:
        """A search that is not answered from memory."""
        vector = [1] * SIZES[collection]
        headers = {"Cache-Control": "no-store"}
        try:
            path, asked = f"/v1/collections/{collection}/search", {"vector": vector, "limit": 3}
            answer = await self.client.post(path, json=asked, headers=headers)
        except httpx.TransportError as error:
            return UNANSWERED, type(error).__name__
        return answer.status_code, answer.json()

    async def recovered(self, collection: str, seconds: float) -> float:
        """How long it takes until a search is answered. Raises `TimeoutError`."""
        begun = time.monotonic()
        async with asyncio.timeout(seconds):
            while (await self.search(collection))[0] != httpx.codes.OK:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        return time.monotonic() - begun

    async def building(self, seconds: float) -> bool:
        """Wait for the moment that a graph begins to be built; False where none comes in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    status, info = await self.ask("GET", f"/{LARGE}")
                    if status == httpx.codes.OK and info["status"] == "building":
                        return True
                    await asyncio.sleep(0.02)
        return False

    def unfinished(self) -> set[Path]:
        """What an engine had not finished when it ended; the next one throws it away."""
        return {path for name in ("making", "trash") for path in (self.data / name).iterdir()}

    def unknown(self) -> list[str]:
        """What is beside the points in the folders of collections."""
        folders = (sorted(folder.iterdir()) for folder in (self.data / "collections").iterdir())
        return [f"left behind: {list(map(str, inside))}" for inside in folders if len(inside) != 2]

    async def aclose(self) -> None:
        """End all."""
        await self.client.aclose()
        self.server.close()
