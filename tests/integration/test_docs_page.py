"""The page at /docs: what it is made of, and what it allows."""

from __future__ import annotations

import gzip
import hashlib
import re

import pytest

from entrypoints.http.routes.document import FILES
from tests.e2e.service import ROOT
from tests.integration.openapi_world import fruit_service

VENDORED = ROOT / "entrypoints" / "http" / "static" / "swagger-ui"


def test_files_are_those_of_the_package() -> None:
    """The files of Swagger UI hold what their README says of them, and nothing else of it is there but its licences."""
    said = dict(re.findall(r"^\| `(\S+)` \| `(\w{64})` \|$", (VENDORED / "README.md").read_text(), re.MULTILINE))
    held = {path.stem: gzip.decompress(path.read_bytes()) for path in VENDORED.glob("*.gz")}
    assert {name: hashlib.sha256(body).hexdigest() for name, body in held.items()} == said
    others = {path.name for path in VENDORED.iterdir()} - {f"{name}.gz" for name in said}
    assert others == {"LICENSE", "NOTICE", "README.md", "swagger-ui-bundle.js.LICENSE.txt"}


async def test_allows_nothing_from_elsewhere() -> None:
    """The page says by its headers that nothing is to be loaded but from here, and nothing guessed or told."""
    async with fruit_service(made=False) as client:
        headers = (await client.get("/docs")).headers
    policy = dict(rule.strip().split(" ", 1) for rule in headers["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'self'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"]) == ("nosniff", "no-referrer")


async def test_names_only_files_that_there_are() -> None:
    """What the page loads is there, from its own host, and it has no script of its own inside."""
    async with fruit_service(made=False) as client:
        page = (await client.get("/docs")).text
        loaded = re.findall(r'(?:src|href)="(?!data:)([^"]+)"', page)
        assert {f"docs/{name}" for name in FILES} | {"openapi.json"} == set(loaded)
        assert [(await client.get(f"/{path}")).status_code for path in loaded] == [200] * len(loaded)
    assert re.findall(r"<script(?! src=)|<style| on\w+=", page) == []


@pytest.mark.parametrize("name", FILES)
async def test_files_are_kept(name: str) -> None:
    """A file is the same compressed and plain, and 304 for who has it."""
    async with fruit_service(made=False) as client:
        packed = await client.get(f"/docs/{name}", headers={"Accept-Encoding": "br;q=1.0, gzip;q=0.8"})
        plain = await client.get(f"/docs/{name}", headers={"Accept-Encoding": "gzip;q=0.00, identity"})
        again = await client.get(f"/docs/{name}", headers={"If-None-Match": f'"x", {plain.headers["ETag"]}'})
    assert (packed.headers["Content-Encoding"], plain.headers.get("Content-Encoding")) == ("gzip", None)
    assert packed.content == plain.content
    assert (again.status_code, again.content) == (304, b"")
    assert plain.headers["Cache-Control"] == "public, max-age=86400"


@pytest.mark.parametrize("name", ["README.md", "..%2fdocs.html", "swagger-ui.css.gz", ""])
async def test_gives_no_other_file(name: str) -> None:
    """Whatever else is named is a 404."""
    async with fruit_service(made=False) as client:
        assert (await client.get(f"/docs/{name}")).status_code == 404
