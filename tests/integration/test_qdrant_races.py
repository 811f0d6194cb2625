"""A Qdrant server whose points change between two requests of one search."""

from __future__ import annotations

import pytest
from qdrant_client.http import models

from domain.models import Point
from domain.queries import SearchQuery
from tests.contract.things import RED, ids, make, vector
from tests.integration.qdrant_stores import open_store, settings_at
from tests.servers.qdrant_core import COMPLETED, QdrantCore
from tests.servers.qdrant_rest import serve_qdrant_rest


class HandingOver(QdrantCore):
    """Once ids and scores alone were asked for, point 2 is given to another: it is blue from then on."""

    async def query(self, name: str, request: models.QueryRequest) -> models.QueryResponse:
        response = await super().query(name, request)
        if not request.with_payload:
            change = models.SetPayload(payload={"color": "blue", "secret": 1}, points=[2])
            assert await self.set_payload(name, change) == COMPLETED
        return response


@pytest.mark.parametrize("shown", [True, ("secret",)])
async def test_a_hit_that_changes_hands_is_not_shown(shown: bool | tuple[str, ...]) -> None:  # noqa: FBT001
    """What is fetched for hits that were found must still meet the filter, whatever part of it is asked for."""
    async with serve_qdrant_rest(data=HandingOver()) as server, open_store(settings_at(server)) as store:
        await make(store, *(Point(number, vector(1, 1), {"color": "red"}) for number in range(1, 9)))
        asked = SearchQuery(vector=vector(1, 0), filter=RED, limit=3, with_payload=shown)
        hits = await store.search("things", asked)
        assert ids(hits) == [1, 3]
        assert all("secret" not in (hit.payload or {}) for hit in hits)
