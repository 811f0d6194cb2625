"""A file of keys under all who change it."""

from __future__ import annotations

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from adapters.keys import KeyFile, hash_of
from domain.access import Grant, Right
from domain.errors import InvalidInput, KeyNotFound
from domain.keys import Key
from tests.e2e.service import ROOT, holdfast


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the keys are, in a folder of their own."""
    return tmp_path / "keys.json"


def test_many_at_once_lose_no_key(file: Path) -> None:
    """Processes that add keys to one file at the same time all have theirs in it, and one name is taken once."""
    begun = []
    for name in ("a", "b", "same", "same"):
        command, env = holdfast("keys", "create", "--name", name, "--rights", "read", "--file", str(file))
        begun.append(subprocess.Popen(command, env=env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL))  # noqa: S603
    shown = [process.communicate(timeout=60)[0].decode().strip() for process in begun]
    assert sorted(process.returncode for process in begun) == [0, 0, 0, 65]
    kept = KeyFile(file).list()
    assert sorted(key.grant.name for key in kept) == ["a", "b", "same"]
    assert {hash_of(secret) for secret in shown if secret} == {key.hash for key in kept}
    assert [path.name for path in file.parent.iterdir()] == ["keys.json"]


def test_threads_at_once_lose_no_key(file: Path) -> None:
    """So do those within one process, of whom there can be more."""

    def add(number: int) -> None:
        KeyFile(file).add(Key(Grant(f"key-{number}", frozenset({Right.READ})), f"{number:064x}"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(60)))
    assert {key.grant.name for key in KeyFile(file).list()} == {f"key-{number}" for number in range(60)}


def test_a_file_is_changed_as_a_whole_or_not_at_all(file: Path) -> None:
    """A new file is its owner's alone, a later one keeps its mode; links stay, and so does a broken file."""
    store = KeyFile(file)
    with pytest.raises(FileNotFoundError):
        store.list()
    store.add(Key(Grant("a", frozenset(Right)), "0" * 64))
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o644)
    link = file.with_name("link.json")
    link.symlink_to(file)
    KeyFile(link).add(Key(Grant("b", frozenset(Right)), "1" * 64))
    assert (link.is_symlink(), file.stat().st_mode & 0o777) == (True, 0o640)
    with pytest.raises(InvalidInput, match=r"^name: "):
        store.add(Key(Grant("a", frozenset(Right)), "2" * 64))
    with pytest.raises(InvalidInput, match=r"^\[2\]\.hash: "):
        store.add(Key(Grant("c", frozenset(Right)), "1" * 64))
    with pytest.raises(KeyNotFound):
        store.remove("c")
    store.remove("a")
    assert [key.grant.name for key in store.list()] == ["b"]
    store.remove("b")
    assert (store.list(), file.read_bytes()) == ((), b"[]\n")
    file.write_text("[{}]")
    with pytest.raises(InvalidInput, match=r"keys\.json\[0\]: expected a field 'name'"):
        store.remove("b")
    with pytest.raises(InvalidInput, match=r"keys\.json\[0\]: expected a field 'name'"):
        store.add(Key(Grant("a", frozenset(Right)), "0" * 64))
    assert file.read_text() == "[{}]"
    assert sorted(path.name for path in file.parent.iterdir()) == ["keys.json", "link.json"]


def test_a_file_keeps_its_owner(file: Path) -> None:
    """The service still reads what another user changed for it."""
    store = KeyFile(file)
    store.add(Key(Grant("a", frozenset(Right)), "0" * 64))
    # Only root can give a file away.
    owner = (os.getuid() or 12345, os.getgid() or 12346)
    os.chown(file, *owner)
    store.add(Key(Grant("b", frozenset(Right)), "1" * 64))
    assert (file.stat().st_uid, file.stat().st_gid) == owner
