"""The contract of `VectorStore`, kept by another Holdfast service: through the whole application, without a socket."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from adapters.holdfast import HoldfastVectorStore
from adapters.holdfast.client import client_of
from adapters.memory import InMemoryCache, InMemoryVectorStore
from domain.ports import VectorStore
from tests.contract.filter_tree_cases import CASES
from tests.contract.filters_sent import through_holdfast
from tests.contract.vector_store_contract import VectorStoreContract
from tests.fakes import make_app


class TestHoldfastVectorStore(VectorStoreContract):
    """A service over the fake in plain Python."""

    @pytest.fixture
    async def store(self) -> AsyncIterator[VectorStore]:
        """An empty store."""
        transport = httpx.ASGITransport(app=make_app(InMemoryVectorStore(), InMemoryCache()))
        store = HoldfastVectorStore(client_of(transport, "http://test"))
        yield store
        await store.aclose()


@pytest.mark.parametrize("cases", CASES.values(), ids=CASES)
def test_a_filter_of_the_cases_arrives_as_it_was(cases: tuple[object, ...]) -> None:
    """Every filter of the table of cases is the same on the other side."""
    for case in cases:
        filter_ = case.filter  # type: ignore[attr-defined]
        assert through_holdfast(filter_) == filter_
