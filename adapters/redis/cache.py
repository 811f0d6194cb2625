"""A Redis server behind the `Cache` port."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from functools import partial
from itertools import chain

from redis.asyncio import Redis, RedisCluster
from redis.exceptions import OutOfMemoryError

from adapters.call import BackendCall
from adapters.monitor import BackendMonitor
from adapters.redis.entries import FORMAT_VERSION, decode_entry, encode_entry
from adapters.redis.errors import classify
from adapters.redis.exchange import Command
from adapters.redis.hot import HotEntries
from adapters.redis.lanes import batches_for
from adapters.redis.replies import Values, era, generation_of, read_counts, read_done, read_values, read_version
from adapters.redis.ways import exchange_with
from domain.errors import Backend, Failure
from domain.ports import BackendStatus, Cache, Entry, Recollection

GENERATION_TTL = 7 * 24 * 3600
"""Seconds after which a generation is renewed. One that is lost costs a search."""

HOT_SECONDS = 60.0
"""Seconds for which an entry that was read is kept in this process."""

Keys = tuple[str, ...]


class RedisCache(Cache):
    """Keeps entries in Redis, which several processes share: a server, one behind Sentinels, or a Cluster.

    A collection has two tokens, its epoch and its generation. Invalidating removes the second,
    forgetting both; whoever recalls next sets new ones. The generation that callers see is
    `run.epoch.token`, where the run is that of the server: after a restart from a snapshot, or a
    failover, entries of another run are none.

    Entries that are asked for again are kept decoded, in at most `hot_bytes`, and then Redis is asked
    for the generation alone. Reads at the same moment are joined into one MGET, and writes into one
    pipeline; in a Cluster, those of one slot, which all keys of a collection are in.

    `prefix` and `store` (which vector store the results are from) begin every key. `timeout`
    (seconds) bounds an operation in total, `invalidation_timeout` one that invalidates or forgets, and
    `connect_timeout` a ping besides. The client must come
    from `build_redis_client`. Its user needs INFO, MGET, SET, UNLINK and PING, in
    a Cluster also CLUSTER|INFO, CLUSTER|SLOTS and ASKING.
    """

    def __init__(
        self,
        client: Redis | RedisCluster,
        *,
        store: str,
        prefix: str = "holdfast",
        timeout: float = 0.1,
        connect_timeout: float = 1.0,
        invalidation_timeout: float = 1.0,
        hot_bytes: int = 64 * 1024 * 1024,
        monitor: BackendMonitor | None = None,
    ) -> None:
        self._client = client
        self._exchange = exchange_with(client)
        self._prefix = f"{prefix}:{FORMAT_VERSION}:{store}"
        self._timeout = timeout
        self._connect_timeout = connect_timeout
        self._invalidation_timeout = invalidation_timeout
        self._monitor = monitor or BackendMonitor(Backend.CACHE)
        self._reads = batches_for(client, self._read_all, _key_of_keys)
        self._begins = batches_for(client, self._begin_all, _key_of_keys)
        self._writes = batches_for(client, self._write_all, _key_of_command)
        self._hot = HotEntries(hot_bytes)
        self._closed = False

    async def recall(self, collection: str, key: str) -> Recollection:
        self._check_open("recall")
        tokens, place = self._tokens(collection), self._entry(collection, key)
        hot = self._hot.get(place)
        run, values = await self._reads.ask(tokens if hot is not None else (*tokens, place))
        present = generation_of(run, values)
        if hot is not None and present is not None and hot.generation != present:
            # Another process may have remembered what was asked since the last write.
            run, values = await self._reads.ask((*tokens, place))
            present, hot = generation_of(run, values), None
        if present is None:
            present = generation_of(*await self._begins.ask(tokens))
        entry = hot if hot is not None or len(values) < 3 else self._decode(place, values[2])
        if entry is None or present is None:
            return Recollection(present, None)
        same = entry.generation == present or era(entry.generation) == era(present)
        return Recollection(present, entry if same else None)

    async def remember(self, collection: str, key: str, entry: Entry, ttl: float) -> None:
        self._check_open("remember")
        place, data = self._entry(collection, key), encode_entry(entry)
        await self._writes.ask(("SET", place, data, "PX", max(int(ttl * 1000), 1)))
        # Kept here once it is asked for again: most results never are, and would push out those that are.
        self._hot.discard(place)

    async def invalidate(self, collection: str) -> None:
        _, token = self._tokens(collection)
        with self._call("invalidate", self._invalidation_timeout) as ask:
            await ask(self._exchange(("UNLINK", token)), read_counts)

    async def forget(self, collection: str) -> None:
        # One by one: a Cluster that moves the collection elsewhere has each of them at one place or the other.
        unlinks = [("UNLINK", token) for token in self._tokens(collection)]
        with self._call("forget", self._invalidation_timeout) as ask:
            await ask(self._exchange(*unlinks), read_counts)

    async def ping(self) -> BackendStatus:
        with self._call("ping", self._connect_timeout + self._timeout) as ask:
            version = await ask(self._exchange(("INFO", "server")), read_version)
        return BackendStatus("redis", version, self._monitor.last_failure)

    async def aclose(self) -> None:
        self._closed = True
        self._hot.clear()
        await self._reads.aclose()
        await self._begins.aclose()
        await self._writes.aclose()
        await self._exchange.aclose()
        await self._client.aclose()

    def _check_open(self, operation: str) -> None:
        if self._closed:
            raise self._monitor.failed(operation, Failure.CLOSED, RuntimeError())

    def _call(self, operation: str, timeout: float | None = None) -> BackendCall:
        self._check_open(operation)
        return BackendCall(self._monitor, operation, timeout or self._timeout, classify)

    async def _read_all(self, asked: Sequence[Keys], *first: Command) -> list[Values]:
        """The values of the keys that each asked for, by one MGET behind the first commands."""
        keys = tuple(dict.fromkeys(chain.from_iterable(asked)))
        with self._call("recall") as ask:
            sent = self._exchange(*first, ("MGET", *keys), tolerated=OutOfMemoryError if first else ())
            run, values = await ask(sent, partial(read_values, len(keys)))
        found = dict(zip(keys, values, strict=True))
        answers = {each: (run, tuple(found[key] for key in each)) for each in set(asked)}
        return [answers[each] for each in asked]

    async def _begin_all(self, asked: Sequence[Keys]) -> list[Values]:
        """Give collections the tokens that they lack, each a new one that is sent once; those that they have then."""
        keys = dict.fromkeys(chain.from_iterable(asked))
        sets = [("SET", key, secrets.token_hex(16), "NX", "EX", GENERATION_TTL) for key in keys]
        return await self._read_all(asked, *sets)

    async def _write_all(self, commands: Sequence[Command]) -> Sequence[None]:
        with self._call("remember") as ask:
            return await ask(self._exchange(*commands), read_done)

    def _decode(self, place: str, data: bytes | None) -> Entry | None:
        entry = None if data is None else decode_entry(data)
        if data is not None and entry is not None:
            self._hot.put(place, entry, len(data), HOT_SECONDS)
        return entry

    def _tokens(self, collection: str) -> tuple[str, str]:
        """The keys of the collection's epoch and generation, in one slot of a Redis Cluster with its entries."""
        return f"{self._prefix}:{{{collection}}}:epoch", f"{self._prefix}:{{{collection}}}:generation"

    def _entry(self, collection: str, key: str) -> str:
        return f"{self._prefix}:{{{collection}}}:entry:{key}"


def _key_of_keys(asked: Keys) -> str:
    return asked[0]


def _key_of_command(command: Command) -> str:
    return str(command[1])
