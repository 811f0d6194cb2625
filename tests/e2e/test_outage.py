"""What the project began with: the backends die and come back, and the service goes on."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from pathlib import Path

import httpx
import pytest

from tests.e2e.service import CACHE_DOWN, STORE_DOWN, service
from tests.servers.process import ChildProcess
from tests.servers.qdrant_rest import qdrant_rest_process
from tests.servers.redis import RedisServer

API_KEY = "e2e-qdrant-api-key-0f8d"
PASSWORD = "e2e-redis-password-77c1"
VECTOR_SIGN, PAYLOAD_SIGN = "0.12345678", "e2e-payload-text"
THINGS = "/v1/collections/things"


async def make_things(client: httpx.AsyncClient) -> None:
    """The collection `things` with a hundred points."""
    made = await client.put(THINGS, json={"vector": {"size": 2, "distance": "dot"}})
    assert made.status_code == 201, made.text
    points = [{"id": i, "vector": [i + float(VECTOR_SIGN), 1], "payload": {"text": PAYLOAD_SIGN}} for i in range(100)]
    assert (await client.put(f"{THINGS}/points", json={"points": points})).json() == {"upserted": 100}


async def search(client: httpx.AsyncClient) -> httpx.Response:
    """A search that the store has to answer, whatever is remembered."""
    headers = {"Cache-Control": "no-store"}
    return await client.post(f"{THINGS}/search", json={"vector": [float(VECTOR_SIGN), 0], "limit": 3}, headers=headers)


async def until(client: httpx.AsyncClient, status: int, seconds: float = 10.0) -> httpx.Response:
    """The first search with this status. Fails when none comes in time."""
    deadline = time.monotonic() + seconds
    while True:
        answer = await search(client)
        if answer.status_code == status:
            return answer
        assert time.monotonic() < deadline, f"still {answer.status_code} after {seconds} s"
        await asyncio.sleep(0.02)


class Load:
    """Searches from several connections at once, and every answer that came."""

    def __init__(self, client: httpx.AsyncClient, callers: int = 8) -> None:
        self.answers: list[httpx.Response] = []
        self._client = client
        self._tasks = [asyncio.create_task(self._call()) for _ in range(callers)]

    async def _call(self) -> None:
        while True:
            self.answers.append(await search(self._client))
            await asyncio.sleep(0.002)

    async def end(self) -> Counter[int]:
        """Stop, and how often each status came. Raises where a call had no answer at all."""
        for task in self._tasks:
            task.cancel()
        ended = await asyncio.gather(*self._tasks, return_exceptions=True)
        assert all(isinstance(end, asyncio.CancelledError) for end in ended), ended
        return Counter(answer.status_code for answer in self.answers)


@pytest.mark.redis
async def test_the_vector_database_dies_in_mid_load_and_comes_back(tmp_path: Path) -> None:
    """Every answer is right or the one 503, and then 200 again, in the same process and with no secret told."""
    qdrant_url, qdrant = qdrant_rest_process(api_key=API_KEY, directory=tmp_path)
    with qdrant, RedisServer(password=PASSWORD) as redis:
        url, process = service(
            QDRANT__URL=qdrant_url, QDRANT__API_KEY=API_KEY, REDIS__URL=redis.url, LOG__LEVEL="debug"
        )
        with process:
            async with httpx.AsyncClient(base_url=url) as client:
                await make_things(client)
                expected = (await until(client, 200)).json()
                load = Load(client)
                await asyncio.sleep(0.3)
                pid = process.pid
                qdrant.kill()
                down = await until(client, 503)
                assert down.json() == STORE_DOWN
                assert int(down.headers["Retry-After"]) >= 1
                await asyncio.sleep(0.3)
                assert (await client.get("/health/infra")).status_code == 503
                assert (await client.get("/health/live")).status_code == 200
                qdrant.start()
                assert (await until(client, 200)).json() == expected
                await asyncio.sleep(0.3)
                statuses = await load.end()
            assert set(statuses) == {200, 503}
            assert all(a.json() == (expected if a.status_code == 200 else STORE_DOWN) for a in load.answers)
            assert (process.running, process.pid) == (True, pid)
            process.stop()
            check_logs(process)


def check_logs(process: ChildProcess) -> None:
    """Every line is an object; failure and recovery have one each; no secret, vector or payload is told."""
    lines = [json.loads(line) for line in process.output().splitlines()]
    events = Counter(line["event"] for line in lines)
    assert events["backend_failed"] == events["backend_recovered"] >= 1
    assert events["starting"] == events["started"] == events["stopped"] == 1
    for secret in (API_KEY, PASSWORD, VECTOR_SIGN, PAYLOAD_SIGN):
        assert secret not in process.output()


@pytest.mark.redis
async def test_starts_with_both_backends_down_and_recovers(tmp_path: Path) -> None:
    """It starts, is ready, serves the 503s, and serves everything once the backends come."""
    qdrant_url, qdrant = qdrant_rest_process(directory=tmp_path)
    with RedisServer() as redis:
        redis.kill()
        url, process = service(QDRANT__URL=qdrant_url, REDIS__URL=redis.url)
        with process:
            async with httpx.AsyncClient(base_url=url) as client:
                assert (await client.get("/health/ready")).status_code == 200
                infra = (await client.get("/health/infra")).json()
                assert (infra["vector_store"]["failure"], infra["cache"]["failure"]) == ("refused", "refused")
                assert (await search(client)).json() == STORE_DOWN
                purge = await client.delete(f"{THINGS}/cache")
                assert (purge.status_code, purge.json()) == (503, CACHE_DOWN)
                with qdrant:
                    await until(client, 404)
                    await make_things(client)
                    assert (await search(client)).status_code == 200
                    redis.start()
                    assert (await client.delete(f"{THINGS}/cache")).status_code == 204
                    up = await client.get("/health/infra")
                    assert (up.status_code, up.json()["status"]) == (200, "up")
                    assert up.json()["cache"]["last_failure"]["failure"] == "refused"


async def test_a_hanging_database_is_a_503_within_its_time(tmp_path: Path) -> None:
    """While the database is stopped dead, searches end at the time limit and health goes on; then all is well again."""
    qdrant_url, qdrant = qdrant_rest_process(directory=tmp_path)
    with qdrant:
        url, process = service(QDRANT__URL=qdrant_url, QDRANT__READ_TIMEOUT="0.5")
        with process:
            async with httpx.AsyncClient(base_url=url, timeout=10) as client:
                await make_things(client)
                qdrant.pause()
                begun = time.monotonic()
                answers = await asyncio.gather(*(search(client) for _ in range(20)), client.get("/health/live"))
                assert time.monotonic() - begun < 5
                assert [answer.status_code for answer in answers] == [503] * 20 + [200]
                assert answers[0].json() == STORE_DOWN
                qdrant.resume()
                await until(client, 200)
