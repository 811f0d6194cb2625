"""Routes that give the document of the API, and the page to try it on."""

from __future__ import annotations

import asyncio
from functools import cache
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entrypoints.http.files import FixedAnswer

_STATIC = Path(__file__).parents[1] / "static"

PAGE = _STATIC / "docs.html"

_DAY = 86_400

_CSS, _SCRIPT = "text/css", "text/javascript"

# What the page is made of, by the names in its URLs.
FILES = {
    "page.css": (_STATIC / "page.css", _CSS),
    "page.js": (_STATIC / "page.js", _SCRIPT),
    "swagger-ui.css": (_STATIC / "swagger-ui" / "swagger-ui.css.gz", _CSS),
    "swagger-ui-bundle.js": (_STATIC / "swagger-ui" / "swagger-ui-bundle.js.gz", _SCRIPT),
}

POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
"""Nothing from elsewhere, nothing inline. The style sheet of Swagger UI has its pictures in `data:`."""


class DocumentRoutes:
    """The document, and its page. All of it is made when it is first asked for, once in a process, and in a thread."""

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route("/openapi.json", self.document, methods=["GET"]),
            Route("/docs", self.page, methods=["GET"]),
            Route("/docs/{file}", self.file, methods=["GET"]),
        ]

    async def document(self, request: Request) -> Response:
        """200 with the document, or 304."""
        return await asyncio.to_thread(lambda: _document().to(request))

    async def page(self, request: Request) -> Response:
        """200 with the page, or 304."""
        return await asyncio.to_thread(lambda: _page().to(request))

    async def file(self, request: Request) -> Response:
        """200 with a file of the page, or 304."""
        name = request.path_params["file"]
        if name not in FILES:
            raise HTTPException(404)
        return await asyncio.to_thread(lambda: _file(name).to(request))


@cache
def _document() -> FixedAnswer:
    from entrypoints.http.openapi import document_bytes  # noqa: PLC0415 - who never asks for it need not load it

    return FixedAnswer(document_bytes(), "application/json")


@cache
def _page() -> FixedAnswer:
    headers = {"Content-Security-Policy": POLICY, "Referrer-Policy": "no-referrer"}
    return FixedAnswer(PAGE.read_bytes(), "text/html", headers=headers)


@cache
def _file(name: str) -> FixedAnswer:
    path, media_type = FILES[name]
    return FixedAnswer(path.read_bytes(), media_type, compressed=path.suffix == ".gz", max_age=_DAY)
