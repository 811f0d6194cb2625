"""A call of every method of the ports, and what must hold of the errors that leave them."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping

import pytest

from domain.errors import HoldfastError
from domain.filters import Filter, Match
from domain.models import Collection, Distance, Hit, IndexType, Point, Vector
from domain.ports import Cache, Entry, VectorStore
from domain.queries import SearchQuery, Selection
from tests.servers.tcp import Address

SECRET = "s3cret-key"
"""The key or password with which clients are built: it must not be in any error."""

SLACK = 3.0
"""Seconds by which a loaded machine may miss a time limit."""

QUERY = SearchQuery(vector=Vector.of([1, 2]))
POINT = Point(1, Vector.of([1, 2]), {"a": 1})
COLLECTION = Collection(name="x", size=2, distance=Distance.DOT)
ENTRY = Entry("generation", 1.0, (Hit(1, 0.5),))

STORE_READS: Mapping[str, Callable[[VectorStore], Awaitable[object]]] = {
    "list_collections": lambda store: store.list_collections(),
    "describe_collection": lambda store: store.describe_collection("x"),
    "retrieve": lambda store: store.retrieve("x", [1]),
    "scroll": lambda store: store.scroll("x", Filter(), limit=1),
    "count": lambda store: store.count("x", Filter()),
    "search": lambda store: store.search("x", QUERY),
    "search_batch": lambda store: store.search_batch("x", [QUERY, QUERY]),
    "ping": lambda store: store.ping(),
}

STORE_WRITES: Mapping[str, Callable[[VectorStore], Awaitable[object]]] = {
    "create_collection": lambda store: store.create_collection(COLLECTION),
    "delete_collection": lambda store: store.delete_collection("x"),
    "create_index": lambda store: store.create_index("x", "a", IndexType.INTEGER),
    "upsert": lambda store: store.upsert("x", [POINT]),
    "set_payload": lambda store: store.set_payload("x", {"a": 2}, Selection(ids=(1,))),
    "delete": lambda store: store.delete("x", Selection(filter=Filter(must=(Match("a", 1),)))),
}

STORE_CALLS = {**STORE_READS, **STORE_WRITES}

CACHE_CALLS: Mapping[str, Callable[[Cache], Awaitable[object]]] = {
    "recall": lambda cache: cache.recall("x", "k"),
    "remember": lambda cache: cache.remember("x", "k", ENTRY, 60),
    "invalidate": lambda cache: cache.invalidate("x"),
    "forget": lambda cache: cache.forget("x"),
    "ping": lambda cache: cache.ping(),
}


async def error_of(call: Awaitable[object], *, within: float, address: Address | None = None) -> HoldfastError:
    """The error of the domain that the call raises in so many seconds. It holds no secret and no address."""
    started = time.monotonic()
    with pytest.raises(HoldfastError) as caught:
        await call
    assert time.monotonic() - started < within + SLACK
    error = caught.value
    assert error.__cause__ is None
    told = f"{error} {error!r} {error.args} {vars(error)}"
    for hidden in (SECRET, "127.0.0.1", "localhost", *([str(address.port)] if address is not None else [])):
        assert hidden not in told
    return error
