"""`holdfast snapshot` and `holdfast restore` as users run them, beside a service and alone."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.service import ROOT, holdfast, service

QUERY = {"vector": [1, 1], "limit": 10}


class Directory:
    """A data directory, and commands on it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.url = f"file:{root}"

    def start(self, *arguments: object) -> subprocess.Popen[str]:
        """A command that was begun."""
        command, env = holdfast(*map(str, arguments), QDRANT__URL=self.url)
        pipe = subprocess.PIPE
        return subprocess.Popen(command, env=env, cwd=ROOT, stdout=pipe, stderr=pipe, text=True)  # noqa: S603

    def run(self, *arguments: object) -> tuple[int, str, str]:
        """Exit code, output and errors of a command."""
        child = self.start(*arguments)
        out, err = child.communicate(timeout=60)
        return child.returncode, out, err

    def making(self) -> list[Path]:
        """What is half done."""
        return list((self.root / "making").rglob("*"))


@pytest.fixture
def directory(tmp_path: Path) -> Directory:
    """A directory with nothing in it."""
    return Directory(tmp_path / "data")


@pytest.fixture
def client(directory: Directory) -> Iterator[httpx.Client]:
    """A service on the directory, with the collection `things` of two points."""
    url, process = service(QDRANT__URL=directory.url)
    with process, httpx.Client(base_url=f"{url}/v1/collections/", trust_env=False, timeout=10) as client:
        put(client, "things", {"vector": {"size": 2, "distance": "dot"}})
        put(client, "things/points", {"points": [{"id": 1, "vector": [1, 2]}, {"id": 2, "vector": [3, 4]}]})
        yield client


def put(client: httpx.Client, path: str, body: dict[str, Any]) -> None:
    """Write something."""
    client.put(path, json=body).raise_for_status()


def found(client: httpx.Client, name: str = "things") -> list[int]:
    """The ids that a search finds."""
    return [hit["id"] for hit in client.post(f"{name}/search", json=QUERY).raise_for_status().json()["hits"]]


def until(so: Callable[[], object]) -> None:
    """Wait until it is so."""
    deadline = time.monotonic() + 30
    while not so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_beside_a_service(directory: Directory, client: httpx.Client, tmp_path: Path) -> None:
    """Both work while a service has the directory, which serves what was restored, and nothing it remembered before."""
    file = tmp_path / "things.snap"
    assert directory.run("snapshot", "things", file) == (0, f"2 points of 'things' are in {file}\n", "")
    put(client, "things/points", {"points": [{"id": 3, "vector": [5, 6]}]})
    assert found(client) == [3, 2, 1]
    assert directory.run("restore", file)[0] == 65
    client.delete("things").raise_for_status()
    assert directory.run("restore", file) == (0, "2 points are in 'things'\n", "")
    assert found(client) == [2, 1]
    assert directory.run("restore", file, "--collection", "other") == (0, "2 points are in 'other'\n", "")
    put(client, "other/points", {"points": [{"id": 4, "vector": [7, 8]}]})
    assert (found(client, "other"), found(client)) == ([4, 2, 1], [2, 1])
    assert directory.making() == []


def test_alone(directory: Directory, tmp_path: Path) -> None:
    """Without a service the command starts the engine itself, and says in one line what it cannot do."""
    lines, file = tmp_path / "points.jsonl", tmp_path / "things.snap"
    lines.write_text('{"id": 1, "vector": [1, 2]}\n')
    assert directory.run("import", lines, "-c", "things", "--create")[0] == 0
    assert directory.run("snapshot", "things", file)[0] == 0
    other = Directory(tmp_path / "other")
    assert other.run("restore", file)[:2] == (0, "1 points are in 'things'\n")
    for arguments, code, said in [
        (("snapshot", "gone", tmp_path / "new"), 66, "Collection 'gone' does not exist."),
        (("snapshot", "../x", tmp_path / "new"), 65, "collection: expected a name"),
        (("snapshot", "things", file), 73, "File exists; --force replaces it"),
        (("restore", tmp_path / "new"), 66, "No such file or directory"),
        (("restore", tmp_path), 66, "Is a directory"),
        (("restore", lines), 65, "points.jsonl: expected a snapshot."),
        (("restore", file), 65, "Collection 'things' exists and differs: "),
    ]:
        ended, out, err = other.run(*arguments)
        assert (ended, out, err.count("\n")) == (code, "", 1), err
        assert said in err
    assert not (tmp_path / "new").exists()
    assert other.run("snapshot", "things", file, "--force")[0] == 0


@pytest.mark.parametrize("url", [":memory:", "http://127.0.0.1:1", "holdfast+http://127.0.0.1:1"])
def test_of_another_store_it_names_what_to_use(directory: Directory, tmp_path: Path, url: str) -> None:
    """Where the points are in no directory there is one line, and the code of a wrong setting."""
    directory.url = url
    for arguments in (("snapshot", "things", tmp_path / "new"), ("restore", __file__)):
        code, out, err = directory.run(*arguments)
        assert (code, out, err.count("\n")) == (78, "", 1)
        assert "`holdfast export` and `holdfast copy`" in err


def feed(directory: Directory, snapshot: bytes, pipe: Path) -> subprocess.Popen[str]:
    """A restore that has got half of the snapshot, and waits for the rest."""
    os.mkfifo(pipe)
    child = directory.start("restore", pipe, "-c", "restored")
    with pipe.open("wb") as half:
        half.write(snapshot[: len(snapshot) // 2])
        half.flush()
        until(lambda: len([path for path in directory.making() if path.is_file()]) > 1)
        child.kill()
        child.communicate()
    return child


def test_a_killed_restore_leaves_nothing_in_a_service(
    directory: Directory, client: httpx.Client, tmp_path: Path
) -> None:
    """Killed without warning in the middle, it leaves no collection and no file, though the service goes on."""
    file = tmp_path / "things.snap"
    assert directory.run("snapshot", "things", file)[0] == 0
    feed(directory, file.read_bytes(), tmp_path / "pipe")
    until(lambda: not directory.making())
    assert httpx.get(str(client.base_url).rstrip("/"), trust_env=False).json() == {"collections": ["things"]}
    assert directory.run("restore", file, "-c", "restored")[0] == 0


def test_a_killed_restore_leaves_nothing_alone(directory: Directory, tmp_path: Path) -> None:
    """The same with an engine of its own, which ends with it."""
    lines, file = tmp_path / "points.jsonl", tmp_path / "things.snap"
    lines.write_text('{"id": 1, "vector": [1, 2]}\n')
    assert directory.run("import", lines, "-c", "things", "--create")[0] == 0
    assert directory.run("snapshot", "things", file)[0] == 0
    feed(directory, file.read_bytes(), tmp_path / "pipe")
    assert "restored" not in directory.run("collections")[1]
    assert directory.making() == []
    assert directory.run("restore", file, "-c", "restored")[0] == 0
