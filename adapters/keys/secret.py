"""Keys themselves: made by chance, and known again by their hash."""

from __future__ import annotations

import hashlib
import secrets

SIGN = "hf_"
"""How every key begins, so that people and scanners of secrets see what it is."""

BYTES = 32
"""Of chance in a key: 256 bits, so that there is nothing to guess, and a quick hash without salt does."""

LENGTH = len(SIGN) + (BYTES * 8 + 5) // 6
"""Of a key in characters. What has another was not made by chance here, and is no key, whatever its hash."""


def new_secret() -> str:
    """A new key."""
    return SIGN + secrets.token_urlsafe(BYTES)


def digest_of(secret: str) -> bytes:
    """The hash of a key."""
    return hashlib.sha256(secret.encode()).digest()


def hash_of(secret: str) -> str:
    """The hash of a key as it is kept."""
    return digest_of(secret).hex()
