"""Filters that nobody thought of mean the same to Qdrant's engine, to the in-memory store, and over every wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from qdrant_client import models
from qdrant_client.conversions.conversion import GrpcToRest, RestToGrpc

from adapters.memory.filters import matches
from adapters.qdrant.filters import to_qdrant
from domain.filters import Filter
from tests.contract.edge_oracle import EdgeOracle
from tests.contract.filters_sent import through_holdfast, to_rest
from tests.properties.strategies import filters, points

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.filter_tables import Table


def _parts(filter_: Filter) -> Iterator[Filter]:
    """The filter, and each of its conditions by itself."""
    yield filter_
    yield from (Filter(must=(condition,)) for condition in filter_.walk())


@settings(max_examples=100, deadline=None)
@given(table=points, filter_=filters)
def test_memory_agrees_with_the_engine(table: Table, filter_: Filter, oracle: EdgeOracle) -> None:
    """The in-memory store finds the very points that Qdrant's engine finds, whatever the payloads and filters."""
    for part in _parts(filter_):
        found = {i for i, payload in table.items() if matches(part, i, payload)}
        assert found == oracle.matching(table, part)


@settings(max_examples=100, deadline=None)
@given(filter_=filters)
def test_both_protocols_carry_the_filter(filter_: Filter) -> None:
    """A filter comes out of JSON, and of the messages of gRPC, as it went in."""
    model = to_qdrant(filter_)
    assert to_rest(models.Filter.model_validate_json(to_rest(model))) == to_rest(model)
    assert to_rest(GrpcToRest.convert_filter(RestToGrpc.convert_filter(model))) == to_rest(model)


@settings(max_examples=100, deadline=None)
@given(filters)
def test_any_filter_arrives_as_it_was(filter_: Filter) -> None:
    """Filters that nobody thought of are the same on the other side too."""
    assert through_holdfast(filter_) == filter_
