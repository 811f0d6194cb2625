"""A Redis server behind the `Cache` port."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from typing import Any, NamedTuple

from redis.asyncio import Redis
from redis.exceptions import OutOfMemoryError, ResponseError

from adapters.call import BackendCall
from adapters.monitor import BackendMonitor
from adapters.redis.client import parse_info
from adapters.redis.entries import FORMAT_VERSION, decode_entry, encode_entry
from adapters.redis.errors import classify
from domain.errors import Backend, Failure
from domain.ports import BackendStatus, Cache, Entry, Recollection

GENERATION_TTL = 7 * 24 * 3600
"""Seconds after which a generation is renewed. One that is lost costs a search."""

_TOKEN = re.compile(rb"[0-9a-f]{32}")

Command = tuple[str | bytes | int, ...]

Replies = tuple[str, Sequence[Any]]
"""The run of the server, and its replies to commands in their order."""


class RedisCache(Cache):
    """Keeps entries in a Redis server that several processes share.

    A collection has two tokens, its epoch and its generation. Invalidating removes the second,
    forgetting both; whoever recalls next sets new ones. The generation that callers see is
    `run.epoch.token`, where the run is that of the server: after a restart from a snapshot, or a
    failover, entries of another run are none.

    `prefix` and `store` (which vector store the results are from) begin every key. `timeout`
    (seconds) bounds an operation in total, and `connect_timeout` a ping besides. The client must come
    from `build_redis_client`. Its user needs INFO, MGET, SET, UNLINK and PING.
    """

    def __init__(
        self,
        client: Redis,
        *,
        store: str,
        prefix: str = "holdfast",
        timeout: float = 0.1,
        connect_timeout: float = 1.0,
        monitor: BackendMonitor | None = None,
    ) -> None:
        self._client = client
        self._prefix = f"{prefix}:{FORMAT_VERSION}:{store}"
        self._timeout = timeout
        self._connect_timeout = connect_timeout
        self._monitor = monitor or BackendMonitor(Backend.CACHE)
        self._closed = False

    async def recall(self, collection: str, key: str) -> Recollection:
        keys = self._tokens(collection)
        async with self._call("recall") as ask:
            found = await ask(self._exchange(("MGET", *keys, self._entry(collection, key))), _read_found)
            present = found.present or await ask(self._begin(keys), lambda replies: _read_found(replies).present)
        if present is None:
            return Recollection(None, None)
        entry = decode_entry(found.data) if found.data else None
        usable = entry is not None and _era(entry.generation) == _era(present)
        return Recollection(present, entry if usable else None)

    async def remember(self, collection: str, key: str, entry: Entry, ttl: float) -> None:
        milliseconds = max(int(ttl * 1000), 1)
        async with self._call("remember") as ask:
            setting = ("SET", self._entry(collection, key), encode_entry(entry), "PX", milliseconds)
            await ask(self._exchange(setting), _read_done)

    async def invalidate(self, collection: str) -> None:
        _, token = self._tokens(collection)
        async with self._call("invalidate") as ask:
            await ask(self._exchange(("UNLINK", token)), _read_count)

    async def forget(self, collection: str) -> None:
        async with self._call("forget") as ask:
            await ask(self._exchange(("UNLINK", *self._tokens(collection))), _read_count)

    async def ping(self) -> BackendStatus:
        async with self._call("ping", self._connect_timeout + self._timeout) as ask:
            version = await ask(self._exchange(("INFO", "server")), _read_version)
        return BackendStatus("redis", version, self._monitor.last_failure)

    async def aclose(self) -> None:
        self._closed = True
        await self._client.aclose()

    def _call(self, operation: str, timeout: float | None = None) -> BackendCall:
        if self._closed:
            raise self._monitor.failed(operation, Failure.CLOSED, RuntimeError())
        return BackendCall(self._monitor, operation, timeout or self._timeout, classify)

    def _tokens(self, collection: str) -> tuple[str, str]:
        """The keys of the collection's epoch and generation, in one slot of a Redis Cluster with its entries."""
        return f"{self._prefix}:{{{collection}}}:epoch", f"{self._prefix}:{{{collection}}}:generation"

    def _entry(self, collection: str, key: str) -> str:
        return f"{self._prefix}:{{{collection}}}:entry:{key}"

    async def _begin(self, keys: tuple[str, str]) -> Replies:
        """Give the collection the tokens that it lacks; which ones it has then, if any."""
        sets = [("SET", key, secrets.token_hex(16), "NX", "EX", GENERATION_TTL) for key in keys]
        run, replies = await self._exchange(*sets, ("MGET", *keys), tolerated=OutOfMemoryError)
        return run, replies[-1:]

    async def _exchange(self, *commands: Command, tolerated: type[ResponseError] | tuple[()] = ()) -> Replies:
        """The server's run, and its replies to the commands, all sent once and over one connection.

        Raises the first error reply, apart from those of the tolerated type, which stand in the replies.
        """
        pool: Any = self._client.connection_pool
        connection = await pool.get_connection()
        try:
            await connection.send_packed_command(connection.pack_commands(commands))
            replies = [await _read(connection) for _ in commands]
            run: str = connection.run_id
        except BaseException:
            await connection.disconnect(nowait=True)
            raise
        finally:
            await pool.release(connection)
        for reply in replies:
            if isinstance(reply, ResponseError) and not isinstance(reply, tolerated):
                raise reply
        return run, replies


async def _read(connection: Any) -> Any:
    try:
        return await connection.read_response()
    except ResponseError as error:
        return error


class _Found(NamedTuple):
    """What a read of the tokens, and of an entry, found."""

    present: str | None
    data: bytes | None


def _read_found(replies: Replies) -> _Found:
    run, (values,) = replies
    if not isinstance(values, list) or not all(isinstance(value, bytes | None) for value in values):
        raise TypeError("an answer that is not the one to MGET")
    epoch, token, data = (*values, None)[:3]
    if not (_is_token(epoch) and _is_token(token)):
        return _Found(None, data)
    return _Found(f"{run}.{epoch.decode()}.{token.decode()}", data)


def _read_done(replies: Replies) -> None:
    _, (answer,) = replies
    if answer != b"OK":
        raise TypeError("an answer that is not the one to SET")


def _read_count(replies: Replies) -> None:
    _, (answer,) = replies
    if type(answer) is not int:
        raise TypeError("an answer that is not the one to UNLINK")


def _read_version(replies: Replies) -> str:
    _, (info,) = replies
    return parse_info(info)["redis_version"]


def _is_token(value: bytes | None) -> bool:
    return value is not None and _TOKEN.fullmatch(value) is not None


def _era(generation: str) -> str:
    """The run and the epoch of a generation."""
    return generation.rpartition(".")[0]
