"""One port for several client processes, each of which is served by a proxy of its own.

The address of a vector database says which one it is, so that replicas who share a cache must have the
same address; a fault that hits one of them alone therefore goes by who connects. Needs Linux's /proc.
"""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers.proxy_core import Listener, ProxyCore

CONNECTIONS = Path("/proc/net/tcp")


class ProxyDoor:
    """Listens in the event loop it is entered in, and hands each connection to the proxy of the process that made it.

    A process that was not admitted is turned away.
    """

    def __init__(self) -> None:
        self._listener = Listener(self._sort)
        self._proxies: dict[int, ProxyCore] = {}

    @property
    def port(self) -> int:
        """Where it listens, on 127.0.0.1."""
        return self._listener.port

    def admit(self, pid: int, proxy: ProxyCore) -> None:
        """Let the proxy serve the connections of this process."""
        self._proxies[pid] = proxy

    def open(self) -> None:
        """Listen."""
        self._listener.open()

    def shut(self) -> None:
        """Hold the port without listening on it, so that everybody is refused."""
        self._listener.shut()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()

    def _sort(self, client: socket.socket) -> None:
        proxy = None
        with contextlib.suppress(OSError):
            inode = socket_inode(client.getpeername()[1], client.getsockname()[1])
            proxy = next((proxy for pid, proxy in self._proxies.items() if inode in socket_inodes(pid)), None)
        if proxy is None:
            client.close()
        else:
            proxy.take(client)


def socket_inode(port: int, peer_port: int) -> str | None:
    """The inode of the socket with these ports, as /proc names it."""
    ends = (f":{port:04X}", f":{peer_port:04X}")
    for line in CONNECTIONS.read_text().splitlines():
        fields = line.split()
        if fields[1].endswith(ends[0]) and fields[2].endswith(ends[1]):
            return fields[9]
    return None


def socket_inodes(pid: int) -> set[str]:
    """The inodes of all sockets that the process holds."""
    found = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):
            target = str(descriptor.readlink())
            if target.startswith("socket:["):
                found.add(target[8:-1])
    return found
