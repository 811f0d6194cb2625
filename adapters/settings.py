"""The environment, typed: every setting of Holdfast, read from `SOCIAL_*` variables and from `.env`.

`load_settings` is the way in. What it refuses, it names by its variable, and never by its value.
"""

from __future__ import annotations

import os
import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import parse_qsl

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError

from adapters.addresses import names_several, parse_addresses, passwords_in
from adapters.checks import Seconds, Section, check_ca_file, check_outlasts, check_printable, split_url
from adapters.policies import ResilienceSettings

PREFIX = "SOCIAL_"
MEMORY = ":memory:"
DIRECTORY = "file:"
"""What stands before the path of a directory in which the embedded engine keeps points."""
SERVICE = "holdfast+"
"""What stands before the URL of a Holdfast service, to tell it from one of Qdrant."""

Port = Annotated[int, Field(ge=0, le=65_535)]


class ConfigurationError(Exception):
    """Settings that cannot be used: one line that names each wrong variable, and no value."""


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


class HttpSettings(Section):
    """`SOCIAL_HTTP__*`: the server."""

    host: str = "127.0.0.1"
    port: Port = 8000
    workers: int = Field(default=1, ge=1, le=256)
    max_body_bytes: int = Field(default=32 * 1024 * 1024, ge=1024)
    """A larger body is a 413."""
    read_deadline: Seconds = 10.0
    """For a request that reads, in total."""
    write_deadline: Seconds = 60.0
    """For a request that writes, in total."""
    shutdown_timeout: Seconds = 30.0
    """How long requests in flight may take to end after the signal to stop."""


class CacheSettings(Section):
    """`SOCIAL_CACHE__*`: how long results of searches are remembered, in seconds; 0 for both turns it off."""

    fresh_seconds: Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)] = 60.0
    """For which a result is as good as a new one, unless a write outdates it."""
    stale_seconds: Annotated[float, Field(ge=0, le=604_800, allow_inf_nan=False)] = 3600.0
    """For which a result is shown, marked as stale, while the vector database is away."""
    process_bytes: int = Field(default=64 * 1024 * 1024, ge=0)
    """How much memory each worker uses for results that it keeps beside Redis."""


class CopyingSettings(Section):
    """`SOCIAL_COPYING__*`: what `holdfast copy` needs besides its options. No command line is to hold a key."""

    in_flight: int = Field(default=4, ge=1, le=32)
    """How many pages are written at a time."""
    from_api_key: SecretStr | None = None
    to_api_key: SecretStr | None = None

    _strip_keys = field_validator("from_api_key", "to_api_key")(check_printable)


class LogFormat(StrEnum):
    """JSON for machines, one object a line; console for people."""

    JSON = "json"
    CONSOLE = "console"


class LogLevel(StrEnum):
    """The least severe lines that are written."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogSettings(Section):
    """`SOCIAL_LOG__*`."""

    format: LogFormat = LogFormat.JSON
    level: LogLevel = LogLevel.INFO


class Settings(BaseSettings):
    """All settings. Made by `load_settings`, or in a test with keyword arguments, which go before the environment."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
        hide_input_in_errors=True,
    )

    qdrant: QdrantSettings = QdrantSettings()
    redis: RedisSettings = RedisSettings()
    cache: CacheSettings = CacheSettings()
    resilience: ResilienceSettings = ResilienceSettings()
    http: HttpSettings = HttpSettings()
    copying: CopyingSettings = CopyingSettings()
    log: LogSettings = LogSettings()

    @model_validator(mode="after")
    def _check_workers(self) -> Self:
        if self.http.workers > 1 and self.qdrant.in_memory:
            raise ValueError(
                f"{PREFIX}HTTP__WORKERS: must be 1 while {PREFIX}QDRANT__URL is {MEMORY}, "
                "since each worker would hold points of its own"
            )
        return self

    @model_validator(mode="after")
    def _check_pool(self) -> Self:
        calls = self.resilience.max_reads + self.resilience.max_writes
        if self.qdrant.has_server and calls > self.qdrant.pool_size:
            raise ValueError(
                f"{PREFIX}RESILIENCE__MAX_READS: must be at most {PREFIX}QDRANT__POOL_SIZE together with "
                f"{PREFIX}RESILIENCE__MAX_WRITES, since each call needs a connection"
            )
        return self

    @model_validator(mode="after")
    def _check_deadlines(self) -> Self:
        http, qdrant = self.http, self.qdrant
        for kind, deadline, timeout in (
            ("READ", http.read_deadline, qdrant.read_timeout),
            ("WRITE", http.write_deadline, qdrant.write_timeout),
        ):
            check_outlasts(f"{PREFIX}HTTP__{kind}_DEADLINE", deadline, f"{PREFIX}QDRANT__{kind}_TIMEOUT", timeout)
        return self

    @property
    def remembers(self) -> bool:
        """Whether results can be remembered: several processes need a cache that they share."""
        return self.redis.url is not None or self.http.workers == 1

    def secrets(self) -> tuple[str, ...]:
        """Every value that must not appear in a log, also as it stands in a URL."""
        keys = [self.qdrant.api_key, self.copying.from_api_key, self.copying.to_api_key]
        found = [*keys, self.redis.password, self.redis.sentinel_password, self.redis.url]
        texts = [secret.get_secret_value() for secret in found if secret is not None]
        if self.redis.url is not None:
            texts += passwords_in(self.redis.url.get_secret_value())
        return tuple(text for text in texts if text)


def _check_directory(url: str) -> str:
    """The URL with a path that is absolute, so that it means the same in every process."""
    path = unquote(url.removeprefix(f"{DIRECTORY}//") if url.startswith(f"{DIRECTORY}///") else url[len(DIRECTORY) :])
    if not path or path.startswith("//") or "\0" in path:
        raise ValueError(f"must name a directory, as {DIRECTORY}/var/lib/holdfast or {DIRECTORY}data")
    return f"{DIRECTORY}{Path(path).expanduser().absolute()}"


_MISSPELT = re.compile(rf"{PREFIX}({'|'.join(Settings.model_fields)})_[^_]", re.IGNORECASE)


def load_settings(**overrides: object) -> Settings:
    """The settings from keyword arguments, the environment and `.env`, in that order.

    Raises `ConfigurationError` with one line where a variable is wrong.
    """
    for name in os.environ:
        if _MISSPELT.match(name):
            raise ConfigurationError(
                f"{name}: two underscores stand between a section and its setting, as {PREFIX}QDRANT__URL"
            )
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        raise ConfigurationError("; ".join(map(_line, error.errors(include_input=False, include_url=False)))) from None
    except SettingsError:
        raise ConfigurationError(
            f"{PREFIX}*: a section takes its settings one by one, as {PREFIX}QDRANT__URL"
        ) from None


def _line(error: ErrorDetails) -> str:
    location, message = error["loc"], error["msg"].removeprefix("Value error, ")
    if not location:
        return message
    variable = PREFIX + "__".join(map(str, location)).upper()
    joint = "__" if len(location) == 1 and error["type"] == "value_error" else ": "
    return f"{variable}{joint}{message}"
