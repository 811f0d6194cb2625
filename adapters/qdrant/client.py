"""The asynchronous client of Qdrant, built once for a process from the settings."""

from __future__ import annotations

import warnings
from typing import Any
from urllib.parse import urlsplit

from qdrant_client import AsyncQdrantClient

from adapters.backends import MEMORY, QdrantSettings
from adapters.transport import PooledTransport, tls_context

__all__ = ["AsyncQdrantClient", "build_qdrant_client"]

GRPC_OPTIONS = {
    # Otherwise calls go on failing for up to two minutes after the server is back.
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 1000,
    "grpc.enable_http_proxy": 0,
}


def build_qdrant_client(settings: QdrantSettings) -> AsyncQdrantClient:
    """A client that opens no connection yet. The caller closes it with `await client.close()`.

    Its own time limit is per phase and in whole seconds; wrap calls in `asyncio.timeout` for a total.
    """
    if settings.in_memory:
        return AsyncQdrantClient(location=MEMORY)
    grpc_options: dict[str, Any] = dict(GRPC_OPTIONS)
    if settings.ca_file is not None:
        grpc_options["root_certificates"] = settings.ca_file.read_bytes()
    with warnings.catch_warnings():
        # A key over plain http is the operator's choice inside a private network; the start logs it.
        warnings.filterwarnings("ignore", message="Api key is used with an insecure connection")
        return AsyncQdrantClient(
            url=settings.url,
            port=_default_port(settings.url),
            grpc_port=settings.grpc_port,
            prefer_grpc=settings.prefer_grpc,
            grpc_options=grpc_options,
            api_key=settings.api_key.get_secret_value() if settings.api_key else None,
            timeout=int(max(settings.read_timeout, settings.write_timeout)) + 1,
            check_compatibility=False,
            transport=PooledTransport(
                size=settings.pool_size,
                connect_timeout=settings.read_timeout / 2,
                tls=tls_context(settings.url, settings.ca_file),
            ),
            trust_env=False,
        )


def _default_port(url: str) -> int:
    return 443 if url.startswith("https://") and urlsplit(url).port is None else 6333
