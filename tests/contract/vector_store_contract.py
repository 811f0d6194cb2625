"""What every `VectorStore` must do. A test module subclasses `VectorStoreContract` and gives it a `store`."""

from __future__ import annotations

import pytest

from domain.errors import (
    BackendUnavailable,
    Failure,
)
from domain.filters import Filter
from domain.ports import VectorStore
from tests.contract.collection_contract import CollectionContract
from tests.contract.conditional_contract import ConditionalContract
from tests.contract.point_contract import PointContract
from tests.contract.search_contract import SearchContract
from tests.contract.things import query


class LifecycleContract:
    """Being asked, and ending."""

    async def test_answers_a_ping(self, store: VectorStore) -> None:
        """A store that is there says what it is, and that nothing has failed."""
        status = await store.ping()
        assert status.technology in ("memory", "qdrant", "qdrant-memory", "qdrant-edge", "holdfast")
        assert status.last_failure is None

    async def test_is_unavailable_once_closed(self, store: VectorStore) -> None:
        """A closed store raises the one error that callers know, and can be closed again."""
        await store.aclose()
        await store.aclose()
        for call in (store.ping(), store.count("things", Filter()), store.search("things", query(1, 2))):
            with pytest.raises(BackendUnavailable) as caught:
                await call
            assert caught.value.failure is Failure.CLOSED


class VectorStoreContract(CollectionContract, PointContract, ConditionalContract, SearchContract, LifecycleContract):
    """The whole contract."""
