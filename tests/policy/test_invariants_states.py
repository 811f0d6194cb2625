"""The checker of the invariants test finds a state that must not be shown, and lets pass one that may."""

from __future__ import annotations

import pytest

from tests.e2e.invariants.answers import HIT, MISS, STALE_HIT, STORED, Violation
from tests.e2e.invariants.checker import STORE_DOWN
from tests.e2e.invariants.limits import FRESH, READ_TIMEOUT
from tests.policy.invariants_story import GONE, Story


@pytest.fixture
def story() -> Story:
    return Story()


def test_what_was_written_is_seen(story: Story) -> None:
    """Each state passes while it may hold: during a write both, and after one of unknown outcome both for ever."""
    story.see(1, None)
    story.upsert(2, 1, seconds=1.0)
    story.see(2.1, None, seconds=0.1)
    story.see(2.1, 1, seconds=0.1)
    story.trouble("store", 3.9, 4.2)
    story.tell("upsert", 4, version=2, status=503, body=STORE_DOWN, headers={"retry-after": "1"})
    story.see(9, 1, HIT, age=1)
    story.see(10, 2, HIT, 1, age=0)


@pytest.mark.parametrize("cache", [HIT, STORED, MISS])
@pytest.mark.parametrize("replica", [0, 1])
def test_an_old_result_after_an_acknowledged_write_is_found(story: Story, cache: str, replica: int) -> None:
    """Whichever replica shows it as fresh, remembered or not."""
    story.upsert(1, 1)
    story.upsert(2, 2)
    with pytest.raises(Violation, match="no more"):
        story.see(2.2, 1, cache, replica, age=1)


def test_a_version_that_nobody_wrote_is_found(story: Story) -> None:
    """A result from nowhere, or from before its write began, or of hits that do not fit together."""
    story.upsert(1, 1)
    with pytest.raises(Violation, match="never was"):
        story.see(2, 2)
    with pytest.raises(Violation, match="nobody wrote"):
        story.see(2, 1, body={"hits": [{"id": 1, "score": 2, "payload": {"version": 1}}], "stale": False})


def test_a_write_that_could_not_be_told_of_is_late_for_the_fresh_window(story: Story) -> None:
    """On the other replica alone, and no longer."""
    story.trouble("cache", 1.9, 2.2)
    story.upsert(1, 1)
    story.upsert(2, 2, pending=True)
    story.see(2.1 + FRESH - 0.2, 1, HIT, 1, age=2)
    for at, replica, age in ((2.2, 0, 0), (2.2 + FRESH, 1, 2)):
        with pytest.raises(Violation, match="no more"):
            story.see(at, 1, HIT, replica, age=age)


def test_a_search_without_the_cache_may_be_shared_for_as_long_as_it_takes(story: Story) -> None:
    """Where Redis is away for that replica, and never for a caller who wanted none of that."""
    story.trouble("cache", 1, 9, 1)
    story.upsert(1, 1)
    story.upsert(2, 2)
    story.see(2.1 + READ_TIMEOUT - 0.1, 1, MISS, 1)
    for at, control in ((2.3 + READ_TIMEOUT, ""), (2.2, "no-cache")):
        with pytest.raises(Violation, match="no more"):
            story.see(at, 1, MISS, 1, control=control)


def test_an_age_that_is_too_young_is_found(story: Story) -> None:
    """What an answer shows was right so many seconds ago, whatever excuse there is to show it."""
    story.trouble("cache", 1.9, 2.2)
    story.trouble("store", 3, 20)
    story.upsert(1, 1)
    story.upsert(2, 2, pending=True)
    story.see(4.5, 1, HIT, 1, age=2)
    story.see(8, 1, STALE_HIT, age=6)
    for at, cache, age in ((4.5, HIT, 1), (8, STALE_HIT, 3)):
        with pytest.raises(Violation, match="no more"):
            story.see(at, 1, cache, 1, age=age)


def test_what_was_deleted_does_not_come_back(story: Story) -> None:
    """Neither fresh nor stale, neither before the collection is made anew nor after; then it is empty, not absent."""
    story.trouble("store", 0, 99)
    story.upsert(1, 1)
    story.write("delete", 2, seconds=0.5)
    story.see(2.1, 1, seconds=0.1)
    story.tell("search", 2.2, status=404, body=GONE)
    story.tell("search", 3, status=404, body=GONE)
    story.write("create", 4, status=201, body={})
    story.see(4.05, None)
    for at, cache in ((3, HIT), (3, STALE_HIT), (5, STALE_HIT), (5, MISS)):
        with pytest.raises(Violation, match="no more"):
            story.see(at, 1, cache, 1, age=2)
    with pytest.raises(Violation, match="no more"):
        story.tell("search", 5, status=404, body=GONE)
    story.upsert(6, 2)
    with pytest.raises(Violation, match="no more"):
        story.see(6.2, None)


def test_a_deletion_of_unknown_outcome_may_have_been_done(story: Story) -> None:
    """Until a second one says so, the collection may be there or not; then it is not."""
    story.trouble("store", 0, 9)
    story.upsert(1, 1)
    story.tell("delete", 2, status=503, body=STORE_DOWN, headers={"retry-after": "2"})
    story.see(3, 1, HIT, age=0)
    story.tell("search", 3, status=404, body=GONE)
    story.tell("delete", 4, status=404, body=GONE)
    with pytest.raises(Violation, match="no more"):
        story.see(4.2, 1, STALE_HIT, age=3)


def test_a_write_to_what_exists_finds_it(story: Story) -> None:
    """A 404 to the first deletion, or to a write, of a collection that is there."""
    with pytest.raises(Violation, match="no more"):
        story.tell("upsert", 1, version=1, status=404, body=GONE)
    with pytest.raises(Violation, match="exists"):
        story.tell("delete", 1, status=404, body=GONE)


def test_what_was_purged_does_not_come_back(story: Story) -> None:
    """No answer shows what was remembered before the purge."""
    story.trouble("store", 0, 99)
    story.upsert(1, 1)
    story.write("purge", 5)
    story.see(8, 1, STALE_HIT, age=3)
    with pytest.raises(Violation, match="purge"):
        story.see(8, 1, STALE_HIT, age=4)


def test_a_write_that_went_around_is_late_for_the_fresh_window(story: Story) -> None:
    """Wherever a remembered result is shown, and never where the store was asked for this caller alone."""
    story.upsert(1, 1)
    story.tell("outside", 2, 2, version=2, status=200)
    story.see(2.2, 1, MISS)
    for replica in (0, 1):
        story.see(2.1 + FRESH - 0.2, 1, HIT, replica, age=2)
        with pytest.raises(Violation, match="no more"):
            story.see(2.2 + FRESH, 1, HIT, replica, age=2)
    with pytest.raises(Violation, match="no more"):
        story.see(2.2, 1, STORED, control="no-cache")


def test_a_write_that_was_seen_before_it_failed_is_done(story: Story) -> None:
    """What is older must not be shown after its 503, since that outdates what is remembered, unless Redis was away."""
    story.trouble("store", 1, 9)
    story.upsert(1, 1)
    for version, told in ((2, False), (3, True)):
        at = 2.0 * version
        if not told:
            story.trouble("cache", at, at + 1, 0)
        write = story.begin("upsert", at, version=version)
        story.see(at + 0.1, version)
        story.end(write, at + 1, status=503, body=STORE_DOWN, headers={"retry-after": "1"})
        story.see(at + 0.9, version - 1, HIT)
        if not told:
            story.see(at + 1.1, version - 1, HIT, 1, age=1)
            story.see(at + 1.1, version, HIT, 0)
        else:
            with pytest.raises(Violation, match="no more"):
                story.see(at + 1.1, version - 1, HIT, 1, age=1)
