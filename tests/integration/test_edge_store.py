"""The contract of `VectorStore`, kept by the embedded engine in a process of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from adapters.edge import EdgeVectorStore, EngineSupervisor
from domain.filters import MAX_CONDITIONS, Filter, MatchAny
from domain.ports import VectorStore
from domain.queries import SearchQuery
from tests.contract.things import ids, make_colored
from tests.contract.vector_store_contract import VectorStoreContract


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data directory whose engine runs for all tests of this module."""
    root = tmp_path_factory.mktemp("data")
    supervisor = EngineSupervisor(root)
    yield root
    supervisor.close()


class TestEdgeVectorStore(VectorStoreContract):
    """The embedded engine."""

    @pytest.fixture
    async def store(self, data: Path) -> AsyncIterator[VectorStore]:
        """An empty store."""
        store = EdgeVectorStore(data)
        yield store
        cleaner = EdgeVectorStore(data)
        for name in await cleaner.list_collections():
            await cleaner.delete_collection(name)
        await cleaner.aclose()
        await store.aclose()

    async def test_takes_the_largest_filter_beside_an_id(self, store: VectorStore) -> None:
        """To leave out the point that is searched by takes nothing from the conditions that a filter may have."""
        await make_colored(store)
        wide = Filter(should=tuple(MatchAny("color", ("red", f"color {i}")) for i in range(MAX_CONDITIONS)))
        assert ids(await store.search("things", SearchQuery(id=1, filter=wide))) == [3, 5]
