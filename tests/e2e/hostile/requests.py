"""Requests that mean harm: what is sent on a connection, and how."""

from __future__ import annotations

import random
from functools import partial

from tests.e2e.hostile.bodies import LARGE, LARGEST, MIB, SMALL
from tests.e2e.hostile.heads import CHUNKED, CLOSE, JSON, ROUTES, Hostile, head, length
from tests.e2e.hostile.wire import framed, garbage

TRICKS = [
    b"/../../etc/passwd", b"/v1/collections/%2e%2e/points", b"/v1/collections/a%2fb/search", b"/v1/collections/%00",
    b"//v1//collections", b"/v1/collections/" + b"a" * 8_000, b"/v1/collections/%ff%fe/search", b"/%", b"/%zz", b"*",
    b"/v1/collections/\xc3\xa4/search", b"http://evil.example/v1/collections", b"http://[::1", b"/v1/collections?x=1",
    b"/v1/collections/hostile/points/" + b"9" * 5_000, b"/v1/collections/hostile/indexes/" + b"a." * 900,
    b"/?" + b"a=b&" * 900,
    b"/v1/collections/hostile/points/1?with_vectors=%00", b"/health/../v1/collections", b"/health/live/", b"evil", b"",
]  # fmt: skip


def small(chance: random.Random) -> Hostile:
    """A bad body at any route."""
    method, path = chance.choice(ROUTES)
    body = chance.choice(SMALL)(chance)
    return Hostile("body", (head(method, path, JSON, length(body), CLOSE) + body,))


def coded(chance: random.Random) -> Hostile:
    """A type or a coding that is none of ours."""
    method, path = chance.choice(ROUTES)
    body = chance.choice(SMALL)(chance)
    field = chance.choice(
        [b"Content-Encoding: gzip", b"Content-Type: text/plain", b"Content-Encoding: br", b"Expect: 100-continue"]
    )
    return Hostile("coding", (head(method, path, field, JSON, length(body), CLOSE) + body,))


def tricky(chance: random.Random) -> Hostile:
    """A path that is none."""
    method = chance.choice(["GET", "PUT", "POST", "PATCH", "DELETE", "OPTIONS", "TRACE", "HEAD", "CONNECT", "BREW"])
    return Hostile(
        "path", (head(method, chance.choice(TRICKS), JSON, b"Content-Length: 0", CLOSE),), whole=method != "HEAD"
    )


def flooded(chance: random.Random) -> Hostile:
    """Too many fields, or too long ones."""
    fields = chance.choice(
        [[b"a: b"] * 5_000, [b"a: " + b"x" * 200_000], [b"x" * 100_000 + b": a"], [b"Cookie: " + b"a=b;" * 9_000]]
    )
    return Hostile("head", (head("GET", "/v1/collections", *fields, CLOSE),))


def pipelined(chance: random.Random) -> Hostile:
    """Many at once, of which some are bad."""
    parts = []
    for _ in range(chance.randint(2, 60)):
        method, path = chance.choice(ROUTES)
        body = chance.choice(SMALL)(chance) if method != "GET" else b""
        parts.append(head(method, path, JSON, length(body)) + body)
    return Hostile("pipeline", (b"".join([*parts, head("GET", "/health/live", CLOSE)]),), whole=False)


def truncated(chance: random.Random) -> Hostile:
    """It ends in the middle, and the client leaves."""
    whole = small(chance).pieces[0]
    return Hostile(
        "truncated", (whole[: chance.randrange(1, len(whole))],), whole=False, patience=chance.choice([0, 0.02])
    )


def slow(chance: random.Random) -> Hostile:
    """It comes in pieces."""
    whole = small(chance).pieces[0]
    step = max(len(whole) // chance.randint(2, 12), 1)
    pieces = tuple(whole[at : at + step] for at in range(0, len(whole), step))
    return Hostile("slow", pieces, pause=chance.choice([0.0, 0.001, 0.01]))


def declared(chance: random.Random) -> Hostile:
    """A body that is said to be too large, and begins."""
    method, path = chance.choice(ROUTES)
    size = chance.choice([LARGEST + 1, 10**12, 3 * MIB])
    return Hostile("declared", (head(method, path, JSON, b"Content-Length: %d" % size), b"[" * 100_000), whole=False)


def large(chance: random.Random, most: int) -> Hostile:
    """A body as large as it may be, declared or in chunks, made to be slow to read."""
    method, path = chance.choice([route for route in ROUTES if route[0] in ("PUT", "POST", "PATCH")])
    body = chance.choice(LARGE)(chance, chance.choice([most, most // 4, most // 16]))
    if chance.random() < 0.5:
        return Hostile("large", (head(method, path, JSON, length(body), CLOSE) + body,))
    pieces = [
        b"%x\r\n%b\r\n" % (len(body[at : at + 65_536]), body[at : at + 65_536]) for at in range(0, len(body), 65_536)
    ]
    return Hostile("large chunked", (head(method, path, JSON, CHUNKED, CLOSE) + b"".join([*pieces, b"0\r\n\r\n"]),))


KINDS = [small] * 8 + [coded, tricky, tricky, flooded, framed, framed, garbage, garbage]
KINDS += [pipelined, truncated, slow, declared]


def drawn(seed: int, number: int) -> Hostile:
    """The request of this number: always the same for the seed. One in 200 is large, and one in 2,000 the largest."""
    chance = random.Random(f"{seed}/{number}")  # noqa: S311
    if number % 200 == 100:
        return large(chance, LARGEST if number % 2_000 == 100 else MIB)
    return partial(chance.choice(KINDS), chance)()
