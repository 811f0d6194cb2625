"""What a command does not wait for when it starts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("module", ["containers", "entrypoints.cli.main"])
def test_loads_no_library_before_it_is_needed(module: str) -> None:
    """No driver, no library of files and no progress bar is loaded where it may not be wanted."""
    program = f"import json, sys, {module}; print(json.dumps(sorted(sys.modules)))"
    written = subprocess.run(  # noqa: S603
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, timeout=60
    ).stdout
    late = {"grpc", "httpx", "numpy", "pyarrow", "qdrant_client", "qdrant_edge", "redis", "rich.progress"}
    assert late.isdisjoint(json.loads(written))
