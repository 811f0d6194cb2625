"""What holds on a Qdrant server over REST and gRPC alike, besides the contract of the port.

A test module subclasses `QdrantServerContract` and says how its stand-in is served.
"""

from __future__ import annotations

import asyncio
import time
from abc import abstractmethod
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import pytest
from qdrant_client.http import models

from domain.errors import BackendUnavailable, CollectionConflict, Failure
from domain.filters import Filter
from domain.models import Collection, Distance, IndexType
from domain.ports import VectorStore
from tests.contract.things import make
from tests.contract.vector_store_contract import VectorStoreContract
from tests.integration.operations import POINT, QUERY, SECRET, STORE_CALLS, error_of
from tests.integration.qdrant_stores import CONTRACT_COLLECTIONS, StandIn, open_empty_store, open_store, settings_at
from tests.integration.qdrant_version_contract import QdrantVersionContract
from tests.integration.relays import relay
from tests.servers.certificates import Certificates, issue_certificates
from tests.servers.qdrant_core import QdrantCore
from tests.servers.tcp import Address

GONE = (Failure.REFUSED, Failure.RESET)
VECTOR = models.VectorParams(size=2, distance=models.Distance.DOT)
SPARSE = {"words": models.SparseVectorParams()}
MULTI = models.MultiVectorConfig(comparator=models.MultiVectorComparator.MAX_SIM)

UNSERVABLE = {
    "named": models.CreateCollection(vectors={"title": VECTOR}),
    "sparse": models.CreateCollection(vectors=VECTOR, sparse_vectors=SPARSE),
    "sparse_alone": models.CreateCollection(vectors={}, sparse_vectors=SPARSE),
    "multi": models.CreateCollection(vectors=VECTOR.model_copy(update={"multivector_config": MULTI})),
}
"""Collections that other clients can make, and Holdfast cannot serve."""


class SpreadCore(QdrantCore):
    """Notes how collections were to be made."""

    def __init__(self) -> None:
        super().__init__()
        self.made: list[models.CreateCollection] = []

    async def create_collection(self, name: str, made: models.CreateCollection) -> bool:
        self.made.append(made)
        return await super().create_collection(name, made)


class SlowCore(QdrantCore):
    """Only takes note of writes, and says so."""

    status = models.UpdateStatus.ACKNOWLEDGED

    async def create_index(self, name: str, index: models.CreateFieldIndex) -> models.UpdateResult:
        return self._noted(await super().create_index(name, index))

    async def upsert(self, name: str, operation: models.PointsList | models.PointsBatch) -> models.UpdateResult:
        return self._noted(await super().upsert(name, operation))

    async def set_payload(self, name: str, operation: models.SetPayload) -> models.UpdateResult:
        return self._noted(await super().set_payload(name, operation))

    async def delete(self, name: str, selector: models.PointIdsList | models.FilterSelector) -> models.UpdateResult:
        return self._noted(await super().delete(name, selector))

    def _noted(self, result: models.UpdateResult) -> models.UpdateResult:
        return result.model_copy(update={"status": self.status})


async def failure_of(store: VectorStore) -> Failure:
    """How the cheapest read fails."""
    error = await error_of(store.list_collections(), within=5)
    assert isinstance(error, BackendUnavailable)
    return error.failure


class QdrantServerContract(QdrantVersionContract, VectorStoreContract):
    """The contract of the port, and that of its adapter for a server."""

    @staticmethod
    @abstractmethod
    def serve(
        *, api_key: str | None = None, tls: Certificates | None = None, data: QdrantCore | None = None
    ) -> AbstractAsyncContextManager[Any]:
        """The stand-in."""

    @pytest.fixture
    async def server(self) -> AsyncIterator[StandIn]:
        """A stand-in without collections."""
        async with self.serve() as server:
            yield server

    @pytest.fixture
    async def store(self, server: StandIn) -> AsyncIterator[VectorStore]:
        """An empty store."""
        async with open_store(settings_at(server)) as store:
            yield store

    async def test_is_emptied_for_a_test(self, server: StandIn) -> None:
        """An emptied store lacks the collections of the contract, before and after, and keeps others."""
        names = (*CONTRACT_COLLECTIONS, "other")
        for name in names:
            await server.data.create_collection(name, models.CreateCollection(vectors=VECTOR))
        async with open_empty_store(settings_at(server)) as store:
            assert await store.list_collections() == ("other",)
            await make(store, POINT)
        assert await server.data.list_collections() == models.CollectionsResponse(
            collections=[models.CollectionDescription(name="other")]
        )

    @pytest.mark.parametrize(
        ("options", "asked"),
        [
            ({}, (None, None, None)),
            ({"shard_number": 6}, (6, None, None)),
            ({"replication_factor": 3}, (None, 3, 3)),
            ({"replication_factor": 3, "write_consistency_factor": 2}, (None, 3, 2)),
        ],
        ids=["none", "shards", "replicas", "fewer"],
    )
    async def test_says_how_a_cluster_is_to_spread_a_collection(
        self, options: dict[str, Any], asked: tuple[int | None, ...]
    ) -> None:
        """Shards, replicas and how many must have a write go out as the settings say; by default all replicas must."""
        core = SpreadCore()
        async with self.serve(data=core) as server, open_store(settings_at(server, **options)) as store:
            await make(store)
        (made,) = core.made
        assert (made.shard_number, made.replication_factor, made.write_consistency_factor) == asked

    async def test_takes_the_right_key(self) -> None:
        """With the operator's key everything works."""
        async with self.serve(api_key=SECRET) as server, open_store(settings_at(server, api_key=SECRET)) as store:
            await make(store, POINT)
            assert (await store.ping()).version == "1.20.0"
            assert len(await store.search("things", QUERY)) == 1

    @pytest.mark.parametrize("key", ["wrong", None])
    async def test_says_that_a_key_is_wrong(self, key: str | None) -> None:
        """A wrong key, or none, is told apart from an outage; the ping tells it too, though the version is open."""
        async with self.serve(api_key=SECRET) as server, open_store(settings_at(server, api_key=key)) as store:
            for call in (store.ping(), store.list_collections(), store.upsert("things", [POINT])):
                error = await error_of(call, within=5)
                assert isinstance(error, BackendUnavailable)
                assert error.failure is Failure.UNAUTHORIZED

    async def test_trusts_the_authority_it_is_given(self, tmp_path: Path) -> None:
        """Over TLS the server's certificate is checked against `ca_file`."""
        issued = issue_certificates(tmp_path)
        async with self.serve(tls=issued, api_key=SECRET) as server:
            settings = settings_at(server, https=True, tls=True, ca_file=issued.ca_file, api_key=SECRET)
            async with open_store(settings) as store:
                await make(store, POINT)
                assert await store.count("things", Filter()) == 1

    async def test_trusts_no_other_authority(self, tmp_path: Path) -> None:
        """A certificate by an authority that is not known is no connection, and nothing is sent."""
        issued, other = issue_certificates(tmp_path / "a"), issue_certificates(tmp_path / "b")
        async with self.serve(tls=issued) as server:
            for ca_file in (None, other.ca_file):
                settings = settings_at(server, https=True, ca_file=ca_file, api_key=SECRET)
                async with open_store(settings) as store:
                    assert await failure_of(store) is Failure.REFUSED
            assert server.requests == []

    async def test_keeps_its_connection(self, server: StandIn) -> None:
        """Calls one after the other share a connection."""
        async with relay(Address("127.0.0.1", server.port)) as front:
            server.port, port = front.address.port, server.port
            async with open_store(settings_at(server)) as store:
                for _ in range(10):
                    await store.list_collections()
            server.port = port
            assert front.accepted == 1

    @pytest.mark.parametrize("status", [models.UpdateStatus.ACKNOWLEDGED, models.UpdateStatus.WAIT_TIMEOUT])
    async def test_takes_no_note_for_a_deed(self, status: models.UpdateStatus) -> None:
        """A write that the server only took note of has not been done in time."""
        core = SlowCore()
        core.status = status
        await core.create_collection("x", models.CreateCollection(vectors=VECTOR))
        async with self.serve(data=core) as server, open_store(settings_at(server)) as store:
            for operation in ("upsert", "set_payload", "delete"):
                error = await error_of(STORE_CALLS[operation](store), within=5)
                assert isinstance(error, BackendUnavailable)
                assert (error.operation, error.failure) == (operation, Failure.TIMEOUT)
            assert await store.create_index("x", "a", IndexType.INTEGER) is False

    @pytest.mark.parametrize("kind", UNSERVABLE)
    async def test_refuses_collections_it_cannot_serve(self, server: StandIn, store: VectorStore, kind: str) -> None:
        """A collection with named, sparse or multiple vectors, made by another client, is a conflict."""
        await server.data.create_collection("x", UNSERVABLE[kind])
        for operation in ("describe_collection", "create_collection", "create_index", "upsert", "search"):
            call = STORE_CALLS[operation](store)
            with pytest.raises(CollectionConflict, match="Holdfast"):
                await call
        await store.delete_collection("x")

    async def test_passes_over_indexes_it_has_no_words_for(self, server: StandIn, store: VectorStore) -> None:
        """Indexes of other types, or on paths that the domain does not know, are left as they are."""
        await make(store, POINT)
        text = models.TextIndexParams(type=models.TextIndexType.TEXT, tokenizer=models.TokenizerType.WORD)
        foreign: list[tuple[str, models.PayloadSchemaType | models.TextIndexParams]] = [
            ("text", models.PayloadSchemaType.TEXT),
            ("words", text),
            ("a" * 1025, models.PayloadSchemaType.KEYWORD),
        ]
        for field, schema in foreign:
            index = models.CreateFieldIndex(field_name=field, field_schema=schema)
            await server.data.create_index("things", index)
        assert await store.create_index("things", "a", IndexType.INTEGER) is True
        info = await store.describe_collection("things")
        assert (info.collection.indexes, info.indexed) == ({"a": IndexType.INTEGER}, {"a": 1})
        wanted = Collection(name="things", size=2, distance=Distance.DOT, indexes={"a": IndexType.INTEGER})
        assert await store.create_collection(wanted) is False

    async def test_tells_that_indexes_are_being_built(self, server: StandIn, store: VectorStore) -> None:
        """While the server optimises a collection it is described as building."""
        await make(store, POINT)
        await store.create_index("things", "a", IndexType.INTEGER)
        server.data.statuses["things"] = models.CollectionStatus.YELLOW
        assert (await store.describe_collection("things")).building
        assert await store.create_index("things", "a", IndexType.INTEGER) is False

    async def test_comes_back_with_the_server(self, server: StandIn, store: VectorStore) -> None:
        """While the server is away calls fail at once, and soon after its return they work again."""
        await make(store, POINT)
        await server.stop()
        for _ in range(5):
            assert await failure_of(store) in GONE
        await server.start()
        deadline = time.monotonic() + 5
        while True:
            try:
                assert await store.list_collections() == ("things",)
                break
            except BackendUnavailable:
                assert time.monotonic() < deadline
                await asyncio.sleep(0.05)
        status = await store.ping()
        assert status.last_failure is not None
        assert status.last_failure.failure in GONE
