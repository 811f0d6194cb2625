"""What holds for tenants, held by the embedded engine in a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from adapters.edge import EdgeVectorStore, EngineSupervisor
from adapters.memory import InMemoryVectorStore
from domain.filters import Filter
from domain.models import Collection, Distance, IndexType, Point
from domain.ports import VectorStore
from domain.queries import SearchQuery, Selection
from tests.contract.filter_tables import Table
from tests.contract.things import vector
from tests.properties.tenants import ANOTHER, HIS, Act, World, acts, check, tables

MANY = 600
"""More points than the engine writes in one step."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data directory whose engine runs for all tests of this module."""
    root = tmp_path_factory.mktemp("data")
    supervisor = EngineSupervisor(root)
    yield root
    supervisor.close()


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(table=tables, done=acts)
def test_a_tenant_cannot_tell_whether_he_is_alone(data: Path, table: Table, done: list[Act]) -> None:
    """Before the engine, that he shares, he is answered as before a store in plain Python that is his alone."""

    async def run() -> None:
        store = EdgeVectorStore(data, read_timeout=30.0)
        try:
            await check(World(store), World(InMemoryVectorStore()), table, done)
        finally:
            await store.delete_collection("things")
            await store.aclose()

    asyncio.run(run())


async def test_tenants_who_write_the_same_ids_at_once(data: Path) -> None:
    """Each id is one tenant's, whole, with an index on their field: that of who had it, or of who came first."""
    store: VectorStore = EdgeVectorStore(data, read_timeout=30.0)
    world = World(store, "many")
    indexes = {"a": IndexType.KEYWORD}
    await store.create_collection(Collection(name="many", size=2, distance=Distance.DOT, indexes=indexes))
    tenants = {HIS: 1, ANOTHER: 2}
    await world.points.upsert("many", [Point(i, vector(2, i)) for i in range(0, MANY, 2)], tenant=ANOTHER)
    await asyncio.gather(
        *(
            world.points.upsert("many", [Point(i, vector(number, i)) for i in order], tenant=tenant)
            for (tenant, number), order in zip(tenants.items(), (range(MANY), range(MANY)[::-1]), strict=True)
        )
    )
    counts = {tenant: await world.points.count("many", Filter(), tenant) for tenant in tenants}
    assert sum(counts.values()) == await store.count("many", Filter()) == MANY
    for tenant, number in tenants.items():
        page = await world.points.scroll("many", Filter(), limit=MANY, with_vectors=True, tenant=tenant)
        assert len(page.points) == counts[tenant]
        assert all(record.vector == vector(number, int(record.id)) for record in page.points)
    await world.points.delete("many", Selection(ids=tuple(range(MANY))), HIS)
    assert await world.points.count("many", Filter(), HIS) == 0
    assert await world.points.count("many", Filter(), ANOTHER) == counts[ANOTHER]
    found = await world.search.search("many", SearchQuery(id=0, limit=MANY), tenant=ANOTHER)
    assert len(found.hits) == counts[ANOTHER] - 1 >= MANY // 2 - 1
    await store.delete_collection("many")
    await store.aclose()
