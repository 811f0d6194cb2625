"""Batches side by side: what is asked of one slot of a Redis Cluster cannot be sent with what is asked of another."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from redis.asyncio import Redis, RedisCluster
from redis.crc import key_slot

from adapters.redis.batches import Batches

Q = TypeVar("Q")
A = TypeVar("A")

IDLE_LANES = 256
"""Lanes that are kept; past that the idle ones are let go."""


class Lanes(Generic[Q, A]):
    """As `Batches`, and only those who ask for keys of the same slot are served together. `key_of` gives one of them.

    So a node that hangs keeps nobody waiting who asks another one.
    """

    def __init__(self, send: Callable[[Sequence[Q]], Awaitable[Sequence[A]]], key_of: Callable[[Q], str]) -> None:
        self._send = send
        self._key_of = key_of
        self._lanes: dict[int, Batches[Q, A]] = {}

    def ask(self, asked: Q) -> asyncio.Future[A]:
        """The answer, once it is there."""
        slot = key_slot(self._key_of(asked).encode())
        lane = self._lanes.get(slot)
        if lane is None:
            if len(self._lanes) >= IDLE_LANES:
                self._lanes = {slot: lane for slot, lane in self._lanes.items() if lane.busy}
            lane = self._lanes[slot] = Batches(self._send)
        return lane.ask(asked)

    async def aclose(self) -> None:
        """Let what is under way end."""
        for lane in list(self._lanes.values()):
            await lane.aclose()


def batches_for(
    client: Redis | RedisCluster, send: Callable[[Sequence[Q]], Awaitable[Sequence[A]]], key_of: Callable[[Q], str]
) -> Batches[Q, A] | Lanes[Q, A]:
    """One lane for a server, one for each slot of a Cluster."""
    return Lanes(send, key_of) if isinstance(client, RedisCluster) else Batches(send)
