"""The running service does what its document says, whatever Schemathesis thinks of."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from adapters.keys import hash_of, new_secret
from tests.e2e.schemathesis_fit import COLLECTIONS
from tests.e2e.service import ROOT, service

SECRET = new_secret()
KEYS = json.dumps([{"name": "schemathesis", "hash": hash_of(SECRET), "rights": ["read", "write", "admin"]}])
BEARER = {"Authorization": f"Bearer {SECRET}"}

EVERY_BOUND = ("--phases", "examples,coverage", "--generation-deterministic")
RANDOM = ("--phases", "fuzzing,stateful", "--generation-database", "none")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A service that has the collections which the hooks lead requests to, with two points each."""
    url, process = service(LOG__LEVEL="warning", AUTH__KEYS=KEYS)
    with process:
        for name, size in COLLECTIONS.items():
            one = f"{url}/v1/collections/{name}"
            distance = name.rstrip("0123456789")
            httpx.put(one, json={"vector": {"size": size, "distance": distance}}, headers=BEARER).raise_for_status()
            points = [{"id": number, "vector": [1.0] * size} for number in (1, 2)]
            httpx.put(f"{one}/points", json={"points": points}, headers=BEARER).raise_for_status()
        yield url


def schemathesis(url: str, folder: Path, *options: str, **env: str) -> subprocess.CompletedProcess[str]:
    """A run of Schemathesis against the service."""
    command = ["-m", "schemathesis.cli", "run", f"{url}/openapi.json", "--checks", "all"]
    command += ["--header", f"Authorization: {BEARER['Authorization']}"]
    hooks = {"SCHEMATHESIS_HOOKS": "tests.e2e.schemathesis_hooks", "PYTHONPATH": str(ROOT)}
    return subprocess.run(  # noqa: S603
        [sys.executable, *command, "--no-color", "--continue-on-failure", *options],
        env={**os.environ, **hooks, **env},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_bound(url: str, tmp_path: Path) -> None:
    """Each bound of each field, from within and from without, and each method are answered as the document says."""
    run = schemathesis(url, tmp_path, *EVERY_BOUND, SHORT_FILTERS="1")
    assert run.returncode == 0, run.stdout + run.stderr


def test_random_requests(url: str, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    """Random requests, good and bad, alone and one after the other, are answered as the document says."""
    examples, seed = (str(pytestconfig.getoption(f"document_{name}")) for name in ("examples", "seed"))
    run = schemathesis(url, tmp_path, *RANDOM, "--max-examples", examples, "--seed", seed)
    assert run.returncode == 0, run.stdout + run.stderr
