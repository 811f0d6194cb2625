"""The status page as it is served: small, cached, guarded, and open to read."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re

from adapters.memory import InMemoryCache, InMemoryVectorStore
from tests.fakes import serve_in_process


async def test_the_page_is_served_small_and_once() -> None:
    """As gzip where that is taken, with one tag by which it is not sent again, and without a body for HEAD."""
    async with serve_in_process(InMemoryVectorStore(), InMemoryCache()) as client:
        packed = await client.get("/")
        plain = await client.get("/", headers={"Accept-Encoding": "gzip;q=0, br"})
        head = await client.head("/")
        assert (packed.headers["content-encoding"], packed.content) == ("gzip", plain.content)
        assert "content-encoding" not in plain.headers
        assert (head.status_code, head.headers["etag"]) == (200, packed.headers["etag"])
        for tag in (packed.headers["etag"], f'"other", {packed.headers["etag"]}', "*"):
            same = await client.get("/", headers={"If-None-Match": tag})
            assert (same.status_code, same.content) == (304, b"")
        assert (await client.get("/", headers={"If-None-Match": '"other"'})).status_code == 200
        assert (await client.post("/")).status_code == 405
    assert len(plain.content) < 60_000
    assert len(gzip.compress(plain.content)) < 20_000


async def test_the_page_may_do_what_it_needs_alone() -> None:
    """Its policy allows by their hashes the scripts and the style that are in it, and questions to its own host."""
    async with serve_in_process(InMemoryVectorStore(), InMemoryCache()) as client:
        answer = await client.get("/")
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    inside = re.findall(r"<(script|style)[^>]*>(.*?)</\1>", answer.text, re.DOTALL)
    hashes = {"script": [], "style": []}  # type: dict[str, list[str]]
    for tag, text in inside:
        hashes[tag].append(f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'")
    assert policy["script-src"].split() == hashes["script"]
    assert policy["style-src"].split() == hashes["style"]
    assert [policy[name] for name in ("default-src", "base-uri", "form-action", "frame-ancestors")] == ["'none'"] * 4
    assert (policy["connect-src"], policy["img-src"]) == ("'self'", "data:")
    wanted = {"x-content-type-options": "nosniff", "referrer-policy": "no-referrer", "x-frame-options": "DENY"}
    assert wanted.items() <= dict(answer.headers).items()
    assert not re.search(
        r"\bon\w+=|style=|(src|href)=\"(?!data:)|innerHTML|insertAdjacent|document\.write", answer.text
    )
