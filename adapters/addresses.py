"""URLs of Redis that name several servers: of Sentinels, or of nodes of a Cluster. No error quotes a value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import unquote

PORTS = {"sentinel": 26379, "cluster": 6379}
"""The usual port of each kind."""

Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Addresses:
    """What such a URL says. `service` is the name of the master that the Sentinels watch."""

    kind: Literal["sentinel", "cluster"]
    tls: bool
    addresses: tuple[Address, ...]
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    service: str = ""
    database: int = 0


def names_several(url: str) -> bool:
    """Whether the scheme of the URL is one of those that name several servers."""
    return url.partition("://")[0] in ("redis+sentinel", "rediss+sentinel", "redis+cluster", "rediss+cluster")


def parse_addresses(url: str) -> Addresses:
    """What `redis+sentinel://user:password@host:port,host:port/service/0` says, or `redis+cluster://...`.

    Raises `ValueError`.
    """
    scheme, _, rest = url.partition("://")
    if not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError("must be printable ASCII without spaces")
    if "#" in rest or "?" in rest:
        raise ValueError("must have no option, and escape '/', '?' and '#' in its password and names")
    netloc, _, path = rest.partition("/")
    if "@" in path:
        raise ValueError("must escape '/', '?' and '#' in its password and names")
    user, _, hosts = netloc.rpartition("@")
    username, _, password = user.partition(":")
    kind: Literal["sentinel", "cluster"] = "sentinel" if scheme.endswith("+sentinel") else "cluster"
    service, database = _path(kind, path)
    return Addresses(
        kind=kind,
        tls=scheme.startswith("rediss"),
        addresses=tuple(_address(each, PORTS[kind]) for each in hosts.split(",")),
        username=unquote(username) or None,
        password=unquote(password) or None,
        service=service,
        database=database,
    )


def passwords_in(url: str) -> list[str]:
    """The password of a URL of any kind, as it stands there and as it is meant."""
    password = url.partition("://")[2].partition("/")[0].rpartition("@")[0].partition(":")[2]
    return [password, unquote(password)]


def _path(kind: str, path: str) -> tuple[str, int]:
    if kind == "cluster":
        if path.strip("/") not in ("", "0"):
            raise ValueError("must name no database but 0, which is all that a Redis Cluster has")
        return "", 0
    service, _, database = path.strip("/").partition("/")
    if not service or not (database or "0").isdigit():
        raise ValueError("must name its master behind the addresses, and its database by a number: /mymaster/0")
    return unquote(service), int(database or 0)


def _address(text: str, usual: int) -> Address:
    host, colon, port = text.rpartition(":")
    if not colon or text.endswith("]"):
        host, port = text, str(usual)
    host, bare = host.removeprefix("[").removesuffix("]"), ":" in host and not host.startswith("[")
    if not host or bare or not port.isdigit() or not 0 < int(port) < 65_536:
        raise ValueError("must name each server as host:port, with commas between them")
    return host, int(port)
