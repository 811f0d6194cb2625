"""Answers that are always the same: their bytes, compressed for who takes that, and 304 for who has them."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response


class FixedAnswer:
    """One body of one media type, which a client may keep for `max_age` seconds before it asks again."""

    def __init__(
        self, body: bytes, media_type: str, *, max_age: int = 0, headers: Mapping[str, str] | None = None
    ) -> None:
        self._body = body
        self._media_type = media_type
        self._tag = f'W/"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
        self._headers = {
            **(headers or {}),
            "Cache-Control": f"public, max-age={max_age}" if max_age else "no-cache",
            "ETag": self._tag,
            "Vary": "Accept-Encoding",
            "X-Content-Type-Options": "nosniff",
        }

    @classmethod
    def of_file(cls, path: Path, media_type: str, *, max_age: int) -> FixedAnswer:
        """That of a file, which may be kept compressed, under its name and `.gz`."""
        if path.exists():
            return cls(path.read_bytes(), media_type, max_age=max_age)
        compressed = path.with_name(f"{path.name}.gz").read_bytes()
        answer = cls(gzip.decompress(compressed), media_type, max_age=max_age)
        answer._compressed = compressed
        return answer

    @cached_property
    def _compressed(self) -> bytes:
        return gzip.compress(self._body, mtime=0)

    def to(self, request: Request) -> Response:
        """The answer to this request: 200, or 304."""
        if _names(request.headers.get("if-none-match", ""), self._tag):
            return Response(status_code=304, headers=self._headers)
        if not _takes_gzip(request.headers.get("accept-encoding", "")):
            return Response(self._body, headers=self._headers, media_type=self._media_type)
        headers = {**self._headers, "Content-Encoding": "gzip"}
        return Response(self._compressed, headers=headers, media_type=self._media_type)


def _names(tags: str, tag: str) -> bool:
    """Whether the tags of `If-None-Match` hold this one, by the weak comparison."""
    given = {one.strip().removeprefix("W/") for one in tags.split(",")}
    return "*" in given or tag.removeprefix("W/") in given


def _takes_gzip(encodings: str) -> bool:
    for encoding in encodings.split(","):
        name, _, quality = encoding.partition(";")
        if name.strip().lower() in ("gzip", "*"):
            return quality.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
