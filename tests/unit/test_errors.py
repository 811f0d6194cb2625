"""Errors say where and what, and nothing of a driver."""

from __future__ import annotations

import pickle

import pytest

from domain.errors import (
    Backend,
    BackendUnavailable,
    CollectionConflict,
    CollectionNotFound,
    Failure,
    InvalidInput,
    KeyNotFound,
    Overloaded,
    PointNotFound,
    at,
)


def test_a_place_is_seen_from_further_out() -> None:
    """Places join into one path, with a dot where one belongs."""
    error = InvalidInput("", "a number").within("[3]").within("vector").within("points[1]").within("")
    assert str(error) == "points[1].vector[3]: expected a number."
    assert str(InvalidInput("", "a number")) == "Expected a number."


def test_at_names_the_place() -> None:
    """The place is named for errors of input alone."""
    with pytest.raises(InvalidInput, match=r"a\.b: expected c"), at("a"), at("b"):
        raise InvalidInput("", "c")
    with pytest.raises(KeyError, match="c"), at("a"):
        raise KeyError("c")
    with at("a"):
        pass


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (CollectionNotFound("a"), "Collection 'a' does not exist."),
        (KeyNotFound("a"), "Key 'a' does not exist."),
        (PointNotFound("a", 7), "Point 7 does not exist in collection 'a'."),
        (CollectionConflict("a", ["b is 1, not 2", "c"]), "Collection 'a' exists and differs: b is 1, not 2; c."),
        (
            BackendUnavailable(Backend.CACHE, "recall", Failure.TIMEOUT, 1.5),
            "cache unavailable: recall failed (timeout)",
        ),
        (InvalidInput("a", "b"), "a: expected b."),
        (Overloaded(Backend.VECTOR_STORE, "search"), "vector_store overloaded: search was not begun"),
    ],
)
def test_errors_say_what_is_wrong(error: Exception, text: str) -> None:
    """Each says it in one sentence, also after a journey to another process."""
    assert str(error) == text
    copied = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (type(copied), str(copied)) == (type(error), text)
