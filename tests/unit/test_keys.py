"""Keys: what one may be, how they are found, and what a request must carry."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from adapters.keys import AuthSettings, HashedKeyRing, WatchedFile, hash_of, new_secret, written
from adapters.keys.entries import parse_keys
from adapters.settings import Settings
from containers import ConfigurationError, Container
from domain.access import Grant, Right, Tenant
from domain.errors import InvalidInput
from domain.keys import Key, parse_expiry
from tests.clock import Clock
from tests.fakes import FailingCache, FailingVectorStore, make_app, serve_in_process

HASH = "ab" * 32
GOOD = {"name": "web", "hash": HASH, "rights": ["read"]}
RIGHTS = "one of read, write, admin"

BAD: list[tuple[Any, str]] = [
    ("x", "Expected JSON, a list of keys (invalid character (byte 0))."),
    ('["\ud800"]', "Expected JSON, a list of keys."),
    ("[" * 100_000, "Expected JSON, a list of keys."),
    ({}, "Expected a JSON list of keys."),
    ([GOOD, 1], "[1]: expected an object with name, hash, rights, collections, expires, tenant."),
    ([GOOD | {"hash2": HASH}], "[0]: expected no field but name, hash, rights, collections, expires, tenant."),
    ([{"name": "a", "hash": HASH}], "[0]: expected a field 'rights'."),
    ([GOOD | {"name": 1}], "[0].name: expected a string."),
    ([GOOD | {"name": "a b"}], "[0].name: expected 1 to 40 letters, digits"),
    ([GOOD | {"name": HASH}], "[0].name: expected 1 to 40 letters, digits"),
    ([GOOD | {"hash": HASH.upper()}], "[0].hash: expected the SHA-256 of a key"),
    ([GOOD | {"rights": "read"}], "[0].rights: expected a list of strings."),
    ([GOOD | {"rights": []}], "[0].rights: expected at least one of read, write, admin."),
    ([GOOD | {"rights": ["read", "all"]}], f"[0].rights[1]: expected {RIGHTS}."),
    ([GOOD | {"rights": ["read", [1]]}], "[0].rights[1]: expected a string."),
    ([GOOD | {"collections": []}], "[0].collections: expected at least one pattern"),
    ([GOOD | {"collections": ["a", "b?"]}], "[0].collections[1]: expected the name of a collection"),
    ([GOOD | {"expires": "2027-01-31"}], "[0].expires: expected a time in RFC 3339 with its zone"),
    ([GOOD | {"expires": "2027-01-31T12:00:00"}], "[0].expires: expected a time in RFC 3339 with its zone"),
    ([GOOD | {"expires": "2027-02-31T12:00:00Z"}], "[0].expires: expected a time in RFC 3339 with its zone"),
    ([GOOD | {"expires": "0001-01-01T00:00:00+23:00"}], "[0].expires: expected a time in RFC 3339 with its zone"),
    ([GOOD | {"expires": 1}], "[0].expires: expected a time in RFC 3339 with its zone"),
    ([GOOD | {"tenant": "a"}], "[0].tenant: expected an object with field, value."),
    ([GOOD | {"tenant": {"field": "a"}}], "[0].tenant: expected a field 'value'."),
    ([GOOD | {"tenant": {"field": "a", "value": 1}}], "[0].tenant.value: expected a string."),
    ([GOOD | {"tenant": {"field": "a", "value": ""}}], "[0].tenant.value: expected 1 to 255 printable characters."),
    ([GOOD | {"tenant": {"field": "a.b", "value": "x"}}], "[0].tenant.field: expected one key of the payload"),
    ([GOOD | {"tenant": {"field": "a[]", "value": "x"}}], "[0].tenant.field: expected one key of the payload"),
    ([GOOD | {"tenant": {"field": '"a b"', "value": "x"}}], "[0].tenant.field: expected one key of the payload"),
    ([GOOD | {"tenant": {"field": "", "value": "x"}}], "[0].tenant.field: expected one key of the payload"),
    ([GOOD | {"tenant": {"field": "a", "value": "x"}, "rights": ["admin"]}], "[0].rights: expected no 'admin' beside"),
    ([GOOD, GOOD | {"hash": "cd" * 32}], "[1].name: expected a name that no other key has."),
    ([GOOD, GOOD | {"name": "b"}], "[1].hash: expected a hash that no other key has."),
]


def test_a_wrong_key_is_told_by_its_place() -> None:
    """Every mistake says where it is and what was expected, and never quotes a hash."""
    for value, said in BAD:
        text = value if isinstance(value, str) else json.dumps(value)
        with pytest.raises(InvalidInput) as caught:
            parse_keys(text.encode("utf-8", "surrogatepass"))
        assert str(caught.value).startswith(said), value
        assert HASH not in str(caught.value)


def test_a_key_comes_back_as_it_was_written() -> None:
    """What is kept of a key is all of it but the key."""
    until = parse_expiry("2027-01-31t12:00:00.5+02:00")
    assert until == datetime(2027, 1, 31, 10, 0, 0, 500_000, UTC)
    tenant = Grant("t", frozenset({Right.WRITE, Right.READ}), ("docs-*", "a"), Tenant("customer", "ü =1"))
    for key in (Key(tenant, HASH, until), Key(Grant("a", frozenset(Right)), HASH)):
        assert parse_keys(f"[{written(key)}]") == (key,)
        assert HASH not in repr(key)
    assert Key(tenant, HASH, until).good_at(until - timedelta(seconds=1))
    assert not Key(tenant, HASH, until).good_at(until)
    assert Key(tenant, HASH).good_at(datetime.max.replace(tzinfo=UTC))


def entry(name: str, secret: str, **more: object) -> dict[str, object]:
    """A key of this name in JSON."""
    return {"name": name, "hash": hash_of(secret), "rights": ["read"], **more}


def test_a_ring_finds_good_keys_alone() -> None:
    """A key is found until it ends; one that nobody made, or of another form, never."""
    now, secrets = Clock(), [new_secret(), new_secret()]
    end = "1970-01-01T00:00:10Z"
    given = parse_keys(json.dumps([entry("a", secrets[0]), entry("b", secrets[1], expires=end), entry("w", "weak")]))
    ring = HashedKeyRing(given, now=now)
    assert ring.anonymous is None
    now.now = 9.0
    assert [grant and grant.name for grant in map(ring.find, secrets)] == ["a", "b"]
    now.now = 10.0
    assert [grant and grant.name for grant in map(ring.find, secrets)] == ["a", None]
    for wrong in ("", "weak", new_secret(), secrets[0][:-1], secrets[0] + "x", secrets[0][:-1] + "ü"):
        assert ring.find(wrong) is None


def test_a_ring_reads_its_file_again(tmp_path: Path) -> None:
    """Once a second a changed file counts; one that is no good leaves the last good keys, and one line says why."""
    path, clock = tmp_path / "keys.json", Clock()
    old, new = new_secret(), new_secret()

    def put(text: str) -> None:
        other = tmp_path / "other"
        other.write_text(text)
        other.rename(path)

    put(json.dumps([entry("old", old)]))
    environment = parse_keys(json.dumps([entry("fixed", secret := new_secret())]))
    ring = HashedKeyRing(environment, WatchedFile(path), clock=clock)

    def found() -> list[bool]:
        return [ring.find(each) is not None for each in (old, new, secret)]

    with capture_logs() as logs:
        put(json.dumps([entry("new", new)]))
        assert found() == [True, False, True]
        clock.now += 1
        assert found() == [False, True, True]
        for text in ("[{", f'[{{"name": "{hash_of(old)}"}}]', json.dumps([entry("fixed", old)])):
            put(text)
            for _ in range(3):
                clock.now += 1
                assert found() == [False, True, True]
        path.unlink()
        clock.now += 1
        assert found() == [False, True, True]
        put(json.dumps([entry("old", old)]))
        clock.now += 1
        assert found() == [True, False, True]
    assert [line["event"] for line in logs] == ["keys_read", *["keys_not_read"] * 4, "keys_read"]
    problems = [line["problem"] for line in logs if line["event"] == "keys_not_read"]
    assert problems[1:3] == ["[0]: expected a field 'hash'.", "[0].name: expected a name that no other key has."]
    assert problems[3] == "it cannot be read: No such file or directory"
    assert hash_of(old) not in str(logs)


def test_a_file_that_changes_in_place_in_one_tick_is_seen(tmp_path: Path) -> None:
    """A change that leaves size and times as they were is seen while the file is young, and costs no look later."""
    path, clock = tmp_path / "keys.json", Clock()
    path.write_bytes(b"one")
    times = (path.stat().st_atime_ns, path.stat().st_mtime_ns)
    clock.now = times[1] / 1e9
    file = WatchedFile(path, now=clock)
    assert (file.changed(), file.changed()) == (b"one", None)
    path.write_bytes(b"two")
    os.utime(path, ns=times)
    assert (file.changed(), file.changed()) == (b"two", None)


def test_a_file_that_is_no_good_stops_the_start(tmp_path: Path) -> None:
    """The one line says which file it is, and where it is wrong."""
    wrong = tmp_path / "keys.json"
    wrong.write_text('[{"name": 1}]')
    for path, said in (
        (tmp_path / "none", "it cannot be read: No such file or directory"),
        (wrong, "[0]: expected a field 'hash'."),
        (tmp_path, "it cannot be read: it is no regular file"),
    ):
        with pytest.raises(ConfigurationError) as caught:
            Container(settings=Settings(auth=AuthSettings(keys_file=path))).key_ring()
        assert str(caught.value) == f"SOCIAL_AUTH__KEYS_FILE: {path}: {said}"


async def test_a_request_carries_one_key_in_one_way_or_both() -> None:
    """The two headers are as good as each other; whatever else they hold is one and the same 401."""
    good, other = new_secret(), new_secret()
    auth = AuthSettings(keys=json.dumps([entry("a", good), entry("b", other)]))  # type: ignore[arg-type]
    app = make_app(FailingVectorStore(), FailingCache(), Settings(auth=auth))
    bodies = set()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client:
        for headers, status in (
            ([("Authorization", f"Bearer {good}")], 200),
            ([("authorization", f"bEaReR   {good} ")], 200),
            ([("X-API-Key", good)], 200),
            ([("X-API-Key", f" {good} ")], 200),
            ([("X-API-Key", good), ("Authorization", f"Bearer {good}")], 200),
            ([], 401),
            ([("X-API-Key", other), ("Authorization", f"Bearer {good}")], 401),
            ([("X-API-Key", good), ("X-API-Key", good)], 401),
            ([("Authorization", f"Bearer {good}"), ("Authorization", f"Bearer {good}")], 401),
            ([("X-API-Key", good), ("Authorization", "Basic dTpw")], 401),
            ([("Authorization", good)], 401),
            ([("Authorization", "Bearer")], 401),
            ([("Authorization", "Bearer ")], 401),
            ([("X-API-Key", "")], 401),
            ([("X-API-Key", good), ("Authorization", "")], 401),
            ([("X-API-Key", "hf_ü" + "x" * 42)], 401),
            ([("X-API-Key", "x" * 100_000)], 401),
            ([("Authorization", "Bearer " + "x" * 100_000)], 401),
            ([("Cookie", f"key={good}")], 401),
        ):
            path = "/v1/collections" if headers else f"/v1/collections?key={good}"
            answer = await client.get(path, headers=[(name.encode(), value.encode()) for name, value in headers])
            assert answer.status_code == status, headers
            if status == 401:
                assert answer.headers["WWW-Authenticate"] == "Bearer"
                bodies.add(answer.text)
    assert bodies == {'{"detail":"A valid key is needed."}'}


async def test_the_log_names_the_key_and_never_shows_it() -> None:
    """A request's line has the name of its key; a refused one has nothing of what was given."""
    good, wrong = new_secret(), new_secret()
    auth = AuthSettings(keys=json.dumps([entry("web", good)]))  # type: ignore[arg-type]
    app = make_app(FailingVectorStore(), FailingCache(), Settings(auth=auth))
    with capture_logs() as logs:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client:
            for secret in (good, wrong):
                await client.get("/v1/collections", headers={"X-API-Key": secret})
            await client.get("/health/live", headers={"X-API-Key": good})
    assert [(line["status"], line.get("key")) for line in logs] == [(200, "web"), (401, None), (200, None)]
    assert not any(text in str(logs) for text in (good, wrong, hash_of(good), hash_of(wrong)))


async def test_the_log_says_that_everybody_is_let_in() -> None:
    """A service that asks for no key on purpose says so when it starts, and then asks for none."""
    settings = Settings(auth=AuthSettings(anonymous=True))
    with capture_logs() as logs:
        async with serve_in_process(FailingVectorStore(), FailingCache(), settings) as client:
            assert (await client.get("/v1/collections", headers={"X-API-Key": "any"})).status_code == 200
    assert [line["log_level"] for line in logs if line["event"] == "anonymous"] == ["warning"]
