"""What a grant lets its caller do."""

from __future__ import annotations

import pytest

from domain.access import EVERYTHING, Grant, Right, Tenant
from domain.errors import Forbidden
from tests.fakes import FailingCache, FailingVectorStore, serve_in_process

ACME = Tenant("tenant", "acme")


@pytest.mark.parametrize("right", Right)
def test_a_right_includes_no_other(right: Right) -> None:
    """Who may do one thing may not do another by that."""
    grant = Grant("one", frozenset({right}))
    for other in Right:
        if other is right:
            assert grant.require(other, "things") is None
        else:
            with pytest.raises(Forbidden, match=f"the right '{other}' on collection 'things'"):
                grant.require(other, "things")


@pytest.mark.parametrize(
    ("patterns", "name", "covered"),
    [
        (("*",), "anything", True),
        (("docs-*",), "docs-1", True),
        (("docs-*",), "Docs-1", False),
        (("docs-*",), "my-docs-1", False),
        (("docs",), "docs2", False),
        (("a", "b"), "b", True),
        ((), "a", False),
    ],
)
def test_patterns_cover_names(patterns: tuple[str, ...], name: str, *, covered: bool) -> None:
    """A pattern is about the whole name, and heeds its case."""
    grant = Grant("some", frozenset({Right.READ}), patterns, ACME)
    assert grant.covers(name) is covered
    if covered:
        assert grant.require(Right.READ, name) == ACME
    else:
        with pytest.raises(Forbidden):
            grant.require(Right.READ, name)


async def test_names_outside_of_the_patterns_are_not_listed() -> None:
    """A caller learns of no collection but those that his patterns cover."""
    store = FailingVectorStore()
    async with serve_in_process(store, FailingCache()) as client:
        for name in ("docs-1", "secret"):
            await client.put(f"/v1/collections/{name}", json={"vector": {"size": 2, "distance": "dot"}})
    grant = Grant("one", frozenset({Right.READ}), ("docs-*",))
    for caller, names in ((grant, ["docs-1"]), (EVERYTHING, ["docs-1", "secret"])):
        async with serve_in_process(store, FailingCache(), grant=caller) as client:
            assert (await client.get("/v1/collections")).json() == {"collections": names}
