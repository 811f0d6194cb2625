"""Requests whose framing is wrong, or that are none."""

from __future__ import annotations

import json
import random

from tests.e2e.hostile.bodies import GOOD
from tests.e2e.hostile.heads import CHUNKED, CLOSE, JSON, ROUTES, UPGRADE, Hostile, head, length


def framed(chance: random.Random) -> Hostile:
    """A body whose end is in doubt."""
    method, path = chance.choice(ROUTES)
    body = json.dumps(chance.choice(GOOD)).encode()
    chunk = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    fields, sent = chance.choice(
        [
            ([length(body), CHUNKED], chunk),
            ([CHUNKED, length(body)], body),
            ([length(body), b"Content-Length: 3"], body),
            ([b"Content-Length: -1"], body),
            ([b"Content-Length: 1e3"], body),
            ([b"Content-Length: 99999999999999999999"], body),
            ([b"Transfer-Encoding: chunked, identity"], chunk),
            ([b"Transfer-Encoding: xchunked"], chunk),
            ([b"Transfer-Encoding : chunked"], chunk),
            ([CHUNKED], b"zz\r\n" + body),
            ([CHUNKED], b"-5\r\n" + body),
            ([CHUNKED], b"ffffffffffffffffff\r\n" + body),
            ([CHUNKED], b"5;" + b"x" * 9_000 + b"\r\n" + body),
            ([CHUNKED], b"%x\n%b\n0\n\n" % (len(body), body)),
            ([CHUNKED, b"Trailer: a"], chunk[:-2] + b"Content-Length: 5\r\n\r\n"),
        ]
    )
    return Hostile(
        "framing", (head(method, path, JSON, *fields) + sent + head("GET", "/health/live", CLOSE),), whole=False
    )


def garbage(chance: random.Random) -> Hostile:
    """No HTTP, or another."""
    data = chance.choice(
        [
            chance.randbytes(chance.randint(1, 4_000)) + b"\r\n\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + chance.randbytes(60),
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + chance.randbytes(200),
            b"GET /health/live\r\n\r\n",
            b"GET / HTTP/9.9\r\n\r\n",
            b"GET / HTTP/1.1\nHost: a\n\n",
            head("GET", "/health/live", version=b"1.0"),
            head("GET", "/v1/collections", *UPGRADE),
            head("GET", "/v1/collections", b"Bad Name: x", CLOSE),
            head("GET", "/v1/collections", b"a: b\x00c", CLOSE),
            b"\r\n" * 2_000,
        ]
    )
    return Hostile("garbage", (data,), whole=False)
