"""The contract against a real Qdrant: `SOCIAL_TEST_QDRANT_URL=http://... pytest -m real_qdrant`.

Collections that are named as the contract's are deleted before and after each test; no other may exist.
`SOCIAL_TEST_QDRANT_GRPC_PORT` adds gRPC, `SOCIAL_TEST_QDRANT_API_KEY` names the key.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping

import pytest

from adapters.backends import PREFIX, QdrantSettings
from domain.ports import VectorStore
from tests.contract.vector_store_contract import VectorStoreContract
from tests.integration.qdrant_stores import open_empty_store

VARIABLES = f"{PREFIX}TEST_QDRANT_"
PROTOCOLS = ("rest", "grpc") if f"{VARIABLES}GRPC_PORT" in os.environ else ("rest",)


def read_settings(environment: Mapping[str, str], protocol: str) -> QdrantSettings:
    """The settings that lead to the server that the environment names."""
    given = {
        name.removeprefix(VARIABLES).lower(): value for name, value in environment.items() if name.startswith(VARIABLES)
    }
    return QdrantSettings.model_validate({**given, "prefer_grpc": protocol == "grpc"})


@pytest.mark.real_qdrant
class TestRealQdrant(VectorStoreContract):
    """On a server, over each protocol."""

    @pytest.fixture(params=PROTOCOLS)
    async def store(self, request: pytest.FixtureRequest) -> AsyncIterator[VectorStore]:
        """An empty store."""
        settings = read_settings(os.environ, request.param)
        assert not settings.in_memory, f"{VARIABLES}URL names no server"
        async with open_empty_store(settings) as store:
            yield store


def test_reads_where_the_server_is() -> None:
    """The server is the one that the environment names."""
    environment = {
        f"{VARIABLES}URL": "http://127.0.0.1:6333",
        f"{VARIABLES}GRPC_PORT": "6400",
        f"{VARIABLES}API_KEY": "key",
        "SOCIAL_QDRANT__URL": "http://elsewhere:6333",
    }
    settings = read_settings(environment, "grpc")
    assert (settings.url, settings.grpc_port, settings.prefer_grpc) == ("http://127.0.0.1:6333", 6400, True)
    assert settings.api_key is not None
    assert settings.api_key.get_secret_value() == "key"
    assert read_settings({}, "rest").in_memory
