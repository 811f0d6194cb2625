"""`holdfast copy`, in this process: what it says, keeps and refuses."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from dependency_injector import providers

from adapters.settings import Settings
from containers import Container
from domain.copying import Position
from domain.errors import Backend, BackendUnavailable, Failure, InvalidInput
from domain.filters import Filter
from domain.models import Point
from entrypoints.cli import main
from entrypoints.cli.checkpoint import Checkpoint
from entrypoints.cli.session import Side, settings_of_store
from entrypoints.cli.state import EVERY_SECONDS
from tests.clock import Clock
from tests.contract.things import UUID_1, make, vector
from tests.fakes import FailingVectorStore

HERE, THERE = "http://here:6333", "holdfast+http://there:8000"

Stores = dict[str, FailingVectorStore]


@pytest.fixture
def points() -> int:
    """How many points there are to copy: more than a page."""
    return 700


@pytest.fixture
def stores(points: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stores]:
    """A store for each of two URLs: the first with points, the other empty; in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    stores = {HERE: FailingVectorStore(), THERE: FailingVectorStore()}
    asyncio.run(make(stores[HERE], *(Point(i, vector(i, 1)) for i in range(points))))

    def choose(settings: Settings) -> FailingVectorStore:
        return stores[settings.qdrant.url]

    with Container.vector_store.override(providers.Callable(choose, Container.settings)):
        yield stores


def copy(*arguments: str, source: str = HERE, target: str = THERE) -> int:
    """The exit code of `holdfast copy`."""
    with pytest.raises(SystemExit) as caught:
        main(["copy", "--from", source, "--to", target, *arguments])
    return int(caught.value.code or 0)


def files() -> list[Path]:
    """All files in the folder of the test."""
    return [path for path in Path().rglob("*") if path.is_file()]


def test_copies_and_says_that_it_is_the_same(stores: Stores, capsys: pytest.CaptureFixture[str]) -> None:
    """One line for each collection on stdout, the progress on stderr, and no file is left."""
    assert copy() == 0
    written = capsys.readouterr()
    assert written.out == "things: 700 points copied; the same in both: 100 points and 5 searches compared\n"
    assert written.err.startswith("copying things: 700 of 700, ")
    assert files() == []
    assert asyncio.run(stores[THERE].count("things", Filter())) == 700


def test_says_that_it_differs(stores: Stores, capsys: pytest.CaptureFixture[str]) -> None:
    """Points that only the target has make another collection, with the exit code of wrong data."""
    asyncio.run(make(stores[THERE], *(Point(9000 + i, vector(i, 1)) for i in range(3))))
    assert copy("--resume", "--collection", "things") == 65
    assert capsys.readouterr().out.startswith("things: 700 points copied; DIFFERS: points is 703, not 700\n")


@pytest.mark.parametrize("points", [3])
@pytest.mark.parametrize(
    ("arguments", "target", "code", "said"),
    [
        ([], HERE, 65, "--to: expected another store than --from."),
        ([], f"qdrant+{HERE}/", 65, "--to: expected another store than --from."),
        ([], "there:8000", 78, "--to: must be"),
        ([], "http://user:secret@there", 78, "--to: must hold no user or password"),
        (["--collection", "none"], THERE, 66, "Collection 'none' does not exist."),
        ([], THERE, 65, "Collection 'things' exists and differs: points is 1, not 0."),
    ],
)
def test_refuses(
    stores: Stores, capsys: pytest.CaptureFixture[str], arguments: list[str], target: str, code: int, said: str
) -> None:
    """What cannot be copied is one line, before anything is written."""
    asyncio.run(make(stores[THERE], Point(1, vector(1, 1))))
    assert copy(*arguments, target=target) == code
    written = capsys.readouterr()
    assert written.err.startswith(f"holdfast: {said}")
    assert "secret" not in written.err
    assert written.out == ""
    assert asyncio.run(stores[THERE].count("things", Filter())) == 1


def test_goes_on_after_an_interruption(stores: Stores, capsys: pytest.CaptureFixture[str]) -> None:
    """What was copied stands in a file, from which --resume goes on, and which is gone at the end."""

    class Ending(FailingVectorStore):
        """Lets nobody in after the first page."""

        async def upsert(self, collection: str, points: Sequence[Point], *, only: Filter | None = None) -> None:
            if self.error is not None:
                raise self.error
            await super().upsert(collection, points, only=only)
            self.error = BackendUnavailable(Backend.VECTOR_STORE, "upsert", Failure.UNAUTHORIZED)

    stores[THERE] = ending = Ending()
    assert copy() == 77
    (state,) = files()
    assert state.parent == Path("state/holdfast/copies")
    kept = json.loads(state.read_bytes())
    assert (kept["source"], kept["target"]) == (HERE, THERE)
    assert (kept["collections"]["things"]["next"], kept["collections"]["things"]["copied"]) == (500, 500)
    stores[THERE] = whole = FailingVectorStore()
    ending.error = None
    asyncio.run(make(whole, *(Point(i, vector(i, 1)) for i in range(500))))
    capsys.readouterr()
    assert copy() == 65
    assert copy("--resume") == 0
    assert capsys.readouterr().out.startswith("things: 700 points copied; the same in both")
    assert not state.exists()


def test_a_place_that_cannot_be_kept_does_not_end_the_copy(
    stores: Stores, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With a file for state that cannot be, the copy is whole all the same, and says so."""
    (tmp_path / "none").write_text("no folder")
    assert copy("--state", "none/state.json") == 0
    written = capsys.readouterr()
    assert written.out.startswith("things: 700 points copied; the same in both")
    assert "how far the copy is could not be kept in none/state.json\n" in written.err


def test_the_file_is_checked(tmp_path: Path) -> None:
    """A file of another copy, or of something else, is refused by its name."""
    mine = Checkpoint("a", "b", tmp_path / "state")
    mine.load()
    assert mine.position("x") == Position()
    at = Position(UUID_1, 3, (1, UUID_1), done=True)
    mine.note("x", at)
    mine.write()
    again = Checkpoint("a", "b", tmp_path / "state")
    again.load()
    assert again.position("x") == at
    with pytest.raises(InvalidInput, match="that of another"):
        Checkpoint("a", "c", tmp_path / "state").load()
    (tmp_path / "state").write_text("[]")
    with pytest.raises(InvalidInput, match="is none"):
        again.load()


def test_the_file_is_written_now_and_then(tmp_path: Path) -> None:
    """Not with each page, and at most a second late."""
    clock = Clock()
    checkpoint = Checkpoint("a", "b", tmp_path / "state", clock)
    checkpoint.note("x", Position(1, 1))
    assert not checkpoint.path.exists()
    clock.now += EVERY_SECONDS
    checkpoint.note("x", Position(2, 2))
    assert checkpoint.path.exists()


def test_a_key_goes_to_its_own_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment's key and cache are for the environment's store, and each side has a key of its own."""
    for name, value in {
        "QDRANT__URL": HERE,
        "QDRANT__API_KEY": "own-key",
        "REDIS__URL": "redis://cache",
        "COPYING__TO_API_KEY": "to-key",
    }.items():
        monkeypatch.setenv(f"SOCIAL_{name}", value)

    def key_and_cache(url: str, side: Side) -> tuple[str | None, bool]:
        settings = settings_of_store(url, side)
        assert {"own-key", "to-key"} & set(settings.secrets()) >= {"to-key"}
        key = settings.qdrant.api_key
        return None if key is None else key.get_secret_value(), settings.redis.url is not None

    assert key_and_cache(f"qdrant+{HERE}", Side.FROM) == ("own-key", True)
    assert key_and_cache("http://other:6333", Side.FROM) == (None, False)
    assert key_and_cache("http://other:6333", Side.TO) == ("to-key", False)
    assert key_and_cache(HERE, Side.TO) == ("to-key", True)
