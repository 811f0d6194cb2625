"""`holdfast collections` and `holdfast search`, in this process."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from dependency_injector import providers

from containers import Container
from domain.errors import Backend, BackendUnavailable, CollectionConflict, CollectionNotFound, Failure
from domain.models import Collection, CollectionInfo, Distance, IndexType, Point
from entrypoints.cli import main
from entrypoints.cli.tables import printable
from tests.contract.things import make_colored, vector
from tests.fakes import FailingVectorStore


class PartlyReadable(FailingVectorStore):
    """Also lists a collection that cannot be served, and one that has just been deleted."""

    async def list_collections(self) -> tuple[str, ...]:
        return (*await super().list_collections(), "other", "vanished")

    async def describe_collection(self, name: str) -> CollectionInfo:
        if name == "other":
            raise CollectionConflict(name, ["it has named vectors"])
        return await super().describe_collection(name)


@pytest.fixture
def store() -> Iterator[FailingVectorStore]:
    """The store of every command: `things` with five colored points."""
    store = PartlyReadable()

    async def fill() -> None:
        await make_colored(store)
        await store.create_index("things", "color", IndexType.KEYWORD)

    asyncio.run(fill())
    with Container.vector_store.override(providers.Object(store)):
        yield store


def run(*arguments: str) -> int:
    """The exit code of the command."""
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    return int(caught.value.code or 0)


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of a known width."""
    monkeypatch.setenv("COLUMNS", "70")


def test_lists_collections(store: FailingVectorStore, capsys: pytest.CaptureFixture[str]) -> None:
    """A table with a line for each collection, also for one that cannot be served, and none for one that went."""
    assert run("collections") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["name", "points", "size", "distance", "status", "indexes"]
    assert lines[2].split() == ["things", "5", "2", "dot", "ready", "color:", "keyword"]
    assert lines[3].split() == ["other", "not", "served", "it", "has", "named", "vectors"]
    assert len(lines) == 4


def test_lists_collections_as_json(store: FailingVectorStore, capsys: pytest.CaptureFixture[str]) -> None:
    """For programs: the descriptions of the REST API."""
    assert run("collections", "--json") == 0
    first, other = json.loads(capsys.readouterr().out)["collections"]
    assert (first["name"], first["points"], first["indexes"]) == ("things", 5, {"color": "keyword"})
    assert (other["status"], "named vectors" in other["detail"]) == ("not served", True)


def test_searches(store: FailingVectorStore, capsys: pytest.CaptureFixture[str]) -> None:
    """A table of hits, whose payload is cut where the terminal ends."""
    asyncio.run(store.upsert("things", [Point(9, vector(99, 0), {"text": "x" * 100})]))
    assert run("search", "things", "--vector", "[1, 0]", "--limit", "2") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[2].split() == ["9", "99", lines[2].split()[2]]
    assert lines[2].endswith("xx…")
    assert lines[3].split() == ["1", "10", '{"color":"red","rank":0}']
    assert all(len(line) <= 70 for line in lines)


RED = '{"must": [{"key": "color", "match": {"value": "red"}}]}'


def test_reads_vector_and_filter_from_files(
    store: FailingVectorStore, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is too long for a command line stands in a file, or comes from stdin."""
    (tmp_path / "filter.json").write_text(RED)
    monkeypatch.setattr("sys.stdin", io.StringIO('"AACAPwAAAAA="'))
    options = ("--filter", f"@{tmp_path}/filter.json", "--exact", "--json")
    assert run("search", "things", "--vector", "@-", *options) == 0
    answer = json.loads(capsys.readouterr().out)
    assert [hit["id"] for hit in answer["hits"]] == [1, 3, 5]
    assert answer["stale"] is False


def test_searches_by_id(store: FailingVectorStore, capsys: pytest.CaptureFixture[str]) -> None:
    """The neighbours of a stored point, itself left out."""
    assert run("search", "things", "--id", "1", "--filter", RED, "--json") == 0
    assert [hit["id"] for hit in json.loads(capsys.readouterr().out)["hits"]] == [3, 5]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["none", "--vector", "[1,2]"], 66, "Collection 'none' does not exist."),
        (["things", "--id", "77"], 66, "Point 77 does not exist in collection 'things'."),
        (["things", "--id", "x"], 65, "--id: expected an unsigned 64-bit integer or a UUID."),
        (["things"], 65, "Expected exactly one of --vector and --id."),
        (["things", "--vector", "[1,2]", "--id", "1"], 65, "Expected exactly one of --vector and --id."),
        (["things", "--vector", "[1,2,3]"], 65, "vector: expected 2 numbers, got 3."),
        (["things", "--vector", "[1,"], 65, "--vector: expected JSON of the documented form"),
        (["things", "--vector", "@/no/such"], 65, "--vector: expected a file that can be read"),
        (["things", "--vector", "[1,2]", "--filter", '{"mast": []}'], 65, "--filter: expected JSON"),
        (["things", "--vector", "[1,2]", "--filter", '{"must": [{}]}'], 65, "filter.must[0]: expected exactly one"),
        (["things", "--vector", "[1,2]", "--limit", "0"], 65, "limit: expected an integer from 1 to 1000"),
        (
            ["things", "--vector", "[1,2]", "--filter", '{"must":[' * 9_999],
            65,
            "--filter: expected JSON that is nested",
        ),
    ],
)
def test_an_error_is_one_line_and_a_code(
    store: FailingVectorStore, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, said: str
) -> None:
    """What is wrong is said in one line on stderr, and nothing on stdout."""
    assert run("search", *arguments) == code
    written = capsys.readouterr()
    assert written.err.startswith(f"holdfast: {said}")
    assert written.err.count("\n") == 1
    assert written.out == ""


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (BackendUnavailable(Backend.VECTOR_STORE, "list", Failure.REFUSED), 69, "vector_store unavailable"),
        (CollectionNotFound("x"), 66, "Collection 'x' does not exist."),
        (ZeroDivisionError("secret"), 70, "this is a bug: ZeroDivisionError at "),
    ],
)
def test_an_error_of_the_store_is_one_line_too(
    store: FailingVectorStore, capsys: pytest.CaptureFixture[str], error: Exception, code: int, said: str
) -> None:
    """A store that is away is no traceback, and neither is a bug."""
    store.error = error
    assert run("collections") == code
    written = capsys.readouterr()
    assert written.err.startswith(f"holdfast: {said}")
    assert written.err.count("\n") == 1
    assert "secret" not in written.err


def test_nothing_moves_the_cursor() -> None:
    """Names and payloads of others cannot write to the terminal as they like."""
    assert printable("a\x1b[31m\x9bé\n") == "a·[31m·é·"


def test_a_url_of_no_service_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """What cannot be a URL is said of the option."""
    for url in ("nonsense", ":memory:", "ftp://host"):
        assert run("collections", "--url", url) == 78
        assert capsys.readouterr().err == "holdfast: --url: must be http://host:port or https://host:port\n"


def test_a_collection_of_many_indexes_fits(store: FailingVectorStore, capsys: pytest.CaptureFixture[str]) -> None:
    """The last column is cut, and no line is longer than the terminal is wide."""
    indexes = {f"field_{number}": IndexType.KEYWORD for number in range(20)}
    asyncio.run(store.create_collection(Collection(name="b", size=1, distance=Distance.DOT, indexes=indexes)))
    assert run("collections") == 0
    assert all(len(line) <= 70 for line in capsys.readouterr().out.splitlines())
