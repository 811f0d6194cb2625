"""A Redis Cluster: commands sent to the masters of their slots, each at most once."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from itertools import chain
from typing import Any

from redis.asyncio import BlockingConnectionPool, Connection, Redis, RedisCluster, SSLConnection
from redis.asyncio.cluster import ClusterNode
from redis.exceptions import (
    AskError,
    BusyLoadingError,
    ClusterDownError,
    MovedError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    SlotNotCoveredError,
)

from adapters.addresses import Address
from adapters.redis.exchange import Command, Exchange, Replies
from adapters.redis.first import Asking, Shared
from adapters.redis.info import parse_info
from adapters.redis.slots import Slots, read_ranges, slot_of

ASKED_AT_ONCE = 3
"""Nodes that are asked for the slots at once; the first answer counts."""

REDIRECTS = 3
"""How often a command follows where it is referred to."""

PAUSE = 0.1
"""Seconds between two times that nodes are asked for the slots after MOVED."""

CHANGED = (ClusterDownError, ReadOnlyError, BusyLoadingError)
"""Answers after which the slots may be elsewhere."""


class ClusterClient(RedisCluster):
    """The client of a Redis Cluster, with what it takes to make connections to single nodes."""

    def __init__(self, nodes: Sequence[Address], *, limit: float, tls: bool, options: dict[str, Any]) -> None:
        # Pools of single nodes wait for a connection; this client cannot, and does not check hosts by option.
        own = {
            name: value
            for name, value in options.items()
            if name not in ("timeout", "redis_connect_func", "ssl_check_hostname")
        }
        # Retries are for a topology that may change: one, after it was read anew.
        super().__init__(startup_nodes=[ClusterNode(*node) for node in nodes], ssl=tls, **own)
        self.addresses = tuple(nodes)
        self.limit = limit
        self._node_options = {**options, "connection_class": SSLConnection if tls else Connection}

    def client_of(self, address: Address) -> Redis:
        """A client of this node alone, for whoever closes it."""
        host, port = address
        return Redis.from_pool(BlockingConnectionPool(host=host, port=port, **self._node_options))


class _Node:
    """The exchange with one node."""

    def __init__(self, client: Redis) -> None:
        self._client = client
        self._exchange = Exchange(client)
        self._closed = False

    async def __call__(self, *commands: Command, tolerated: type[ResponseError] | tuple[()] = ()) -> Replies:
        try:
            return await self._exchange(*commands, tolerated=tolerated)
        finally:
            if self._closed:
                # Its connection was being made meanwhile.
                await self.aclose()

    async def aclose(self) -> None:
        self._closed = True
        await self._exchange.aclose()
        await self._client.aclose()


class ClusterExchange:
    """As `Exchange`, for commands whose keys are all in one slot, or that have none and go to any master.

    A command that a node refuses because it has not the slot (MOVED, ASK) was not done, and is sent
    where it refers to; nothing else is sent again. The run names the node that answered the last
    command, with its epoch in the cluster (`cluster_my_epoch`): a node that is promoted, or takes over
    slots, has a new one, and may hold older tokens than it once did.
    """

    def __init__(self, client: ClusterClient) -> None:
        self._client = client
        self._slots = Slots(client.addresses)
        self._nodes: dict[Address, _Node] = {}
        self._refresh = Shared(self._read_slots, client.limit)
        self._suspects: set[Address] = set()
        self._next_refresh = 0.0
        self._asking: Asking[list[tuple[int, int, Address]]] = Asking()
        self._closing: set[asyncio.Future[None]] = set()
        self._closed = False

    async def __call__(self, *commands: Command, tolerated: type[ResponseError] | tuple[()] = ()) -> Replies:
        """The run, and the replies. Raises the first error reply, apart from those of the tolerated type."""
        run, replies = await self._follow(commands)
        for reply in replies:
            if isinstance(reply, ResponseError) and not isinstance(reply, tolerated):
                raise reply
        return run, replies

    async def aclose(self) -> None:
        """Close all connections."""
        self._closed = True
        await self._refresh.aclose()
        await self._asking.aclose()
        await asyncio.gather(*self._closing, return_exceptions=True)
        for node in list(self._nodes.values()):
            await node.aclose()
        self._nodes.clear()

    async def _follow(self, commands: Sequence[Command]) -> Replies:
        """Replies from wherever the commands are referred to; a referral that was not followed stands in them."""
        replies: list[Any] = [None] * len(commands)
        run, left = "", list(range(len(commands)))
        address, asking = await self._master(slot_of(commands[0])), False
        for _ in range(1 + REDIRECTS):
            at, answers = await self._send(address, [commands[index] for index in left], asking=asking)
            if left[-1] == len(commands) - 1:
                run = at
            for index, answer in zip(left, answers, strict=True):
                replies[index] = answer
            left = [index for index in left if isinstance(replies[index], AskError)]
            if not left:
                break
            referral = replies[left[0]]
            asking = not isinstance(referral, MovedError)
            address = self._slots.move(referral, address)
            if not asking:
                self._read_soon()
        return run, replies

    async def _master(self, slot: int | None) -> Address:
        """Where to send to. A node that failed last may have been replaced, and so the slots are read anew first."""
        address = self._slots.master(slot)
        if address is None:
            await self._refresh()
        elif address in self._suspects:
            with contextlib.suppress(RedisError, OSError, LookupError, TypeError, ValueError):
                await self._refresh()
        address = self._slots.master(slot)
        if address is None:
            raise SlotNotCoveredError("nobody has the slot")
        return address

    async def _send(self, address: Address, commands: Sequence[Command], *, asking: bool) -> Replies:
        """The node's run and epoch, and all its replies. Raises where it does not tell its epoch."""
        sent = chain.from_iterable((("ASKING",), each) for each in commands) if asking else commands
        try:
            run, (state, *replies) = await self._node(address)(("CLUSTER", "INFO"), *sent, tolerated=ResponseError)
        except BaseException:
            # Also where the time of the caller is up: a node that hangs may be replaced.
            self._suspects.add(address)
            raise
        if isinstance(state, ResponseError):
            raise state
        suspect = any(isinstance(reply, CHANGED) for reply in replies)
        (self._suspects.add if suspect else self._suspects.discard)(address)
        return f"{run}-{parse_info(state)['cluster_my_epoch']}", replies[1::2] if asking else replies

    def _node(self, address: Address) -> _Node:
        if self._closed:
            raise RuntimeError("closed")
        if address not in self._nodes:
            self._nodes[address] = _Node(self._client.client_of(address))
        return self._nodes[address]

    def _read_soon(self) -> None:
        """Read the slots anew, beside what is under way, where that was not done just now: they move by hundreds."""
        now = time.monotonic()
        if not self._closed and now >= self._next_refresh:
            self._next_refresh = now + PAUSE
            self._refresh.start()

    async def _read_slots(self) -> None:
        """Learn the slots, and let go of nodes that have none."""
        asked = self._slots.candidates()[:ASKED_AT_ONCE]
        self._slots.learn(await self._asking.first(map(self._ask, asked), len))
        self._suspects &= self._slots.nodes
        for address in self._nodes.keys() - self._slots.nodes:
            closing = asyncio.ensure_future(self._nodes.pop(address).aclose())
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    async def _ask(self, address: Address) -> list[tuple[int, int, Address]]:
        _, (reply,) = await self._node(address)(("CLUSTER", "SLOTS"))
        return read_ranges(reply, address)
