"""Which node of a Redis Cluster has which slot."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from redis.crc import REDIS_CLUSTER_HASH_SLOTS, key_slot
from redis.exceptions import AskError, MovedError

from adapters.addresses import Address
from adapters.redis.exchange import Command

KEYLESS = ("INFO",)
"""Commands that any node answers for itself."""


def slot_of(command: Command) -> int | None:
    """The slot of the command's first key; None where it has none."""
    return None if command[0] in KEYLESS else key_slot(str(command[1]).encode())


class Slots:
    """The master of each slot, as far as it is known. Begins with nodes of which no slot is known."""

    def __init__(self, nodes: Sequence[Address]) -> None:
        self._first = tuple(nodes)
        self._masters: list[Address | None] = [None] * REDIS_CLUSTER_HASH_SLOTS
        self.nodes: frozenset[Address] = frozenset()

    def candidates(self) -> list[Address]:
        """Nodes to ask about the others, in an order of chance: those that are known and those it began with."""
        known = list(self.nodes.union(self._first))
        random.shuffle(known)
        return known

    def master(self, slot: int | None) -> Address | None:
        """The master of the slot, or any master; None where none is known."""
        if slot is not None:
            return self._masters[slot]
        return random.choice(tuple(self.nodes)) if self.nodes else None  # noqa: S311 - any node does # nosec B311

    def move(self, error: AskError, asked: Address) -> Address:
        """Where the node that was `asked` refers to. With MOVED, a kind of it, the slot stays there."""
        address = (error.host or asked[0], error.port)
        if isinstance(error, MovedError):
            self._masters[error.slot_id] = address
            self.nodes |= {address}
        return address

    def learn(self, ranges: Sequence[tuple[int, int, Address]]) -> None:
        """Take over what a node said."""
        masters: list[Address | None] = [None] * REDIS_CLUSTER_HASH_SLOTS
        for first, last, address in ranges:
            masters[first : last + 1] = [address] * (last + 1 - first)
        self._masters = masters
        self.nodes = frozenset(address for _, _, address in ranges)


def read_ranges(reply: Any, asked: Address) -> list[tuple[int, int, Address]]:
    """The first and the last slot and the master of each range in an answer to CLUSTER SLOTS.

    A node that does not know its own address leaves it out. Raises where the answer makes no sense.
    """
    ranges = []
    for first, last, master, *_ in reply:
        host = (master[0] or b"").decode()
        if not 0 <= int(first) <= int(last) < REDIS_CLUSTER_HASH_SLOTS:
            raise ValueError("a slot that there is not")
        ranges.append((int(first), int(last), (host if host not in ("", "?") else asked[0], int(master[1]))))
    if not ranges:
        raise ValueError("no slots at all")
    return ranges
