"""A filter means the same to Qdrant's engine, to the in-memory store, and over both protocols."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
from qdrant_client import AsyncQdrantClient, models

from adapters.memory.filters import matches
from adapters.qdrant.filters import to_qdrant
from domain.filters import (
    Condition,
    DatetimeRange,
    Filter,
    GeoPoint,
    GeoRadius,
    HasId,
    Match,
    MatchAny,
    MatchExcept,
    Range,
    ValuesCount,
)
from tests.contract.edge_oracle import EdgeOracle
from tests.contract.filter_cases import NOON, TICK
from tests.contract.filter_tables import LAST
from tests.contract.filter_tree_cases import CASES
from tests.contract.filters_sent import to_rest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from domain.models import PointId
    from tests.contract.filter_cases import Case
    from tests.contract.filter_tables import Table

PARIS = datetime(1900, 1, 1, tzinfo=timezone(timedelta(minutes=9, seconds=21)))
"""Midnight by the sun of Paris: an offset that RFC 3339 has no form for."""

each_group = pytest.mark.parametrize("cases", CASES.values(), ids=CASES)


@pytest.fixture(scope="module")
def oracle() -> Iterator[EdgeOracle]:
    oracle = EdgeOracle()
    yield oracle
    oracle.close()


@pytest.fixture(scope="module")
def local() -> Iterator[AsyncQdrantClient]:
    """The client's `:memory:` with a collection for each table, named by its identity."""
    client = AsyncQdrantClient(":memory:")

    async def fill(table: Table) -> None:
        vectors = models.VectorParams(size=1, distance=models.Distance.DOT)
        await client.create_collection(str(id(table)), vectors_config=vectors)
        written = [models.PointStruct(id=_text(i), vector=[1.0], payload=dict(load)) for i, load in table.items()]
        await client.upsert(str(id(table)), written)

    async def fill_all() -> None:
        tables = {id(case.table): case.table for cases in CASES.values() for case in cases}
        for table in tables.values():
            await fill(table)

    asyncio.run(fill_all())
    yield client
    asyncio.run(client.close())


def _text(point_id: PointId) -> int | str:
    return str(point_id) if isinstance(point_id, UUID) else point_id


@each_group
def test_engine_meets_the_cases(cases: tuple[Case, ...], oracle: EdgeOracle) -> None:
    """Qdrant's engine answers as the table of cases says."""
    found = {case.name: oracle.matching(case.table, case.filter) for case in cases}
    assert found == {case.name: case.expected for case in cases}


@each_group
def test_memory_meets_the_cases(cases: tuple[Case, ...]) -> None:
    """The in-memory store answers as the table of cases says."""
    found = {case.name: {i for i, load in case.table.items() if matches(case.filter, i, load)} for case in cases}
    assert found == {case.name: case.expected for case in cases}


@each_group
async def test_local_client_meets_the_cases(cases: tuple[Case, ...], local: AsyncQdrantClient) -> None:
    """The client's `:memory:` answers as the table says, except just where the table says why it does not."""
    departing = []
    for case in cases:
        records, _ = await local.scroll(str(id(case.table)), scroll_filter=to_qdrant(case.filter), limit=100)
        if {record.id for record in records} != {_text(i) for i in case.expected}:
            departing.append(case.name)
    assert departing == [case.name for case in cases if case.local]


def test_cases_have_names_of_their_own() -> None:
    """No case hides another of its group."""
    for cases in CASES.values():
        assert len({case.name for case in cases}) == len(cases)


def test_places_beyond_all_degrees_raise_nothing() -> None:
    """A payload may hold any numbers: where they take the haversine formula out of its range, no circle holds them."""
    found = set()
    for lat in range(90):
        circle = Filter(must=(GeoRadius("p", GeoPoint(lat, 0), 1e-9),))
        found.add(matches(circle, 1, {"p": {"lat": 180 - lat, "lon": 180}}))
    assert False in found


@pytest.mark.parametrize(
    ("condition", "sent"),
    [
        (Match("a", True), '"match": {"value": true}'),
        (Match("a", 1), '"match": {"value": 1}'),
        (Match("a", "1"), '"match": {"value": "1"}'),
        (Match("a", 2**63 - 1), '"match": {"value": 9223372036854775807}'),
        (MatchAny("a", (0, 1)), '"match": {"any": [0, 1]}'),
        (MatchExcept("a", ("0", "true")), '"match": {"except": ["0", "true"]}'),
        (Range(key="a", gte=1, lt=2**53), '"range": {"gte": 1.0, "lt": 9007199254740992.0}'),
        (ValuesCount(key="a", lt=2**63 - 1), '"values_count": {"lt": 9223372036854775807}'),
        (DatetimeRange(key="a", gt=NOON + TICK), '"range": {"gt": "2024-05-01T12:00:00.000001Z"}'),
        (DatetimeRange(key="a", lt=PARIS), '"range": {"lt": "1899-12-31T23:50:39Z"}'),
        (HasId(frozenset({LAST, 2**64 - 1, 1})), f'"has_id": [1, 18446744073709551615, "{LAST}"]'),
    ],
)
def test_values_keep_their_type_and_precision(condition: Condition, sent: str) -> None:
    """What is sent has the types and all the digits of the domain's values, and times are in UTC."""
    assert sent in to_rest(to_qdrant(Filter(must=(condition,))))
