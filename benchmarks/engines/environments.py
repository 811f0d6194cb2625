"""The peers' packages, each set in an environment of its own, made once and kept in a folder."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.e2e.service import ROOT

CACHE = ROOT / ".cache" / "engines"
ASKED = "asked.json"


def environment(folder: Path, name: str, packages: Sequence[str]) -> Path:
    """The folder of programs of an environment with these packages, which are installed where they are not yet."""
    place = folder.resolve() / name
    asked, programs = json.dumps(sorted(packages)), place / "bin"
    note = place / ASKED
    if note.exists() and note.read_text() == asked:
        return programs
    print(f"installing {', '.join(packages)} into {place}", file=sys.stderr)
    _run([sys.executable, "-m", "venv", "--clear", str(place)])
    _run([str(programs / "python"), "-m", "pip", "--disable-pip-version-check", "--quiet", "install", *packages])
    note.write_text(asked)
    return programs


def versions(programs: Path, packages: Sequence[str]) -> dict[str, str]:
    """Which versions are installed there."""
    code = "import importlib.metadata as m, json, sys; print(json.dumps({n: m.version(n) for n in sys.argv[1:]}))"
    said: dict[str, str] = json.loads(_run([str(programs / "python"), "-c", code, *packages]))
    return said


def _run(command: Sequence[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}: {done.stderr[-1000:]}")
    return done.stdout
