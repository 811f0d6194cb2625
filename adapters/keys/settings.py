"""The settings of who may ask."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import SecretStr, field_validator, model_validator

from adapters.checks import Section, check_printable
from adapters.keys.entries import parse_keys
from domain.keys import Key


class AuthSettings(Section):
    """`SOCIAL_AUTH__*`: the keys of callers. Without any, the service listens where this machine alone can reach it."""

    keys: SecretStr | None = None
    """A JSON list of keys, each with the hash in place of the key. No secrets, but nobody's business either."""
    keys_file: Path | None = None
    """A file with such a list, read again when it changes."""
    anonymous: bool = False
    """Let everybody do everything, wherever the service listens."""
    key: SecretStr | None = None
    """What commands give to the service that `--url` names."""

    _strip_key = field_validator("key")(check_printable)

    @field_validator("keys")
    @classmethod
    def _check_keys(cls, keys: SecretStr | None) -> SecretStr | None:
        if keys is None or not keys.get_secret_value().strip():
            return None
        if not parse_keys(keys.get_secret_value()):
            raise ValueError("must hold at least one key")
        return keys

    @model_validator(mode="after")
    def _check_anonymous(self) -> Self:
        if self.anonymous and self.needs_key:
            raise ValueError("ANONYMOUS: must be false where there are keys, since nobody would need one")
        return self

    @property
    def needs_key(self) -> bool:
        """Whether callers need a key."""
        return self.keys is not None or self.keys_file is not None

    @property
    def given(self) -> tuple[Key, ...]:
        """The keys of the environment."""
        return () if self.keys is None else parse_keys(self.keys.get_secret_value())
