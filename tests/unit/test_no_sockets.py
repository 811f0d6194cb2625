"""The guard that keeps these tests off the network."""

from __future__ import annotations

import asyncio
import socket

import pytest

from tests.sockets import SocketRefused


def test_refuses_a_connection() -> None:
    """A blocking connection is refused before it is made."""
    with socket.socket() as one, pytest.raises(SocketRefused, match=r"socket\.connect"):
        one.connect(("127.0.0.1", 9))


def test_refuses_a_listener() -> None:
    """A port cannot be bound."""
    with socket.socket() as one, pytest.raises(SocketRefused, match=r"socket\.bind"):
        one.bind(("127.0.0.1", 0))


async def test_refuses_asyncio() -> None:
    """A connection by way of the event loop is refused too."""
    with pytest.raises(SocketRefused):
        await asyncio.open_connection("127.0.0.1", 9)


async def test_refuses_a_look_up() -> None:
    """No name is looked up."""
    with pytest.raises(SocketRefused, match=r"socket\.getaddrinfo"):
        socket.getaddrinfo("localhost", 80)
