"""The checker of the invariants test finds an answer that is not documented, or has no reason."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.invariants.answers import BYPASS, HIT, STALE_HIT, STORED, Violation
from tests.e2e.invariants.checker import STORE_DOWN
from tests.e2e.invariants.history import Operation
from tests.e2e.invariants.limits import FRESH, RECOVERY, STALE
from tests.e2e.invariants.logs import unexpected
from tests.policy.invariants_story import Story


@pytest.fixture
def story() -> Story:
    return Story()


def test_an_invalidation_that_is_pending_for_no_reason_is_found(story: Story) -> None:
    """The cache was never away."""
    with pytest.raises(Violation, match="could not be told"):
        story.upsert(1, 1, pending=True)


def test_an_answer_that_is_too_old_is_found(story: Story) -> None:
    """Past the fresh window, past the stale window, or past what the request allowed."""
    story.upsert(1, 1)
    story.trouble("store", 1, 99)
    story.see(50, 1, STALE_HIT, age=5)
    story.see(50, 1, STALE_HIT, age=40, control="max-stale=40")
    story.see(50, 1, STALE_HIT, age=4, control="no-cache, stale-if-error=4")
    for cache, age, control in (
        (HIT, FRESH + 1, ""),
        (HIT, 2, "max-age=1"),
        (HIT, 0, "no-cache"),
        (STALE_HIT, STALE + 1, ""),
        (STALE_HIT, 5, "stale-if-error=4"),
        (STALE_HIT, 41, "max-stale=40"),
        (STALE_HIT, 1, "no-cache"),
        (STALE_HIT, 2, "max-age=1"),
    ):
        with pytest.raises(Violation, match="allowed"):
            story.see(50, 1, cache, age=int(age), control=control)


def test_a_stale_answer_needs_a_reason(story: Story) -> None:
    """The store is away from that replica, or was lately, or the request allows it."""
    story.upsert(1, 1)
    story.trouble("store", 3, 4, 0)
    story.see(4 + RECOVERY - 0.1, 1, STALE_HIT, age=1)
    story.see(20, 1, STALE_HIT, age=6, control="max-stale=6")
    for at, replica in ((4 + RECOVERY + 0.1, 0), (3.5, 1)):
        with pytest.raises(Violation, match="allowed"):
            story.see(at, 1, STALE_HIT, replica, age=1)


def test_a_stale_answer_that_is_not_marked_is_found(story: Story) -> None:
    """In the body, in the header, or in both; and one that hides its age."""
    story.trouble("store", 0, 99)
    story.upsert(1, 1)
    story.upsert(2, 2)
    with pytest.raises(Violation, match="disagree"):
        story.see(5, 1, STALE_HIT, age=4, body={"hits": [], "stale": False})
    with pytest.raises(Violation, match="disagree"):
        story.see(5, 1, HIT, age=4, body={"hits": [], "stale": True})
    with pytest.raises(Violation, match="Age"):
        story.see(5, 1, STALE_HIT, headers={"cache-status": STALE_HIT})
    with pytest.raises(Violation, match="no more"):
        story.see(4, 1, HIT, age=2)


def test_an_error_that_is_not_documented_is_found(story: Story) -> None:
    """Any 500, another body, no or a wrong Retry-After, an error that nothing explains."""
    story.trouble("store", 0, 9)
    good: dict[str, Any] = {"status": 503, "body": STORE_DOWN, "headers": {"retry-after": "1"}}
    story.tell("search", 1, **good)
    changes: list[dict[str, Any]] = [
        {"status": 500},
        {"status": 502},
        {"status": 422},
        {"status": 504},
        {"status": 404},
        {"body": {"detail": "Vector database down."}},
        {"body": {**STORE_DOWN, "more": 1}},
        {"headers": {}},
        {"headers": {"retry-after": "0"}},
        {"headers": {"retry-after": "1.5"}},
    ]
    for change in changes:
        with pytest.raises(Violation):
            story.tell("search", 1, **{**good, **change})
    with pytest.raises(Violation, match="nothing is wrong"):
        story.tell("search", 9.1 + RECOVERY, **good)


def test_an_answer_that_is_late_or_lost_is_found(story: Story) -> None:
    """Past its deadline and the slack, but for what the test itself was late; none at all; one without its id."""
    story.see(1, None, seconds=3.9)
    story.see(1, None, seconds=4.9, lag=1.0)
    with pytest.raises(Violation, match="an answer after"):
        story.see(1, None, seconds=4.1)
    with pytest.raises(Violation, match="no answer"):
        story.tell("search", 1, lost="ReadError")
    story.tell("search", 1, lost="none in time", gave_up=True)
    with pytest.raises(Violation, match="an answer after"):
        story.tell("live", 1, seconds=1.1, status=200)
    operation = Operation(9, "client", 0, "search", "things", 1.0)
    operation.status, operation.end = 200, 1.1
    with pytest.raises(Violation, match="X-Request-ID"):
        story.checker.end(operation)


def test_the_cache_is_left_out_as_asked(story: Story) -> None:
    """`no-store` alone bypasses, and `only-if-cached` asks nobody."""
    story.see(1, None, BYPASS, control="no-store")
    story.tell(
        "search", 1, control="only-if-cached", status=504,
        body={"detail": "Nothing usable is cached, and only-if-cached was asked for."},
    )  # fmt: skip
    for cache, control in ((BYPASS, ""), (STORED, "no-store"), (STORED, "only-if-cached")):
        with pytest.raises(Violation):
            story.see(1, None, cache, control=control)


def test_each_result_of_a_batch_is_judged(story: Story) -> None:
    """Also where a part of it was remembered, which nothing tells apart."""
    story.trouble("cache", 1.9, 2.2)
    story.upsert(1, 1)
    story.upsert(2, 2, pending=True)
    new, old, stale = story.result(2), story.result(1), story.result(1, stale=True)
    good: list[tuple[str, int | None, str, list[Any]]] = [
        (STORED, None, "", [new, new]),
        (STORED, None, "", [old, new]),
        (STORED, None, "max-stale", [stale, new]),
        (HIT, 1, "", [old, old]),
        (STALE_HIT, 2, "max-stale=9", [stale, old]),
        (STALE_HIT, 5, "max-stale=9", [stale, old]),
    ]
    for cache, age, control, results in good:
        story.see_batch(4, cache, age, control, results, replica=1)
    bad = [
        (STORED, None, "no-cache", [new, old]),
        (STORED, None, "", [new, stale]),
        (HIT, 1, "", [new, stale]),
        (STALE_HIT, 2, "max-stale=9", [new, new]),
        (HIT, 0, "", [old, new]),
        (HIT, 4, "", [old, new]),
        (STORED, None, "", [new]),
    ]
    for cache, age, control, results in bad:
        with pytest.raises(Violation):
            story.see_batch(4, cache, age, control, results, replica=1)
    with pytest.raises(Violation, match="no more"):
        story.see_batch(4, STORED, None, "", [new, old], replica=0)


def test_a_line_in_a_log_that_no_fault_explains_is_found() -> None:
    """Of what replicas write, outages alone are expected."""
    lines = [
        '{"level": "error", "event": "backend_failed", "failure": "reset"}',
        '{"level": "warning", "event": "breaker_opened", "open_for": 0.25}',
        '{"level": "error", "event": "request_failed", "error": "KeyError"}',
        "Traceback (most recent call last):",
        "17",
    ]
    assert unexpected("\n".join(lines)) == lines[2:]
