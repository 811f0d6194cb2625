"""What the settings say of keys, as the container has it built."""

from __future__ import annotations

from datetime import datetime

from adapters.keys.exposure import is_loopback
from adapters.keys.file import WatchedFile
from adapters.keys.ring import HashedKeyRing, OpenKeyRing, why
from adapters.keys.secret import hash_of, new_secret
from adapters.settings import ConfigurationError, Settings
from domain.access import Grant
from domain.errors import InvalidInput
from domain.keys import Key
from domain.ports import KeyRing


def build_key_ring(settings: Settings) -> KeyRing:
    """The keys of the settings, or a ring that needs none. Raises `ConfigurationError` for a file that is no good."""
    auth = settings.auth
    if not auth.needs_key:
        return OpenKeyRing()
    try:
        return HashedKeyRing(auth.given, None if auth.keys_file is None else WatchedFile(auth.keys_file))
    except (InvalidInput, OSError) as error:
        raise ConfigurationError(f"SOCIAL_AUTH__KEYS_FILE: {auth.keys_file}: {why(error)}") from None


def check_exposure(settings: Settings, *listening: str) -> None:
    """Raise `ConfigurationError` where other machines could reach a service that asks for no key.

    `listening` are the addresses on which it listens already; without any, it is going to on that of the settings.
    """
    hosts = listening or (settings.http.host,)
    if settings.auth.needs_key or settings.auth.anonymous or all(map(is_loopback, hosts)):
        return
    raise ConfigurationError(
        "SOCIAL_HTTP__HOST: other machines can reach this address, and no key is asked for: make one with"
        " `holdfast keys create`, or set SOCIAL_AUTH__ANONYMOUS=true to let everybody do everything"
    )


def make_key(grant: Grant, expires: datetime | None = None) -> tuple[str, Key]:
    """A new key, and the same as it is kept. Raises `InvalidInput`."""
    secret = new_secret()
    return secret, Key(grant, hash_of(secret), expires)
