"""A file of keys that is changed: one process at a time, and all at once."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from adapters.keys.entries import check_apart, parse_keys, written_list
from adapters.keys.file import read_whole
from domain.errors import InvalidInput, KeyNotFound
from domain.keys import Key
from domain.ports import KeyStore

MODE, MOST_MODE = 0o600, 0o640
"""Of a new file, and the most of one that was there."""


class KeyFile(KeyStore):
    """The keys of a JSON file. It comes to be with the first key; every change puts a whole file in its place."""

    def __init__(self, path: Path) -> None:
        # What is replaced is the file, and not a link to it.
        self._path = path.resolve()

    def list(self) -> tuple[Key, ...]:
        return self._read()[0]

    def add(self, key: Key) -> None:
        with self._locked():
            try:
                keys, status = self._read()
            except FileNotFoundError:
                keys, status = (), None
            if any(key.grant.name == other.grant.name for other in keys):
                raise InvalidInput("name", "a name that no other key has")
            check_apart((*keys, key))
            self._write((*keys, key), status)

    def remove(self, name: str) -> None:
        with self._locked():
            keys, status = self._read()
            left = [key for key in keys if key.grant.name != name]
            if len(left) == len(keys):
                raise KeyNotFound(name)
            self._write(left, status)

    def _read(self) -> tuple[tuple[Key, ...], os.stat_result]:
        data, status = read_whole(self._path)
        try:
            return parse_keys(data), status
        except InvalidInput as error:
            raise error.within(str(self._path)) from None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Alone, among all who change files of this folder: the file itself becomes another with each change."""
        descriptor = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _write(self, keys: Iterable[Key], before: os.stat_result | None) -> None:
        """Put a file with the keys in the place of the one before, of the same owner."""
        new = self._path.with_name(f".{self._path.name}.{secrets.token_hex(8)}")
        try:
            descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, MODE)
            with os.fdopen(descriptor, "wb") as file:
                if before is not None:
                    _keep_owner(descriptor, before)
                file.write(written_list(keys))
                file.flush()
                os.fsync(descriptor)
            new.replace(self._path)
        except BaseException:
            with suppress(OSError):
                new.unlink(missing_ok=True)
            raise


def _keep_owner(descriptor: int, before: os.stat_result) -> None:
    """Give the file the owner and the mode of the one before, or the service could not read it any more."""
    own = os.fstat(descriptor)
    if (own.st_uid, own.st_gid) != (before.st_uid, before.st_gid):
        os.fchown(descriptor, before.st_uid, before.st_gid)
    os.fchmod(descriptor, before.st_mode & MOST_MODE)
