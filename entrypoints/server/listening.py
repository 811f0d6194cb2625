"""The sockets on which a server listens, or one line that says why there are none."""

from __future__ import annotations

import errno
import os
import socket
from contextlib import ExitStack

from containers import ConfigurationError

HOST, PORT = "SOCIAL_HTTP__HOST", "SOCIAL_HTTP__PORT"

_NOT_HERE = frozenset({errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT})
"""A name may stand for addresses that this machine has not, such as `::1` where there is no IPv6."""

_BACKLOG = 2048


def listen_on(host: str, port: int) -> list[socket.socket]:
    """A socket that listens on each address of `host` that this machine has: connections wait until they are served.

    Raises `ConfigurationError` where the name has no address, or an address cannot be had.
    """
    bound, refused = [], None
    with ExitStack() as undo:
        for family, address in _addresses(host, port):
            try:
                bound.append(undo.enter_context(_bind(family, address)))
            except OSError as error:
                if error.errno not in _NOT_HERE:
                    raise _unusable(host, port, error) from None
                refused = error
        if not bound and refused is not None:
            raise _unusable(host, port, refused)
        undo.pop_all()
    return bound


def _addresses(host: str, port: int) -> list[tuple[socket.AddressFamily, tuple[object, ...]]]:
    try:
        found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or "no name of a host"
        raise ConfigurationError(f"{HOST}: {host!r} has no address: {why}") from None
    return list(dict.fromkeys((family, address) for family, _, _, _, address in found))


def _bind(family: socket.AddressFamily, address: tuple[object, ...]) -> socket.socket:
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            # `::` would hold the port of 0.0.0.0 too.
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind(address)
        bound.listen(_BACKLOG)
    except BaseException:
        bound.close()
        raise
    return bound


def _unusable(host: str, port: int, error: OSError) -> ConfigurationError:
    if error.errno == errno.EADDRINUSE:
        return ConfigurationError(f"{PORT}: {host}:{port} is in use by another process")
    if error.errno == errno.EACCES:
        return ConfigurationError(f"{PORT}: {host}:{port} may not be listened on by this user")
    return ConfigurationError(f"{HOST}: {host}:{port} cannot be listened on: {os.strerror(error.errno or 0)}")
