"""`holdfast import` and `holdfast export`, in this process."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from dependency_injector import providers

from adapters.memory import FaultyVectorStore, InMemoryVectorStore
from containers import Container
from domain.filters import Filter
from domain.models import Collection, Distance
from entrypoints.cli import main
from entrypoints.cli.bookmark import Bookmark, Place
from entrypoints.cli.state import EVERY_SECONDS
from tests.clock import Clock

SERVICE = ("--url", "http://127.0.0.1:1")
"""Never asked: the store is swapped. Without it the store would be `:memory:`, which is refused."""


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's folder for state."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


@pytest.fixture
def store() -> Iterator[FaultyVectorStore]:
    """The store of every command: `fruit`, with no points."""
    store = FaultyVectorStore(InMemoryVectorStore())
    asyncio.run(store.create_collection(Collection(name="fruit", size=2, distance=Distance.DOT)))
    with Container.vector_store.override(providers.Object(store)):
        yield store


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Seven points, a line each; the fourth line is none."""
    path = tmp_path / "points.jsonl"
    lines = ["?" if n == 4 else json.dumps({"id": n, "vector": [n, 1], "payload": {"n": n}}) for n in range(1, 9)]
    path.write_text("\n".join(lines))
    return path


def run(*arguments: object) -> int:
    """The exit code of the command."""
    with pytest.raises(SystemExit) as caught:
        main([str(one) for one in arguments])
    return int(caught.value.code or 0)


def ids(store: FaultyVectorStore, collection: str = "fruit") -> list[object]:
    page = asyncio.run(store.inner.scroll(collection, Filter(), limit=1000))
    return [one.id for one in page.points]


def test_imports(store: FaultyVectorStore, file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Rows that are no points are told and counted, and the exit code says so; the others are written."""
    assert run("import", file, "--collection", "fruit", *SERVICE) == 65
    told = capsys.readouterr()
    assert told.out == "7 rows are in 'fruit'; 1 rows were refused\n"
    assert told.err.startswith("row 4 is refused: $: expected JSON (")
    assert "importing: 8 of 8, " in told.err
    assert ids(store) == [1, 2, 3, 5, 6, 7, 8]


def test_tells_of_all_refused_rows_in_a_file(
    store: FaultyVectorStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A few are shown, all are in the file, and that must not be the one that is imported."""
    file, refused = tmp_path / "points.jsonl", tmp_path / "refused.jsonl"
    file.write_text("?\n" * 10 + '{"id": 1, "vector": [1, 2, 3]}')
    assert run("import", file, "-c", "fruit", *SERVICE) == 65
    assert "--refused FILE tells of every refused row" in capsys.readouterr().err
    assert run("import", file, "-c", "fruit", "--refused", refused, *SERVICE) == 65
    assert capsys.readouterr().err.count("is refused") == 5
    lines = [json.loads(line) for line in refused.read_text().splitlines()]
    assert [line["row"] for line in lines] == list(range(1, 12))
    assert lines[-1]["reason"] == "$.vector: expected 2 numbers, got 3"
    assert run("import", file, "-c", "fruit", "--refused", file, *SERVICE) == 65
    assert "--refused: expected another file" in capsys.readouterr().err
    assert file.read_text().startswith("?")


def test_goes_on_where_it_was_interrupted(
    store: FaultyVectorStore, file: Path, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was done is not done again, refused rows still count, and in the end the place is forgotten."""
    command = ("import", file, "-c", "fruit", "--batch", 1, "--patience", 0, *SERVICE)
    store.script.works(calls=4, only="upsert").down(only="upsert")
    assert run(*command) == 69
    stopped = capsys.readouterr().err
    assert "stopped behind row 5; the place is kept: --resume goes on there\n" in stopped
    assert stopped.endswith("holdfast: vector_store unavailable: upsert failed (refused)\n")
    store.script.recover()
    store.calls.clear()
    assert run(*command, "--resume") == 65
    told = capsys.readouterr()
    assert "going on behind row 5" in told.err
    assert told.out == "7 rows are in 'fruit'; 1 rows were refused\n"
    assert store.calls.count("upsert") == 3
    assert ids(store) == [1, 2, 3, 5, 6, 7, 8]
    assert list((state / "holdfast" / "imports").iterdir()) == []
    assert run(*command, "--resume") == 65
    assert "nothing was interrupted: beginning at the first row" in capsys.readouterr().err


def test_waits_for_a_store_and_says_so(
    store: FaultyVectorStore, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An outage of a moment costs no row and no point, and both commands say that they wait."""
    store.script.down(only="upsert", calls=1)
    assert run("import", file, "-c", "fruit", *SERVICE) == 65
    assert "upsert failed (refused); trying again in 0." in capsys.readouterr().err
    assert ids(store) == [1, 2, 3, 5, 6, 7, 8]
    store.script.down(only="scroll", calls=1)
    assert run("export", tmp_path / "made.jsonl", "-c", "fruit", *SERVICE) == 0
    assert "scroll failed (refused); trying again in 0." in capsys.readouterr().err


def test_goes_on_with_the_same_file_alone(
    store: FaultyVectorStore, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that was changed, or other options, begin anew: rows would not be where they were."""
    command = ("import", file, "-c", "fruit", "--batch", 1, "--patience", 0, *SERVICE)
    store.script.works(calls=3, only="upsert").down(only="upsert")
    assert run(*command) == 69
    store.script.recover()
    assert run(*command, "--resume", "--id-column", "key") == 65
    file.write_text(file.read_text() + "\n")
    assert run(*command, "--resume") == 65
    assert capsys.readouterr().err.count("points.jsonl: expected the file and the options of the import") == 2
    assert run(*command) == 65
    assert ids(store) == [1, 2, 3, 5, 6, 7, 8]


def test_a_collection_that_is_made_anew_gets_every_row(store: FaultyVectorStore, file: Path) -> None:
    """A place in a collection that was deleted since is no place."""
    command = ("import", file, "-c", "fruit", "--create", "--distance", "dot", "--batch", 1, "--patience", 0, *SERVICE)
    store.script.works(calls=3, only="upsert").down(only="upsert")
    assert run(*command) == 69
    store.script.recover()
    asyncio.run(store.delete_collection("fruit"))
    assert run(*command, "--resume") == 65
    assert ids(store) == [1, 2, 3, 5, 6, 7, 8]


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("points.jsonl", "-c", "gone"), 66, "Collection 'gone' does not exist."),
        (("gone.jsonl", "-c", "fruit"), 66, "gone.jsonl: No such file or directory"),
        ((".", "-c", "fruit", "--format", "jsonl"), 66, ": Is a directory"),
        (("points.jsonl", "-c", "fruit", "--format", "csv"), 65, "format: expected jsonl, parquet, npy, npz"),
        (("points.jsonl", "-c", "fruit", "--format", "parquet"), 65, "points.jsonl: expected a Parquet file"),
        (("points.jsonl", "-c", "fruit", "--batch", "0"), 65, "batch: expected an integer from 1 to 10000"),
        (("points.jsonl", "-c", "fruit", "--create"), 65, "distance is dot, not cosine"),
    ],
)
def test_says_in_one_line_why_it_cannot(
    store: FaultyVectorStore,
    file: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    code: int,
    said: str,
) -> None:
    """Each reason has its exit code, and nothing is written."""
    assert run("import", file.parent / arguments[0], *arguments[1:], *SERVICE) == code
    assert said in capsys.readouterr().err.splitlines()[-1]
    assert ids(store) == []


def test_a_store_that_ends_with_the_command_is_pointless(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Into `:memory:` nothing is imported."""
    assert run("import", file, "-c", "fruit", "--create") == 78
    assert "SOCIAL_QDRANT__URL: is :memory:, which ends with this command" in capsys.readouterr().err


def test_exports_what_was_imported(
    store: FaultyVectorStore, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All points or those that meet a filter, in a file that is not replaced unless asked for."""
    run("import", file, "-c", "fruit", *SERVICE)
    made = tmp_path / "made.parquet"
    assert run("export", made, "-c", "fruit", *SERVICE) == 0
    assert capsys.readouterr().out.endswith(f"7 points of 'fruit' are in {made}\n")
    assert run("import", made, "-c", "copy", "--create", "--distance", "dot", *SERVICE) == 0
    assert ids(store, "copy") == ids(store)
    assert run("export", made, "-c", "fruit", *SERVICE) == 73
    assert "made.parquet: File exists; --force replaces it" in capsys.readouterr().err
    narrow = ("--filter", '{"must": [{"key": "n", "range": {"gt": 5}}]}')
    assert run("export", made, "-c", "fruit", "--force", *narrow, *SERVICE) == 0
    assert capsys.readouterr().out.startswith("3 points")
    assert run("export", tmp_path / "made.npy", "-c", "fruit", *SERVICE) == 0
    assert "an .npy file holds vectors alone" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("-c", "gone"), 66, "Collection 'gone' does not exist."),
        (("-c", "fruit", "--filter", "{"), 65, "--filter: expected a filter in JSON"),
        (("-c", "fruit", "--filter", '{"must": [{}]}'), 65, "filter.must[0]: expected exactly one"),
        (("-c", "fruit", "--filter", "[" * 5000), 65, "--filter: expected"),
        (("-c", "fruit", "--format", "csv"), 65, "format: expected"),
    ],
)
def test_a_failed_export_leaves_no_file(
    store: FaultyVectorStore,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    code: int,
    said: str,
) -> None:
    """One line, an exit code, and nothing in the folder."""
    folder = tmp_path / "made"
    folder.mkdir()
    assert run("export", folder / "made.jsonl", *arguments, *SERVICE) == code
    assert said in capsys.readouterr().err.splitlines()[-1]
    assert list(folder.iterdir()) == []
    assert run("export", folder / "no" / "made.jsonl", "-c", "fruit", *SERVICE) == 66


def test_a_place_is_kept_now_and_then(file: Path, state: Path) -> None:
    """At most once a second, and garbage in its file is no place."""
    clock = Clock()
    bookmark = Bookmark(file, collection="fruit", store="a", options={"columns": ("a",)}, clock=clock)
    bookmark.keep(Place(1, 1, 0))
    assert bookmark.find() is None
    clock.now += EVERY_SECONDS
    bookmark.keep(Place(2, 1, 1))
    bookmark.keep(Place(3, 2, 1))
    assert bookmark.find() == Place(2, 1, 1)
    assert Bookmark(file, collection="fruit", store="b", options={}).find() is None
    (kept,) = (state / "holdfast" / "imports").iterdir()
    for garbage in ("", "{", "[]", "{}", '{"place": 1}', '{"place": {"row": 1, "more": 2}}'):
        kept.write_text(garbage)
        assert bookmark.find() is None
    assert "http" not in kept.name


def test_a_place_that_cannot_be_kept_does_not_end_the_import(file: Path, state: Path) -> None:
    """A folder for state that is none is said where it matters."""
    state.write_text("no folder")
    bookmark = Bookmark(file, collection="fruit", store="a", options={})
    bookmark.keep(Place(1, 1, 0), now=True)
    assert bookmark.broken
    assert bookmark.find() is None
    bookmark.forget()
