"""Answers that are always the same: their bytes, compressed for who takes that, and 304 for who has them."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping
from functools import cached_property

from starlette.requests import Request
from starlette.responses import Response

_ZERO = re.compile(r"\s*q\s*=\s*0(\.0*)?\s*", re.IGNORECASE)


class FixedAnswer:
    """One body of one media type, which a client may keep for `max_age` seconds before it asks again.

    `body` may be given `compressed` by gzip already. The other form is made when it is first asked for.
    """

    def __init__(
        self,
        body: bytes,
        media_type: str,
        *,
        compressed: bool = False,
        max_age: int = 0,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._given = body
        self._is_compressed = compressed
        self._media_type = media_type
        self._tag = f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
        self._headers = {
            **(headers or {}),
            "Cache-Control": f"public, max-age={max_age}" if max_age else "no-cache",
            "ETag": self._tag,
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
        }

    def to(self, request: Request) -> Response:
        """The answer to this request: 200, or 304."""
        if _names(request.headers.get("if-none-match", ""), self._tag):
            return Response(status_code=304, headers=self._headers)
        if not _takes_gzip(request.headers.get("accept-encoding", "")):
            return Response(self._plain, headers=self._headers, media_type=self._media_type)
        headers = {**self._headers, "Content-Encoding": "gzip"}
        return Response(self._compressed, headers=headers, media_type=self._media_type)

    @cached_property
    def _plain(self) -> bytes:
        return gzip.decompress(self._given) if self._is_compressed else self._given

    @cached_property
    def _compressed(self) -> bytes:
        return self._given if self._is_compressed else gzip.compress(self._given, mtime=0)


def _names(tags: str, tag: str) -> bool:
    """Whether the tags of `If-None-Match` hold this one, by the weak comparison."""
    given = {one.strip().removeprefix("W/") for one in tags.split(",")}
    return "*" in given or tag.removeprefix("W/") in given


def _takes_gzip(encodings: str) -> bool:
    """Whether `Accept-Encoding` names gzip, and not with a quality of zero."""
    for encoding in encodings.split(","):
        name, _, quality = encoding.partition(";")
        if name.strip().lower() == "gzip":
            return _ZERO.fullmatch(quality) is None
    return False
