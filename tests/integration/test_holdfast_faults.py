"""Each way in which a Holdfast service, or whoever answers in its place, can fail: one error, in time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from adapters.backends import QdrantSettings
from adapters.holdfast import HoldfastVectorStore, build_holdfast_client
from domain.errors import Failure, InvalidInput
from tests.integration.operations import STORE_CALLS
from tests.integration.test_qdrant_faults import REST, Expected, check_all, expected_of, limits_of
from tests.servers.faults import HTTP_FAULTS, Address

SERVICE: dict[str, Expected] = REST | {
    # In Qdrant's words, which a service does not speak: whoever says them is no service.
    **dict.fromkeys(["status_400", "status_404_collection", "status_409", "status_422"], Failure.FAULT),
    "status_204": Failure.GARBAGE,
    "status_413": InvalidInput,
}

ACKNOWLEDGED = {"delete_collection", "set_payload", "delete"}
"""Operations whose answer is a 204."""


@asynccontextmanager
async def open_service(address: Address, limits: dict[str, Any]) -> AsyncIterator[HoldfastVectorStore]:
    """The store at an address, with these time limits."""
    client = build_holdfast_client(QdrantSettings(url=f"holdfast+{address.url}", **limits))
    store = HoldfastVectorStore(client, **limits)
    try:
        yield store
    finally:
        await store.aclose()


@pytest.mark.parametrize("name", HTTP_FAULTS)
async def test_fault(name: str) -> None:
    """Each fault gives the same error in every operation, in time."""
    expected = expected_of(SERVICE, name)
    operations = STORE_CALLS.keys() - (ACKNOWLEDGED if name == "status_204" else set())
    async with HTTP_FAULTS[name]() as address, open_service(address, limits_of(SERVICE, name)) as store:
        await check_all(store, operations, name, expected, address)
