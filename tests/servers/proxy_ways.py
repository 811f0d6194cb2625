"""How bytes may travel through the fault proxy: the ways of a network to misbehave."""

from __future__ import annotations

import random
from dataclasses import dataclass

from tests.servers.proxy_links import Link, Way


class Pass(Way):
    """Pass all on at once."""

    async def forward(self, link: Link, data: bytes) -> bytes:
        await link.send(data)
        return b""


class Hold(Way):
    """Pass nothing on until the way changes."""

    passes_end = False

    async def forward(self, link: Link, data: bytes) -> bytes:
        await link.pause()
        return data


class Drop(Way):
    """Lose all."""

    passes_end = False

    async def forward(self, link: Link, data: bytes) -> bytes:
        link.torn = True
        return b""


@dataclass
class Late(Way):
    """Pass each piece that is read on after `seconds`, and at most `jitter` more."""

    seconds: float
    jitter: float
    chance: random.Random

    async def forward(self, link: Link, data: bytes) -> bytes:
        if not await link.pause(self.seconds + self.jitter * self.chance.random()):
            return data
        await link.send(data)
        return b""


@dataclass
class Drip(Way):
    """Pass `size` bytes on at a time, every `interval` seconds."""

    interval: float
    size: int

    async def forward(self, link: Link, data: bytes) -> bytes:
        await link.send(data[: self.size])
        await link.pause(self.interval)
        return data[self.size :]


@dataclass
class Cut(Way):
    """Pass `after` bytes of each connection on, then end it."""

    after: int
    rst: bool

    async def forward(self, link: Link, data: bytes) -> bytes:
        room = self.after - link.passed
        await link.send(data[:room])
        if len(data) >= room:
            link.end(self.rst)
        return b""


@dataclass
class Garble(Way):
    """Pass random bytes on in place of the next `size` of each connection, or of all."""

    size: int | None
    chance: random.Random

    async def forward(self, link: Link, data: bytes) -> bytes:
        bad = len(data) if self.size is None else min(len(data), max(self.size - link.passed, 0))
        await link.send(self.chance.randbytes(bad) + data[bad:])
        return b""
