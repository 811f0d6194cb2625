"""The use cases of snapshots, on a store that only says what it was asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from dependency_injector import providers

from adapters.memory import InMemoryCache, InMemoryVectorStore
from adapters.settings import Settings
from containers import ConfigurationError, Container
from domain.errors import CollectionConflict, HoldfastError, InvalidInput
from domain.models import Collection, Distance, Point, Vector
from domain.ports import SnapshotStore, Unpacked
from domain.queries import SearchQuery
from domain.snapshots import Snapshots

FILE = Path("things.snap")


class Recorder(SnapshotStore):
    """Notes what it is asked, and raises `error` where something is to be published."""

    def __init__(self, error: HoldfastError | None = None) -> None:
        self.asked: list[str] = []
        self._error = error

    async def take(self, collection: str, path: Path) -> int:
        self.asked.append(f"take {collection}")
        return 7

    async def unpack(self, path: Path, name: str | None = None) -> Unpacked:
        self.asked.append("unpack")
        return Unpacked(name=name or "things", points=7, folder=path, description=None)

    async def publish(self, unpacked: Unpacked) -> None:
        self.asked.append(f"publish {unpacked.name}")
        if self._error is not None:
            raise self._error

    async def discard(self, unpacked: Unpacked) -> None:
        self.asked.append(f"discard {unpacked.name}")

    async def aclose(self) -> None:
        """Nothing was opened."""


def container(store: SnapshotStore) -> Container:
    """A container with this store of snapshots, and one point in `things`."""
    return Container(
        settings=Settings(),
        snapshot_store=providers.Object(store),
        vector_store=providers.Object(InMemoryVectorStore()),
        cache=providers.Object(InMemoryCache()),
    )


async def test_takes_a_snapshot() -> None:
    """The store is asked for it, and says how many points it has."""
    store = Recorder()
    snapshots: Snapshots = container(store).snapshots()
    assert await snapshots.take("things", FILE) == 7
    assert store.asked == ["take things"]


@pytest.mark.parametrize("name", ["", "../x", "n" * 256])
async def test_refuses_what_is_no_name(name: str) -> None:
    """The store is not asked for what can be no collection."""
    store = Recorder()
    snapshots: Snapshots = container(store).snapshots()
    with pytest.raises(InvalidInput):
        await snapshots.take(name, FILE)
    with pytest.raises(InvalidInput):
        await snapshots.restore(FILE, name)
    assert store.asked == []


@pytest.mark.parametrize(("given", "name"), [(None, "things"), ("other", "other")])
async def test_restores_under_a_name(given: str | None, name: str) -> None:
    """What was unpacked is published under the name that was said, else its own, and let go of."""
    store = Recorder()
    done = await container(store).snapshots().restore(FILE, given)
    assert (done.value.name, done.value.points, done.invalidated) == (name, 7, True)
    assert store.asked == ["unpack", f"publish {name}", f"discard {name}"]


async def test_a_refused_one_is_let_go_of() -> None:
    """Also where the collection cannot be published, nothing of it stays."""
    store = Recorder(CollectionConflict("things", ["it is another"]))
    with pytest.raises(CollectionConflict):
        await container(store).snapshots().restore(FILE)
    assert store.asked[-1] == "discard things"


async def test_forgets_what_was_remembered_of_an_earlier_one() -> None:
    """A search that was remembered of a collection that is gone says nothing of the one restored under its name."""
    parts = container(Recorder())
    await parts.collections().create(Collection(name="things", size=1, distance=Distance.DOT))
    await parts.points().upsert("things", [Point(1, Vector.of([1]))])
    query = SearchQuery(vector=Vector.of([1]), limit=1)
    assert len((await parts.search().search("things", query)).hits) == 1
    store: InMemoryVectorStore = parts.vector_store()
    # Gone by another way, so that nobody was told.
    await store.delete_collection("things")
    await store.create_collection(Collection(name="things", size=1, distance=Distance.DOT))
    assert len((await parts.search().search("things", query)).hits) == 1
    await parts.snapshots().restore(FILE)
    assert (await parts.search().search("things", query)).hits == ()
    await parts.closing().aclose()


def test_says_that_a_server_makes_its_own() -> None:
    """Without a directory there is one line, which names what to use instead."""
    for url in (":memory:", "http://127.0.0.1:1", "holdfast+http://127.0.0.1:1"):
        settings = Settings.model_validate({"qdrant": {"url": url}})
        with pytest.raises(ConfigurationError, match="`holdfast export` and `holdfast copy` work with every store"):
            Container(settings=settings).snapshots()
