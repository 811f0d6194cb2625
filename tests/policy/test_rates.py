"""How requests are counted, on a clock that the tests move."""

from __future__ import annotations

import json

import pytest

from adapters.keys import AuthSettings, hash_of, new_secret
from adapters.limits import LimitSettings, parse_rate
from adapters.memory import InMemoryCache, InMemoryRateLimiter, InMemoryVectorStore
from adapters.memory.rates import MOST_CALLERS
from adapters.settings import Settings
from domain.access import Grant, Right
from domain.ports import Rate
from tests.fakes import serve_in_process


class Clock:
    """Seconds since 1970, as the test has them."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """A clock that stands."""
    return Clock()


@pytest.fixture
def limiter(clock: Clock) -> InMemoryRateLimiter:
    """Ten requests in ten seconds."""
    return InMemoryRateLimiter(Rate(10, 10), clock)


def taken(limiter: InMemoryRateLimiter, caller: str, asked: int) -> int:
    """How many of so many requests are let through."""
    return sum(limiter.take(caller) is None for _ in range(asked))


def test_each_caller_has_his_own(limiter: InMemoryRateLimiter) -> None:
    """One who asks too much takes nothing from another."""
    assert taken(limiter, "a", 30) == 10
    assert taken(limiter, "b", 5) == 5


def test_no_window_takes_more_than_the_rate(limiter: InMemoryRateLimiter, clock: Clock) -> None:
    """Also over the edge between two spans: what was asked before still counts, less and less."""
    clock.now = 1009.9
    assert taken(limiter, "a", 20) == 10
    clock.now = 1010.1
    assert taken(limiter, "a", 20) == 1
    clock.now = 1015.0
    assert taken(limiter, "a", 20) == 4
    clock.now = 1040.0
    assert taken(limiter, "a", 20) == 10


@pytest.mark.parametrize("begun", [1000.0, 1003.3, 1009.9])
def test_says_when_there_is_room(limiter: InMemoryRateLimiter, clock: Clock, begun: float) -> None:
    """A caller who waits for so long is let through, and one who comes a second earlier is not."""
    clock.now = begun
    taken(limiter, "a", 10)
    wait = limiter.take("a")
    assert wait is not None
    clock.now = begun + wait - 1
    assert limiter.take("a") is not None
    clock.now = begun + wait + 0.001
    assert limiter.take("a") is None


def test_callers_are_bounded(limiter: InMemoryRateLimiter) -> None:
    """Past a hundred thousand in one span, those who are new share what one may ask."""
    assert taken(limiter, "old", 1) == 1
    limiter.now.here.update((str(number), 1) for number in range(MOST_CALLERS))
    assert taken(limiter, "new", 6) + taken(limiter, "newer", 6) == 10
    assert taken(limiter, "old", 10) == 9


@pytest.mark.parametrize(
    ("text", "rate"), [("5/second", Rate(5, 1)), ("60/minute", Rate(60, 60)), ("9/hour", Rate(9, 3600))]
)
def test_rates_are_read(text: str, rate: Rate) -> None:
    """A number and a time."""
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["0/second", "5", "5/day", "-1/second", "1.5/second", "x/second"])
def test_refuses_what_is_no_rate(text: str) -> None:
    """Whatever else it is."""
    with pytest.raises(ValueError, match="a number and a time"):
        LimitSettings(rate=text)


@pytest.mark.parametrize("grant", [None, Grant("shop", frozenset(Right))])
async def test_too_many_requests_are_a_429(grant: Grant | None) -> None:
    """With when to come back and what is allowed; health is told in any case."""
    settings = Settings(limits=LimitSettings(rate="2/hour"))
    async with serve_in_process(InMemoryVectorStore(), InMemoryCache(), settings, grant) as client:
        answers = [await client.get("/v1/collections") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[2].json() == {"detail": "Too many requests. Please try again later."}
        assert 1 <= int(answers[2].headers["Retry-After"]) <= 302
        assert answers[2].headers["RateLimit-Policy"] == '"default";q=2;w=3600'
        assert (await client.get("/health/live")).status_code == 200


@pytest.mark.parametrize("path", ["/", "/docs", "/docs/page.js", "/openapi.json"])
async def test_open_pages_need_no_key_to_be_counted(path: str) -> None:
    """Who reads them without a key counts by his address, and is let in."""
    keys = json.dumps([{"name": "a", "hash": hash_of(new_secret()), "rights": ["read"]}])
    settings = Settings(auth=AuthSettings(keys=keys), limits=LimitSettings(rate="2/hour"))  # type: ignore[arg-type]
    async with serve_in_process(InMemoryVectorStore(), InMemoryCache(), settings) as client:
        assert [(await client.get(path)).status_code for _ in range(3)] == [200, 200, 429]
