"""The settings of the backends: which they are, where, and how long to wait for them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import parse_qsl

from pydantic import Field, SecretStr, field_validator, model_validator

from adapters.addresses import names_several, parse_addresses
from adapters.checks import Seconds, Section, check_ca_file, check_printable, split_url

PREFIX = "SOCIAL_"
MEMORY = ":memory:"
DIRECTORY = "file:"
"""What stands before the path of a directory in which the embedded engine keeps points."""
SERVICE = "holdfast+"
"""What stands before the URL of a Holdfast service, to tell it from one of Qdrant."""

Port = Annotated[int, Field(ge=0, le=65_535)]


class Durability(StrEnum):
    """When a write is acknowledged by the embedded engine."""

    PROCESS = "process"
    """Once it survives the end of every process; what the machine had not written yet goes with its power."""
    DISK = "disk"
    """Once it is synced to disk."""


class QdrantSettings(Section):
    """`SOCIAL_QDRANT__*`: the vector database."""

    url: str = MEMORY
    """`:memory:` (in this process, for tests and demos), or `http://host:6333`, or `https://...`.

    Or `file:PATH`: a directory in which the embedded engine keeps points. Or another Holdfast service:
    `holdfast+http://host:8000`, or `holdfast+https://...`.
    """
    durability: Durability = Durability.PROCESS
    """What a directory still holds after a crash. Says nothing to a server, which decides for itself."""
    attach: bool = False
    """Use the engine that another process has started on the directory, and start none."""
    api_key: SecretStr | None = None
    prefer_grpc: bool = False
    grpc_port: Port = 6334
    tls: bool = False
    """Refuse to start unless the URL is https."""
    ca_file: Path | None = None
    """A PEM file of certificate authorities to trust instead of the system's."""
    read_timeout: Seconds = 5.0
    write_timeout: Seconds = 30.0
    pool_size: int = Field(default=100, ge=1, le=10_000)
    shard_number: int | None = Field(default=None, ge=1, le=10_000)
    """Into how many shards a cluster splits a new collection; without one it decides for itself."""
    replication_factor: int | None = Field(default=None, ge=1, le=100)
    """How many replicas each shard of a new collection has; without one the cluster decides for itself."""
    write_consistency_factor: int | None = Field(default=None, ge=1, le=100)
    """How many replicas must have a write before it is acknowledged; without one all of `replication_factor`."""

    _strip_key = field_validator("api_key")(check_printable)
    _check_ca = field_validator("ca_file")(check_ca_file)

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: str) -> str:
        url = url.strip().rstrip("/").removeprefix("qdrant+")
        if url == MEMORY:
            return url
        if url.startswith(DIRECTORY):
            return _check_directory(url)
        parts = split_url(
            url.removeprefix(SERVICE),
            ("http", "https"),
            f"must be {MEMORY}, {DIRECTORY}PATH, http(s)://host:port, or for a Holdfast service {SERVICE}http(s)://host:port",
        )
        if "@" in parts.netloc:
            raise ValueError(f"must hold no user or password; the key goes into {PREFIX}QDRANT__API_KEY")
        if parts.query or parts.fragment:
            raise ValueError("must hold no '?' and no '#'")
        return url

    @model_validator(mode="after")
    def _check_tls(self) -> Self:
        if self.tls and self.has_server and not self.server_url.startswith("https://"):
            raise ValueError("TLS: is true, so the URL must start with https://")
        return self

    @model_validator(mode="after")
    def _check_consistency(self) -> Self:
        if (self.write_consistency_factor or 1) > (self.replication_factor or 1):
            raise ValueError("WRITE_CONSISTENCY_FACTOR: must be at most REPLICATION_FACTOR, or no write would ever do")
        return self

    @property
    def in_memory(self) -> bool:
        """Whether there is no server, and all points live in this process."""
        return self.url == MEMORY

    @property
    def directory(self) -> Path | None:
        """Where the embedded engine keeps points, if it does."""
        return Path(self.url.removeprefix(DIRECTORY)) if self.url.startswith(DIRECTORY) else None

    @property
    def has_server(self) -> bool:
        """Whether points live in another service, to which connections are made."""
        return not self.in_memory and self.directory is None

    @property
    def is_service(self) -> bool:
        """Whether it is another Holdfast service, and no Qdrant."""
        return self.url.startswith(SERVICE)

    @property
    def server_url(self) -> str:
        """Where the server is, of whichever kind."""
        return self.url.removeprefix(SERVICE)


class RedisSettings(Section):
    """`SOCIAL_REDIS__*`: the shared cache. Without a URL each process remembers for itself."""

    url: SecretStr | None = None
    """`redis://host:6379/0`, `unix:///path`, `redis+sentinel://host:26379,host:26379/mymaster/0` or
    `redis+cluster://host:6379,host:6379`; `rediss` in place of `redis` for TLS. A secret, since it may
    hold a password."""
    username: str | None = None
    password: SecretStr | None = None
    sentinel_username: str | None = None
    sentinel_password: SecretStr | None = None
    """What the Sentinels themselves ask for; the two above are the servers'."""
    tls: bool = False
    """Refuse to start unless the URL is rediss."""
    ca_file: Path | None = None
    """A PEM file of certificate authorities to trust instead of the system's."""
    timeout: Seconds = 0.1
    """For one operation in total."""
    connect_timeout: Seconds = 1.0
    """For making a connection, as far as `timeout` leaves time."""
    invalidation_timeout: Seconds = 1.0
    """For one invalidation in total: one that does not arrive leaves outdated results in the cache."""
    pool_size: int = Field(default=64, ge=1, le=10_000)
    prefix: str = Field(default="holdfast", pattern=r"^[A-Za-z0-9_.:-]{1,64}$")
    """The beginning of every key."""

    _strip_password = field_validator("password", "sentinel_password")(check_printable)
    _check_ca = field_validator("ca_file")(check_ca_file)

    @field_validator("url")
    @classmethod
    def _check_url(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is None or not (url := secret.get_secret_value().strip()):
            return None
        if names_several(url):
            parse_addresses(url)
            return SecretStr(url)
        expected = "must be redis://, rediss:// or unix:// and an address, or redis+sentinel:// or redis+cluster://"
        parts = split_url(url, ("redis", "rediss", "unix"), expected)
        database = "" if parts.scheme == "unix" else parts.path.strip("/")
        if parts.fragment or not (database or "0").isdigit():
            raise ValueError("must name its database by a number, and escape '/', '?' and '#' in its password")
        options = {name for name, _ in parse_qsl(parts.query, keep_blank_values=True)}
        if options - {"db"}:
            raise ValueError(f"must have no option but 'db'; TLS and time limits have settings in {PREFIX}REDIS__*")
        return SecretStr(url)

    @model_validator(mode="after")
    def _check_tls(self) -> Self:
        if self.tls and not (self.url and self.url.get_secret_value().startswith("rediss")):
            raise ValueError("TLS: is true, so the URL must start with rediss")
        return self


def _check_directory(url: str) -> str:
    """The URL with a path that is absolute, so that it means the same in every process."""
    path = url.removeprefix(f"{DIRECTORY}//") if url.startswith(f"{DIRECTORY}///") else url.removeprefix(DIRECTORY)
    if not path or path.startswith("//") or "\0" in path:
        raise ValueError(f"must name a directory, as {DIRECTORY}/var/lib/holdfast or {DIRECTORY}data")
    return f"{DIRECTORY}{Path(path).expanduser().absolute()}"
