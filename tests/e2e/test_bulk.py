"""Imports that are interrupted, as users run them."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from tests.e2e.service import ROOT, holdfast
from tests.servers.process import ChildProcess
from tests.servers.qdrant_rest import qdrant_rest_process

ROWS = 3000


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Many points of a few numbers."""
    path = tmp_path / "points.jsonl"
    path.write_text("".join(f'{{"id": {n}, "vector": [{n}, 1, 2, 3], "payload": {{"n": {n}}}}}\n' for n in range(ROWS)))
    return path


class Import:
    """`holdfast import` of a file into `things`, as a child process."""

    def __init__(self, file: Path, url: str, *options: str) -> None:
        command, env = holdfast(
            "import", str(file), "--collection", "things", "--batch", "20", *options, QDRANT__URL=url
        )
        self.state = file.parent / "state"
        env["XDG_STATE_HOME"] = str(self.state)
        self.child = subprocess.Popen(  # noqa: S603
            command, env=env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def wait_until_kept(self) -> int:
        """The row behind which it would go on, once there is one."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            for path in self.state.rglob("*.json"):
                return int(json.loads(path.read_text())["place"]["row"])
            assert self.child.poll() is None, "it ended before it could be interrupted"
            time.sleep(0.02)
        raise AssertionError("no place was kept")

    def end(self) -> tuple[int, str, str]:
        out, err = self.child.communicate(timeout=60)
        return self.child.returncode, out, err


def count(url: str) -> int:
    answer = httpx.post(f"{url}/collections/things/points/count", json={"exact": True}, trust_env=False)
    return int(answer.json()["result"]["count"])


@pytest.fixture
def qdrant(tmp_path: Path) -> tuple[str, ChildProcess]:
    """A stand-in whose data outlives a restart, not started yet."""
    return qdrant_rest_process(directory=tmp_path)


def test_goes_on_after_a_kill(file: Path, qdrant: tuple[str, ChildProcess]) -> None:
    """Killed in the middle without warning, an import goes on behind what was done, and every row is there."""
    url, process = qdrant
    with process:
        killed = Import(file, url, "--create")
        row = killed.wait_until_kept()
        killed.child.kill()
        killed.end()
        assert 0 < row < ROWS
        assert row <= count(url) < ROWS
        code, out, err = Import(file, url, "--resume").end()
        assert (code, out) == (0, f"{ROWS:,} rows are in 'things'\n")
        assert "going on behind row " in err
        assert count(url) == ROWS
    assert list(killed.state.rglob("*.json")) == []


def test_ctrl_c_says_how_to_go_on(file: Path, qdrant: tuple[str, ChildProcess]) -> None:
    """An interruption ends it with a line and 130, without a traceback, and what was said was done is there."""
    url, process = qdrant
    with process:
        interrupted = Import(file, url, "--create")
        interrupted.wait_until_kept()
        interrupted.child.send_signal(signal.SIGINT)
        code, out, err = interrupted.end()
        assert (code, out) == (130, "")
        assert err.splitlines()[-1].endswith("the place is kept: --resume goes on there")
        assert "Traceback" not in err
        assert Import(file, url, "--resume").end()[0] == 0
        assert count(url) == ROWS


def test_outlasts_a_restart_of_the_database(file: Path, qdrant: tuple[str, ChildProcess]) -> None:
    """A database that is killed and comes back costs a pause and no row."""
    url, process = qdrant
    with process:
        running = Import(file, url, "--create")
        running.wait_until_kept()
        process.kill()
        process.start()
        code, out, _ = running.end()
        assert (code, out) == (0, f"{ROWS:,} rows are in 'things'\n")
        assert count(url) == ROWS
