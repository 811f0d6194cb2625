"""The small file that says how far a long command came."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from entrypoints.cli.state import EVERY_SECONDS, StateFile, state_path
from tests.clock import Clock


class Rows(msgspec.Struct):
    """What a test keeps."""

    rows: int


def test_is_in_the_folder_for_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each work has a file of its own in the user's folder for state, whose name tells nothing of it."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    one, same, other = state_path("copies", "a", "b"), state_path("copies", "a", "b"), state_path("copies", "ab")
    assert one == same != other
    assert one.parent == tmp_path / "holdfast" / "copies"
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state_path("copies", "a", "b") == tmp_path / ".local" / "state" / "holdfast" / "copies" / one.name


def test_is_written_at_most_once_a_second(tmp_path: Path) -> None:
    """What is kept in between is not written, unless it has to be now."""
    clock = Clock()
    state = StateFile(tmp_path / "new" / "state.json", Rows, clock)
    state.keep(Rows(1))
    assert state.read() is None
    clock.now += EVERY_SECONDS
    state.keep(Rows(2))
    state.keep(Rows(3))
    assert state.read() == Rows(2)
    state.keep(Rows(4), now=True)
    assert state.read() == Rows(4)
    assert list(state.path.parent.iterdir()) == [state.path]
    state.forget()
    assert state.read() is None
    state.forget()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"{}", b'{"rows": "1"}', b'{"rows\xff": 1}'])
def test_a_file_of_something_else_is_refused(tmp_path: Path, content: bytes) -> None:
    """Garbage is told from no file at all."""
    state = StateFile(tmp_path / "state.json", Rows)
    state.path.write_bytes(content)
    with pytest.raises(ValueError, match=r"state\.json"):
        state.read()


def test_what_cannot_be_written_leaves_what_was(tmp_path: Path) -> None:
    """A failed write ends nothing and leaves nothing half done, and one that succeeds later makes up for it."""
    state = StateFile(tmp_path / "state.json", Rows)
    state.keep(Rows(1), now=True)
    part = tmp_path / "state.json.part"
    part.mkdir()
    state.keep(Rows(2), now=True)
    assert (state.broken, state.read()) == (True, Rows(1))
    part.rmdir()
    state.keep(Rows(3), now=True)
    assert (state.broken, state.read()) == (False, Rows(3))


def test_a_folder_that_is_none_ends_nothing(tmp_path: Path) -> None:
    """Where a file is in the way of the folder, nothing is kept and nothing found."""
    (tmp_path / "state").write_text("no folder")
    state = StateFile(tmp_path / "state" / "state.json", Rows)
    state.keep(Rows(1), now=True)
    assert state.broken
    assert state.read() is None
    state.forget()
