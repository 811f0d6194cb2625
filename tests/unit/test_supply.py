"""What is installed is pinned twice, alike; and an audit says what it could not do."""

from __future__ import annotations

import json
import re
import runpy
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.test_repository import REGISTRY, ROOT, required

PINNED = re.compile(r"^([\w.-]+)==([^\s;]+)(.*)$", re.MULTILINE)
AUDIT = ROOT / ".ci" / "audit.py"


def pins(path: Path) -> dict[str, str]:
    """The version of each package in a file of requirements."""
    return {required(name): version for name, version, _ in PINNED.findall(path.read_text())}


@pytest.fixture(scope="module")
def judge() -> Callable[[str], tuple[str, int]]:
    """The judgement on a report of pip-audit."""
    found: Callable[[str], tuple[str, int]] = runpy.run_path(str(AUDIT))["judge"]
    return found


def test_what_the_image_installs_is_what_is_tested() -> None:
    """Every direct dependency has hashes, and each package the version of constraints.txt."""
    hashed, constrained = pins(ROOT / "requirements" / "runtime.txt"), pins(ROOT / "constraints.txt")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    assert {required(name) for name in [*project["dependencies"], *extras["fast"], *extras["edge"]]} <= set(hashed)
    assert {name: hashed[name] for name in hashed.keys() & constrained.keys()}.items() <= constrained.items()
    # Of other systems and older Pythons.
    assert hashed.keys() - constrained.keys() <= {"async-timeout", "colorama"}


@pytest.mark.parametrize("name", ["build.txt", "runtime.txt"])
def test_every_package_of_the_image_has_hashes(name: str) -> None:
    """`pip install --require-hashes` takes the file, from whichever registry."""
    text = (ROOT / "requirements" / name).read_text()
    blocks = re.split(r"\n(?=\S)", text.strip())
    assert [block for block in blocks if "--hash=sha256:" not in block or not PINNED.match(block)] == []
    assert not REGISTRY.search(text)
    assert "://" not in text


@pytest.mark.parametrize(
    ("report", "said", "code"),
    [
        ("", "left out", 0),
        ("Traceback", "left out", 0),
        ({"dependencies": [{"name": "a", "skip_reason": "not found"}]}, "left out", 0),
        ({"dependencies": [{"name": "a", "version": "1", "vulns": []}]}, "1 packages looked up, 0 known", 0),
        (
            {"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "X-1", "fix_versions": ["2"]}]}]},
            "a 1: X-1, mended in 2",
            1,
        ),
        (
            {"dependencies": [{"name": "a", "version": "1", "vulns": []}, {"name": "b", "skip_reason": "not found"}]},
            "not looked up: b",
            0,
        ),
    ],
)
def test_an_audit_fails_for_a_vulnerability_alone(
    judge: Callable[[str], tuple[str, int]], report: Any, said: str, code: int
) -> None:
    """And where nothing could be looked up it does not say that nothing was found."""
    text, exit_code = judge(report if isinstance(report, str) else json.dumps(report))
    assert said in text
    assert exit_code == code
