"""What a grant lets its caller do."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from starlette.types import Scope

from domain.access import EVERYTHING, Grant, Right, Tenant
from domain.errors import Forbidden, Unauthenticated
from entrypoints.http.access import grant_of, is_known
from tests.fakes import FailingCache, FailingVectorStore, serve_in_process
from tests.unit.http_error_cases import ROWS

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


@pytest.mark.parametrize("right", Right)
@pytest.mark.parametrize(("method", "path", "body"), [row for row in ROWS if row[1] != "/v1/collections"])
async def test_each_route_asks_for_its_right(method: str, path: str, body: dict[str, Any] | None, right: Right) -> None:
    """Of three callers with one right each, one may; the others get a 403 before the body is looked at."""
    grant = Grant("one", frozenset({right}))
    async with serve_in_process(FailingVectorStore(), FailingCache(), grant=grant) as client:
        status = (await client.request(method, path, json=body)).status_code
        rubbish: httpx.Response = await client.request(method, path, content=b"\xff")
    needed = _needed(method, path)
    assert (status == 403) is (right is not needed)
    assert (rubbish.status_code == 403) is (right is not needed)


def _needed(method: str, path: str) -> Right:
    if path.endswith("/points/delete") or (method != "GET" and path.endswith("/points")):
        return Right.WRITE
    return Right.READ if method in {"GET", "POST"} else Right.ADMIN


def test_a_request_whose_caller_nobody_looked_for_may_nothing() -> None:
    """A route that is reached past the middleware lets nobody in."""
    scopes: list[Scope] = [{}, {"state": {}}, {"state": {"grant": None}}]
    for scope in scopes:
        assert not is_known(scope)
        with pytest.raises(Unauthenticated):
            grant_of(scope)


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
