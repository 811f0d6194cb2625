"""Keys as hashes, in the environment and in a file."""

from adapters.keys.editing import KeyFile
from adapters.keys.entries import written
from adapters.keys.exposure import is_loopback
from adapters.keys.file import WatchedFile
from adapters.keys.ring import HashedKeyRing, OpenKeyRing
from adapters.keys.secret import hash_of, new_secret
from adapters.keys.settings import AuthSettings

__all__ = [
    "AuthSettings",
    "HashedKeyRing",
    "KeyFile",
    "OpenKeyRing",
    "WatchedFile",
    "hash_of",
    "is_loopback",
    "new_secret",
    "written",
]
