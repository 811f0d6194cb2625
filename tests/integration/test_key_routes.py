"""Every route of the application before callers who may not have it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

from domain.errors import Backend, BackendUnavailable, Failure
from entrypoints.http.authentication import OPEN_FOLDER, OPEN_PATHS, PARTLY_OPEN_PATHS
from tests.fakes import FailingVectorStore
from tests.integration.key_world import ALL, KEYS, SECRETS, application

THINGS = "/v1/collections/things"
UNAUTHENTICATED = {"detail": "A valid key is needed."}
VALUES = {"{collection}": "things", "{field}": "color", "{id}": "1", "{file}": "page.css"}
"""What stands for the parameters of paths."""

NEEDED = {
    ("GET", "/v1/collections"): None,
    ("PUT", "/v1/collections/{collection}"): "admin",
    ("GET", "/v1/collections/{collection}"): "read",
    ("DELETE", "/v1/collections/{collection}"): "admin",
    ("PUT", "/v1/collections/{collection}/indexes/{field}"): "admin",
    ("DELETE", "/v1/collections/{collection}/cache"): "admin",
    ("PUT", "/v1/collections/{collection}/points"): "write",
    ("PATCH", "/v1/collections/{collection}/points"): "write",
    ("POST", "/v1/collections/{collection}/points/delete"): "write",
    ("GET", "/v1/collections/{collection}/points/{id}"): "read",
    ("POST", "/v1/collections/{collection}/points/retrieve"): "read",
    ("POST", "/v1/collections/{collection}/scroll"): "read",
    ("POST", "/v1/collections/{collection}/count"): "read",
    ("POST", "/v1/collections/{collection}/search"): "read",
    ("POST", "/v1/collections/{collection}/search/batch"): "read",
}
"""The right that each route asks for; those that are not here are open, or any key does."""


def routes(app: Starlette) -> Iterator[tuple[str, str]]:
    """Every method and path, without the kinds of its parameters."""
    for route in app.routes:
        assert isinstance(route, Route), "whatever is mounted has to be walked through here too"
        for method in sorted(route.methods or ()):
            yield method, re.sub(r":\w+}", "}", route.path)


def path_of(template: str) -> str:
    for parameter, value in VALUES.items():
        template = template.replace(parameter, value)
    assert "{" not in template, "a parameter that has no value here"
    return template


async def ask(app: Starlette, method: str, path: str, key: str | None) -> tuple[httpx.Response, bool]:
    """The answer, and whether the body was read."""
    read = False

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        async def noting() -> Message:
            nonlocal read
            read = True
            return await receive()

        await app(scope, noting, send)

    headers = {"Content-Type": "application/json"}
    if key is not None:
        headers["Authorization"] = f"Bearer {SECRETS[key]}"
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=watched), base_url="http://test") as client:
        answer = await client.request(method, path, content=b"{}", headers=headers)
    return answer, read


@pytest.fixture
def store() -> FailingVectorStore:
    """A store that says what it was asked, by failing."""
    return FailingVectorStore()


async def test_no_route_answers_who_is_not_known(store: FailingVectorStore) -> None:
    """Without a key, with a wrong and with an expired one, every route but the open ones says the same and no more."""
    store.error = AssertionError("the store was asked")
    app = application(store)
    for method, template in routes(app):
        for key in (None, "wrong", "expired"):
            open_ = method in ("GET", "HEAD") and (
                template in OPEN_PATHS
                or template.startswith(OPEN_FOLDER)
                or (template in PARTLY_OPEN_PATHS and key is None)
            )
            if open_:
                continue
            answer, read = await ask(app, method, path_of(template), key)
            assert (answer.status_code, read) == (401, False), (method, template, key)
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            if method != "HEAD":
                assert answer.json() == UNAUTHENTICATED


@pytest.mark.parametrize("path", ["/v1", "/v1/nothing", "/health", "/health/live/", "//health/live", "/%00"])
async def test_who_is_not_known_learns_of_no_path(store: FailingVectorStore, path: str) -> None:
    """A path that does not exist is the same 401; with a key it is a 404."""
    app = application(store)
    for method in ("GET", "OPTIONS", "PUT"):
        assert (await ask(app, method, path, None))[0].json() == UNAUTHENTICATED
    assert (await ask(app, "GET", path, "read"))[0].status_code == 404


async def test_each_route_asks_for_its_right_and_its_collection(store: FailingVectorStore) -> None:
    """Who is known has a 403 before his body is read and the store is asked, unless the right and the name fit."""
    store.error = AssertionError("the store was asked")
    app = application(store)
    seen = set()
    for method, template in routes(app):
        if "{collection}" not in template:
            continue
        needed = NEEDED["GET" if method == "HEAD" else method, template]
        seen.add((method, template))
        for key in (*ALL, "elsewhere"):
            if key == needed:
                continue
            answer, read = await ask(app, method, path_of(template), key)
            assert (answer.status_code, read) == (403, False), (method, template, key)
            if method != "HEAD":
                assert answer.json() == {
                    "detail": f"This key does not give the right '{needed}' on collection 'things'."
                }
        for key in (needed or "read", "all"):
            assert (await ask(app, method, path_of(template), key))[0].status_code not in (401, 403)
    assert {pair for pair in seen if pair[0] != "HEAD"} == NEEDED.keys() - {("GET", "/v1/collections")}


async def test_health_tells_its_status_alone_to_who_is_not_known(store: FailingVectorStore) -> None:
    """Without a key there is the status; any good key gets the backends; a bad one is told so."""
    app = application(store)
    answer, _ = await ask(app, "GET", "/health/infra", None)
    assert (answer.status_code, answer.json()) == (200, {"status": "up"})
    for key in KEYS.keys() - {"expired"}:
        known = (await ask(app, "GET", "/health/infra", key))[0].json()
        assert known["vector_store"]["technology"] == "memory"
    store.error = BackendUnavailable(Backend.VECTOR_STORE, "ping", Failure.RESET)
    answer, _ = await ask(app, "GET", "/health/infra", None)
    assert answer.status_code == 503
    assert answer.json() == {"detail": "Vector database temporarily unavailable. Please try again later."}
    for path in ("/health/live", "/health/ready"):
        assert set((await ask(app, "GET", path, None))[0].json()) <= {"status", "detail"}


async def test_a_list_names_what_the_key_covers(store: FailingVectorStore) -> None:
    """Collections outside of the patterns are not listed."""
    app = application(store)
    headers = {"X-API-Key": SECRETS["all"]}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client:
        for name in ("things", "other-1"):
            body = {"vector": {"size": 2, "distance": "dot"}}
            made = await client.put(f"/v1/collections/{name}", json=body, headers=headers)
            assert made.status_code == 201
    assert (await ask(app, "GET", "/v1/collections", "elsewhere"))[0].json() == {"collections": ["other-1"]}
