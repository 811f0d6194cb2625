"""What the README shows works as it stands there."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from tests.e2e.service import ROOT, holdfast

SNIPPETS = re.findall(
    r"^```python\n(.*?)^```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
)


def test_there_are_snippets() -> None:
    """The README has a program that searches, and one that swaps an adapter."""
    assert len(SNIPPETS) == 2


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_a_snippet_runs(snippet: str) -> None:
    """Each program ends well, with the default settings."""
    _, env = holdfast()
    command = [sys.executable, "-W", "error", "-c", snippet]
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
    assert done.returncode == 0, done.stderr
    assert "search(" not in snippet or done.stdout == "[{'name': 'cherry'}]\n"
