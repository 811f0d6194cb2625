"""What must hold whatever becomes of the backends, under random faults of both."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.e2e.invariants.answers import HIT, STALE_HIT, STORED
from tests.e2e.invariants.figures import summary
from tests.e2e.invariants.run import run


@pytest.mark.redis
async def test_every_answer_is_right_under_random_faults(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Fresh and true, or marked stale, or a documented error, each in time; then all recovers, and nothing is left."""
    seed, seconds = (request.config.getoption(f"--invariants-{name}") for name in ("seed", "seconds"))
    (tmp_path / "store").mkdir()
    one = await run(seed, seconds, tmp_path / "store")
    history = one.session.history
    history.dump(tmp_path / "history.jsonl")
    lines = [f"seed {seed}, {seconds} s, history in {tmp_path}/history.jsonl", *one.faults, summary(history)]
    told = "\n".join(map(str, [*lines, one.calls, *one.left]))
    sys.stdout.write(told)
    assert not one.problems, "\n".join([told, *one.problems])
    seen = Counter((answer.status, answer.headers.get("cache-status")) for answer in history.operations)
    for interesting in ((200, HIT), (200, STORED), (200, STALE_HIT), (503, None), (404, None), (504, None)):
        assert seen[interesting], f"no {interesting}: {seen}"
