"""The contract of `VectorStore`, kept by another Holdfast service: through the whole application, without a socket."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest
from hypothesis import given, settings

from adapters.holdfast import HoldfastVectorStore
from adapters.holdfast.client import client_of
from adapters.holdfast.filters import to_json
from adapters.memory import InMemoryCache, InMemoryVectorStore
from domain.filters import Filter
from domain.ports import VectorStore
from entrypoints.http.bodies.filter_forms import FilterBody
from entrypoints.http.bodies.filters import read_filter
from tests.contract.filter_strategies import filters
from tests.contract.filter_tree_cases import CASES
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


def sent_and_read(filter_: Filter) -> Filter:
    """The filter that a service reads from what is sent to it."""
    return read_filter(msgspec.json.decode(msgspec.json.encode(to_json(filter_)), type=FilterBody))


@pytest.mark.parametrize("cases", CASES.values(), ids=CASES)
def test_a_filter_of_the_cases_arrives_as_it_was(cases: tuple[object, ...]) -> None:
    """Every filter of the table of cases is the same on the other side."""
    for case in cases:
        filter_ = case.filter  # type: ignore[attr-defined]
        assert sent_and_read(filter_) == filter_


@settings(max_examples=50, deadline=None)
@given(filters)
def test_any_filter_arrives_as_it_was(filter_: Filter) -> None:
    """Filters that nobody thought of are the same on the other side too."""
    assert sent_and_read(filter_) == filter_
