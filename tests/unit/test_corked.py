"""What is written at once is sent in one piece."""

from __future__ import annotations

import asyncio

from entrypoints.server.corked import CorkedTransport


class Wire(asyncio.Transport):
    """A transport that notes what it is told to send."""

    def __init__(self) -> None:
        super().__init__({"peername": "somebody"})
        self.sent: list[bytes] = []
        self.closed = False

    def write(self, data: object) -> None:
        assert isinstance(data, bytes)
        assert not self.closed
        self.sent.append(data)

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True


async def test_sends_a_turn_in_one_piece() -> None:
    """And what comes later by itself."""
    wire = Wire()
    corked = CorkedTransport(wire, asyncio.get_running_loop())
    corked.write(b"head")
    corked.write(b"body")
    assert wire.sent == []
    await asyncio.sleep(0)
    assert wire.sent == [b"headbody"]
    corked.write(b"next")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert wire.sent == [b"headbody", b"next"]


async def test_sends_what_is_held_before_it_closes() -> None:
    """Nothing that was written is lost, nor sent twice."""
    wire = Wire()
    corked = CorkedTransport(wire, asyncio.get_running_loop())
    corked.write(b"last")
    corked.close()
    await asyncio.sleep(0)
    assert (wire.sent, wire.closed) == ([b"last"], True)


async def test_a_client_that_has_gone_is_sent_nothing() -> None:
    """Where the connection ended in the turn in which the answer was written."""
    wire = Wire()
    corked = CorkedTransport(wire, asyncio.get_running_loop())
    corked.write(b"late")
    wire.close()
    await asyncio.sleep(0)
    assert wire.sent == []


async def test_is_in_all_else_the_transport_that_it_wraps() -> None:
    """Its facts and its other methods."""
    assert CorkedTransport(Wire(), asyncio.get_running_loop()).get_extra_info("peername") == "somebody"


async def test_an_end_is_asked_about_no_more() -> None:
    """Who was asked whether to close may go: nothing holds him, and the connection is closed by itself."""
    asked: list[bool] = []

    def lingers() -> bool:
        asked.append(True)
        return True

    wire = Wire()
    corked = CorkedTransport(wire, asyncio.get_running_loop(), lingers)
    corked.close()
    assert (asked, wire.closed) == ([True], False)
    corked.ended()
    corked.close()
    assert (asked, wire.closed) == ([True], True)
