"""The page at /docs in Chromium."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from entrypoints.http.openapi.document import OPERATIONS
from tests.e2e.service import service as holdfast_service

pytestmark = pytest.mark.browser

OPTIONS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--enable-logging=stderr")


@pytest.fixture
def url() -> Iterator[str]:
    """A service as a process."""
    url, process = holdfast_service(LOG__LEVEL="warning")
    with process:
        yield url


def test_shows_every_operation(url: str, tmp_path: Path) -> None:
    """The page shows every operation and the way to say who asks; what its policy forbids would be on the console."""
    command = ["chromium", *OPTIONS, f"--user-data-dir={tmp_path}", "--virtual-time-budget=20000", "--dump-dom"]
    run = subprocess.run(  # noqa: S603
        [*command, f"{url}/docs"], capture_output=True, text=True, check=True, timeout=60
    )
    shown = set(re.findall(r'id="(operations-\w+-\w+)"', run.stdout))
    assert {f"operations-{one.tag}-{one.id}" for one in OPERATIONS} <= shown
    assert "Authorize" in run.stdout
    assert [line for line in run.stderr.splitlines() if "CONSOLE" in line] == []
