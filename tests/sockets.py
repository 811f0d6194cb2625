"""Refuses sockets, for the tests that must do without: any look-up, connection or listener is an error.

An audit hook sees each call before it is made, in whatever library, and cannot be taken away again; so
it stays, and is asked to refuse while such a test runs. Pairs of local sockets, which an event loop
wakes itself by, are no connection.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

# It binds a port while it is imported, to learn whether there is IPv6; Qdrant's client brings it along.
import urllib3  # noqa: F401

_REFUSED = frozenset({"socket.connect", "socket.bind", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"})


class SocketRefused(BaseException):
    """A test that must do without sockets opened one. No `except Exception` hides it."""


class _Guard:
    refusing = False

    def __call__(self, event: str, arguments: tuple[object, ...]) -> None:
        if self.refusing and event in _REFUSED:
            raise SocketRefused(event)


_guard = _Guard()
sys.addaudithook(_guard)


def refuse_sockets(*, refuse: bool) -> None:
    """Whether from now on no socket can be connected or bound, and no name looked up."""
    _guard.refusing = refuse


@contextmanager
def sockets_refused() -> Iterator[None]:
    """No socket can be connected or bound, and no name looked up, inside."""
    refuse_sockets(refuse=True)
    try:
        yield
    finally:
        refuse_sockets(refuse=False)
