"""The HTTP client with which a Holdfast service is asked, built once for a process from the settings."""

from __future__ import annotations

import httpx

from adapters.backends import QdrantSettings
from adapters.transport import PooledTransport, tls_context

HEADERS = {
    # The port promises what the store gives: a remembered answer is none of the store's, and neither is one
    # that a write through another door outdated. `no-store` besides keeps what is asked here, which may be
    # all points of a collection, from pushing out what the service's own callers ask for.
    "Cache-Control": "no-cache, no-store",
    "Content-Type": "application/json",
    "Accept": "application/json",
}


def build_holdfast_client(settings: QdrantSettings) -> httpx.AsyncClient:
    """A client that opens no connection yet. The caller closes it with `await client.aclose()`.

    Its own time limit is for each phase; wrap calls in `asyncio.timeout` for a total.
    """
    transport = PooledTransport(
        size=settings.pool_size,
        connect_timeout=settings.read_timeout / 2,
        tls=tls_context(settings.server_url, settings.ca_file),
    )
    client = client_of(transport, settings.server_url, max(settings.read_timeout, settings.write_timeout) + 1)
    if settings.api_key is not None:
        client.headers["Authorization"] = f"Bearer {settings.api_key.get_secret_value()}"
    return client


def client_of(transport: httpx.AsyncBaseTransport, url: str, timeout: float = 60.0) -> httpx.AsyncClient:
    """A client of the service at `url` that sends its requests by `transport`."""
    return httpx.AsyncClient(transport=transport, base_url=url, headers=HEADERS, timeout=timeout, trust_env=False)
