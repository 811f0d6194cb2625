"""The status page: one file, put together once, that holds no data and asks the service for all it shows."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from entrypoints.http.files import FixedAnswer

FOLDER = Path(__file__).parents[1] / "static" / "status"

SCRIPTS = ("dom", "charts", "service", "metrics", "traffic", "backends", "collections", "search", "main")
"""The parts of the one script, in the order in which they need each other."""

POLICY = (
    "default-src 'none'; script-src {scripts}; style-src {style}; img-src data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
"""Its own script and style by their hashes and nothing else; questions to this service alone."""


class StatusRoutes:
    """The page at `/`, for whoever asks: what it shows is guarded where it is asked for."""

    def routes(self) -> list[Route]:
        """The route."""
        return [Route("/", self.page, methods=["GET"])]

    async def page(self, request: Request) -> Response:
        """200 with the page, 304 where the client has it."""
        return await asyncio.to_thread(lambda: _page().to(request))


@cache
def _page() -> FixedAnswer:
    page, policy = assemble(FOLDER)
    headers = {
        "Content-Security-Policy": policy,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Frame-Options": "DENY",
    }
    return FixedAnswer(page, "text/html", headers=headers)


def assemble(folder: Path) -> tuple[bytes, str]:
    """The page, its style and scripts in it, and the policy that allows just these."""
    script = "\n" + "\n".join((folder / f"{name}.js").read_text("utf-8") for name in SCRIPTS)
    theme, style = ((folder / name).read_text("utf-8") for name in ("theme.js", "page.css"))
    page = (folder / "page.html").read_text("utf-8")
    for name, text in {"style": style, "theme": theme, "script": script}.items():
        page = page.replace(f"{{{name}}}", text, 1)
    policy = POLICY.format(scripts=f"{_hash(theme)} {_hash(script)}", style=_hash(style))
    return page.encode(), policy


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
