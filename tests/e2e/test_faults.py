"""What a client sees of each fault of a backend: the documented answer, in time, and a service that goes on."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from pydantic import SecretStr

from adapters.backends import QdrantSettings, RedisSettings
from adapters.settings import Settings
from containers import Container
from entrypoints.http import create_app
from tests.e2e.service import CACHE_DOWN, STORE_DOWN
from tests.servers.faults import GRPC_FAULTS, HTTP_FAULTS, REDIS_FAULTS, Address

KEY = "fault-api-key-93b1"
TIMEOUT, SLACK = 0.3, 3.0

ANSWERED_REST = {
    "status_400": 422,
    "status_404_collection": 404,
    "status_409": 409,
    "status_413": 422,
    "status_422": 422,
}
"""Faults in which the server is well and refuses: the client's own error, in the domain's words."""

ANSWERED_GRPC = {
    "code_invalid_argument": 422,
    "code_out_of_range": 422,
    "code_not_found": 404,
    "code_already_exists": 409,
}


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[httpx.AsyncClient]:
    """The application with the real adapters, started and stopped."""
    app = create_app(Container(settings=settings))
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test", timeout=30) as client,
    ):
        yield client


def qdrant(address: Address, *, grpc: bool) -> Settings:
    """Settings for a vector database at the address."""
    return Settings(
        qdrant=QdrantSettings(
            url=f"http://{address.host}:{address.port}",
            grpc_port=address.port,
            prefer_grpc=grpc,
            api_key=SecretStr(KEY),
            read_timeout=TIMEOUT,
            write_timeout=TIMEOUT,
        )
    )


async def check_store_fault(client: httpx.AsyncClient, status: int) -> None:
    """Reads and writes give the documented answer in time, without a word of the driver; the process lives on."""
    point = {"points": [{"id": 1, "vector": [1, 2]}]}
    begun = time.monotonic()
    answers = [
        await client.post("/v1/collections/a/search", json={"vector": [1, 2]}),
        await client.put("/v1/collections/a/points", json=point),
    ]
    assert time.monotonic() - begun < 2 * TIMEOUT + SLACK
    for answer in answers:
        assert answer.status_code == status, answer.text
        if status == 503:
            assert answer.json() == STORE_DOWN
            assert int(answer.headers["Retry-After"]) >= 1
        assert KEY not in answer.text
    assert (await client.get("/health/live")).status_code == 200


@pytest.mark.parametrize("fault", sorted(HTTP_FAULTS))
async def test_rest(fault: str) -> None:
    """Qdrant over REST."""
    async with HTTP_FAULTS[fault]() as address, serving(qdrant(address, grpc=False)) as client:
        await check_store_fault(client, ANSWERED_REST.get(fault, 503))


@pytest.mark.parametrize("fault", sorted(GRPC_FAULTS))
async def test_grpc(fault: str) -> None:
    """Qdrant over gRPC."""
    async with GRPC_FAULTS[fault]() as address, serving(qdrant(address, grpc=True)) as client:
        await check_store_fault(client, ANSWERED_GRPC.get(fault, 503))


@pytest.mark.parametrize("fault", sorted(REDIS_FAULTS))
async def test_redis(fault: str) -> None:
    """Redis: what needs the cache is its 503 in time, and searches do not notice."""
    async with REDIS_FAULTS[fault]() as address:
        url = SecretStr(f"redis://:{KEY}@{address.host}:{address.port}/0")
        redis = RedisSettings(url=url, timeout=TIMEOUT, connect_timeout=TIMEOUT)
        async with serving(Settings(redis=redis)) as client:
            await client.put("/v1/collections/a", json={"vector": {"size": 1, "distance": "dot"}})
            begun = time.monotonic()
            purge = await client.delete("/v1/collections/a/cache")
            assert time.monotonic() - begun < TIMEOUT + SLACK
            assert (purge.status_code, purge.json()) == (503, CACHE_DOWN)
            assert (await client.post("/v1/collections/a/search", json={"vector": [1]})).status_code == 200
            infra = await client.get("/health/infra")
            assert (infra.status_code, infra.json()["status"]) in ((200, "degraded"), (200, "up"))
            assert KEY not in infra.text
