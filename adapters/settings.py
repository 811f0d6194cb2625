"""The environment, typed: every setting of Holdfast, read from `SOCIAL_*` variables and from `.env`.

`load_settings` is the way in. What it refuses, it names by its variable, and never by its value.
"""

from __future__ import annotations

import os
import re
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError

from adapters.addresses import passwords_in
from adapters.backends import MEMORY, PREFIX, Port, QdrantSettings, RedisSettings
from adapters.checks import Seconds, Section, check_outlasts, check_printable
from adapters.keys import AuthSettings
from adapters.limits import LimitSettings
from adapters.policies import ResilienceSettings
from adapters.telemetry import TelemetrySettings


class ConfigurationError(Exception):
    """Settings that cannot be used: one line that names each wrong variable, and no value."""


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
    """How long requests in flight may take to end once no new connection is taken."""
    drain_seconds: Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)] = 0.0
    """For how long after SIGTERM connections are still taken, while `/health/ready` says that it stops."""


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
    auth: AuthSettings = AuthSettings()
    limits: LimitSettings = LimitSettings()
    copying: CopyingSettings = CopyingSettings()
    log: LogSettings = LogSettings()
    telemetry: TelemetrySettings = TelemetrySettings()

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
        keys = [self.qdrant.api_key, self.copying.from_api_key, self.copying.to_api_key, self.auth.key, self.auth.keys]
        found = [*keys, self.redis.password, self.redis.sentinel_password, self.redis.url]
        texts = [secret.get_secret_value() for secret in found if secret is not None]
        if self.redis.url is not None:
            texts += passwords_in(self.redis.url.get_secret_value())
        return tuple(text for text in texts if text)


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
