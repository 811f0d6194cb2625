"""The clients that the container offers to others: what building them does, and what it does not."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from adapters.backends import QdrantSettings, RedisSettings
from adapters.qdrant import build_qdrant_client
from adapters.redis import build_redis_client
from tests.integration.operations import SECRET
from tests.integration.qdrant_stores import open_store, settings_at
from tests.servers.certificates import issue_certificates
from tests.servers.process import HOST
from tests.servers.qdrant_grpc import serve_qdrant_grpc
from tests.servers.qdrant_rest import serve_qdrant_rest
from tests.servers.tcp import refuse
from tests.sockets import sockets_refused

KEY = {"api_key": SECRET}

BUILDS: dict[str, Callable[[], Any]] = {
    "rest": lambda: qdrant(url="http://qdrant.invalid:6333", **KEY),
    "https": lambda: qdrant(url="https://qdrant.invalid", **KEY),
    "grpc": lambda: qdrant(url="http://qdrant.invalid:6333", prefer_grpc=True, **KEY),
    "memory": lambda: qdrant(url=":memory:"),
    "redis": lambda: redis(url=f"redis://user:{SECRET}@redis.invalid:6379/0"),
    "rediss": lambda: redis(url="rediss://redis.invalid", username="user", password=SECRET),
    "sentinel": lambda: redis(
        url=f"redis+sentinel://user:{SECRET}@a.invalid,b.invalid/mymaster", sentinel_password=SECRET
    ),
    "cluster": lambda: redis(url=f"rediss+cluster://user:{SECRET}@a.invalid:1,b.invalid:2"),
    "unix": lambda: redis(url=f"unix://:{SECRET}@/run/redis.sock"),
}


def qdrant(**options: Any) -> Any:
    return build_qdrant_client(QdrantSettings(**options))


def redis(**options: Any) -> Any:
    return build_redis_client(RedisSettings(**options))


async def close(client: Any) -> None:
    await (client.aclose() if hasattr(client, "aclose") else client.close())


def open_files() -> int:
    return len(os.listdir("/dev/fd"))  # noqa: PTH208


@pytest.mark.parametrize("build", BUILDS.values(), ids=BUILDS)
async def test_building_opens_nothing(build: Callable[[], Any]) -> None:
    """A client is built without a connection, a look-up of a name, a file that stays open, a thread or a warning."""
    await close(build())
    threads, files = threading.active_count(), open_files()
    with sockets_refused(), warnings.catch_warnings(record=True) as caught:
        client = build()
        assert (threading.active_count(), open_files(), caught) == (threads, files, [])
    await close(client)


def test_building_needs_no_event_loop() -> None:
    """A container may be built before the loop runs."""
    for build in BUILDS.values():
        assert build() is not None


@pytest.mark.parametrize("build", BUILDS.values(), ids=BUILDS)
async def test_shows_no_secret(build: Callable[[], Any]) -> None:
    """The representation of a client, and of its pool, holds no key and no password."""
    client = build()
    assert SECRET not in f"{client!r} {client} {getattr(client, 'connection_pool', '')!r}"
    await close(client)


def test_redis_needs_a_url() -> None:
    """Without a URL there is nothing to build a client of Redis for."""
    with pytest.raises(ValueError, match="SOCIAL_REDIS__URL is not set"):
        redis()


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://qdrant.example.org", "https://qdrant.example.org:443"),
        ("https://qdrant.example.org/a/b", "https://qdrant.example.org:443/a/b"),
        ("https://qdrant.example.org:6333", "https://qdrant.example.org:6333"),
        ("http://qdrant.example.org", "http://qdrant.example.org:6333"),
        ("http://[::1]:6333", "http://[::1]:6333"),
    ],
)
async def test_ports_of_qdrant(url: str, address: str) -> None:
    """A URL of https without a port means 443, as for every other service; one of http means Qdrant's own port."""
    client = qdrant(url=url)
    assert client.http.client.host == address
    await client.close()


async def test_serves_below_a_path() -> None:
    """Qdrant may stand behind a proxy, below a path of its own."""

    async def answer(_request: Request) -> Response | None:
        return JSONResponse({"result": {"collections": [{"name": "a"}]}, "status": "ok", "time": 0.0})

    async with serve_qdrant_rest() as server:
        server.intercept = answer
        for path in ("/vectors", "/a/b/"):
            async with open_store(QdrantSettings(url=f"{server.url}{path}")) as store:
                assert await store.list_collections() == ("a",)
        assert [request.path for request in server.requests] == ["/vectors/collections", "/a/b/collections"]


async def test_uses_no_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A proxy that the environment names for the world outside is not asked for the database inside."""
    issued = issue_certificates(tmp_path)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    async with refuse() as nobody:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "grpc_proxy"):
            monkeypatch.setenv(name, nobody.url)
        async with serve_qdrant_rest() as rest, open_store(settings_at(rest)) as store:
            assert await store.list_collections() == ()
        async with serve_qdrant_grpc() as peer, open_store(settings_at(peer)) as store:
            assert await store.list_collections() == ()
        async with serve_qdrant_rest(tls=issued.server_context()) as rest:
            settings = QdrantSettings(url=f"https://{HOST}:{rest.port}", ca_file=issued.ca_file)
            async with open_store(settings) as store:
                assert await store.list_collections() == ()
