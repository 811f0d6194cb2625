"""Whatever a tenant does, he learns nothing of others, and does nothing to them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hypothesis import given, settings

from adapters.memory import InMemoryVectorStore
from tests.properties.tenants import Act, World, acts, check, tables

if TYPE_CHECKING:
    from tests.contract.filter_tables import Table


@settings(max_examples=100, deadline=None)
@given(table=tables, done=acts)
def test_a_tenant_cannot_tell_whether_he_is_alone(table: Table, done: list[Act]) -> None:
    """Answers and errors are those that he would get without the others, whose points stay as they are."""
    asyncio.run(check(World(InMemoryVectorStore()), World(InMemoryVectorStore()), table, done))
