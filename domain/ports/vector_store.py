"""The port behind which points are stored and searched."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from domain.filters import Filter
from domain.models import Collection, CollectionInfo, Hit, IndexType, Page, Payload, Point, PointId, Record
from domain.ports.status import BackendStatus, Event
from domain.queries import SearchQuery, Selection


class VectorStore(ABC):
    """Collections of points, and the nearest neighbours in them.

    What holds for every method:

    - It raises `BackendUnavailable` where the store did not do what was asked, within a total time
      of its own; `Overloaded` where it was not even asked; `CollectionNotFound` where `collection` does
      not exist; other errors of the domain as its docstring says; and nothing else. Cancelling it is always possible.
    - A write returns when a later read through any client sees it. A write that raised
      `BackendUnavailable` may have been done, in part or whole.
    - Values come back as they went in, but for float32, and for vectors under cosine, which come
      back with norm 1. Callers do not change what they passed or got.
    - Points are in the order of their ids, integers before UUIDs, where no other order is named.
    """

    @abstractmethod
    async def create_collection(self, collection: Collection) -> bool:
        """Make the collection with its indexes; True where it was made, False where it existed just so.

        Existing means that `Collection.differences` finds none; indexes that it lacks are added.
        Of concurrent calls one makes it. A call that failed half-way is completed by the same call.

        Raises `CollectionConflict` where it exists and differs.
        """

    @abstractmethod
    async def list_collections(self) -> tuple[str, ...]:
        """The names of all collections, sorted."""

    @abstractmethod
    async def describe_collection(self, name: str) -> CollectionInfo:
        """The collection as it is now.

        Raises `CollectionConflict` for a collection of the store's that this port cannot serve.
        """

    @abstractmethod
    async def delete_collection(self, name: str) -> None:
        """Delete the collection and all its points."""

    @abstractmethod
    async def create_index(self, collection: str, field: str, type_: IndexType) -> bool:
        """Index the values at the path `field`; True when it is built, False while it still is being built.

        An index that exists is left as it is. Filters answer alike with an index and without, as far
        as the values are of the index's type; an engine may pass over others, or read 1.0 as 1.

        Raises `CollectionConflict` where the field has an index of another type.
        """

    @abstractmethod
    async def upsert(self, collection: str, points: Sequence[Point], *, only: Filter | None = None) -> None:
        """Write the points, each in place of the one with its id. Of points with one id the last counts.

        With `only`, those that exist and do not meet it are left as they are. No write of another comes between
        the look at a point and the write to it.

        Raises `InvalidInput` at `points[i].vector` for a vector that does not fit the collection, and
        `CollectionConflict` where the collection is kept by a store that knows no `only`; then nothing was written.
        """

    @abstractmethod
    async def set_payload(self, collection: str, payload: Payload, selection: Selection) -> None:
        """Merge `payload` into that of the selected points at its top level; a null removes the key.

        Raises `PointNotFound` for the first selected id that does not exist; then nothing was written.
        """

    @abstractmethod
    async def delete(self, collection: str, selection: Selection) -> None:
        """Delete the selected points. Ids that do not exist are passed over."""

    @abstractmethod
    async def retrieve(
        self,
        collection: str,
        ids: Sequence[PointId],
        *,
        with_vectors: bool = False,
    ) -> tuple[Record, ...]:
        """The points with these ids in the order asked, each once; ids that do not exist are left out."""

    @abstractmethod
    async def scroll(
        self,
        collection: str,
        filter_: Filter,
        *,
        limit: int,
        start: PointId | None = None,
        with_vectors: bool = False,
    ) -> Page:
        """At most `limit` points that meet the filter, in order, from the id `start` on (the first by default).

        `start` itself need not exist. `Page.next` is None when no more points follow.
        """

    @abstractmethod
    async def count(self, collection: str, filter_: Filter) -> int:
        """How many points meet the filter, exactly."""

    @abstractmethod
    async def search(self, collection: str, query: SearchQuery) -> tuple[Hit, ...]:
        """The hits, nearest first; hits with one score in the order of their ids, also across pages.

        Raises `InvalidInput` at `vector` for a vector that does not fit the collection, and
        `PointNotFound` where `query.id` does not exist.
        """

    @abstractmethod
    async def search_batch(self, collection: str, queries: Sequence[SearchQuery]) -> tuple[tuple[Hit, ...], ...]:
        """What `search` gives for each query, in order. One query's error is the error of all.

        Errors about a query's value are raised at `searches[i]`.
        """

    @abstractmethod
    async def ping(self) -> BackendStatus:
        """Ask the store a cheap question. Raises `BackendUnavailable` where it does not answer."""

    def breakers(self) -> Mapping[str, str]:
        """The states of its circuit breakers: `closed`, `open` or `half_open`, by what they are for (`read`, `write`).

        Nothing is asked for it. None where it has none, as by default.
        """
        return {}

    async def engine_figures(self) -> Mapping[str, float]:
        """What the engine that this store runs tells of itself; nothing where it runs none, as by default.

        `up`, and while that is 1 `restarts`, `collections` (open) and `builds` (of graphs, under way). It takes a
        second at most, raises nothing, and says nothing about the store to its circuit breakers.
        """
        return {}

    def history(self) -> Sequence[Event]:
        """What happened to it lately, as this process saw it, oldest first; a few dozen events at most.

        Nothing is asked for it. None where nobody keeps any, as by default.
        """
        return ()

    @abstractmethod
    async def aclose(self) -> None:
        """Let go of connections. Later calls raise `BackendUnavailable`; a second `aclose` does nothing."""
