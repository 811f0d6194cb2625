#!/usr/bin/env python3
"""Load a sample of Debian packages into a running service and search it.

    python demo/demo.py [--url http://127.0.0.1:8000] [--collection packages-demo]

Needs the standard library alone and talks to the service through its REST API. It makes the collection
where it is missing, writes the points and searches; it deletes nothing and can be run again. A service that
asks for a key gets that of SOCIAL_AUTH__KEY.

Exit codes: 0 done, 2 wrong arguments, 65 the service refused a request, 66 the sample cannot be read,
69 the service is not reachable or not ready, 70 the service gave an answer that the demo does not know.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import http.client
import json
import os
import struct
import sys
import textwrap
import time
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

HERE = Path(__file__).resolve().parent
SIZE = 384
BATCH = 500
TIMEOUT = 60.0
WAITS = 5
LONGEST_WAIT = 30.0
SCHEMA = {
    "vector": {"size": SIZE, "distance": "cosine"},
    "indexes": {"section": "keyword", "installed_kib": "integer"},
}
REFUSED, NO_INPUT, UNAVAILABLE, UNEXPECTED = 65, 66, 69, 70
SUMMARY = 56
COLUMNS = "   {:>6}  {:<26.26} {:<13.13} {:>7}  {}"


class DemoError(Exception):
    """The demo cannot go on: what to print, and the exit code."""

    def __init__(self, message: str, code: int) -> None:
        """Keep the code, and the message on one line."""
        super().__init__(" ".join(message.split()))
        self.code = code


@dataclass(frozen=True)
class Search:
    """One search to show: what it is, in words, and what it adds to the body."""

    title: str
    body: dict[str, Any]
    notes: list[str] = field(default_factory=list)


class Service:
    """The REST API of a running service, over one connection."""

    def __init__(self, url: str) -> None:
        """Connect with the first call, not before."""
        self._url = url
        parts = urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT)
        self._prefix = parts.path.rstrip("/")
        self._headers = {"Content-Type": "application/json"}
        if key := os.environ.get("SOCIAL_AUTH__KEY"):
            self._headers["X-API-Key"] = key

    def call(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Return the status and the body of the answer; wait while the service says that it is not ready."""
        payload = json.dumps(body).encode()
        for wait in range(WAITS + 1):
            status, retry_after, raw = self._send(method, path, payload)
            if status != http.client.SERVICE_UNAVAILABLE or wait == WAITS:
                return status, checked(status, raw, f"{method} {path}")
            self._wait(seconds(retry_after), detail(raw))
        raise AssertionError  # the last turn returns or raises

    def _send(self, method: str, path: str, payload: bytes) -> tuple[int, str | None, bytes]:
        """Return the status, the Retry-After and the body of the answer to one request."""
        try:
            self._connection.request(method, self._prefix + path, payload, self._headers)
            answer = self._connection.getresponse()
            return answer.status, answer.getheader("Retry-After"), answer.read()
        except (OSError, http.client.HTTPException) as exc:
            reason = getattr(exc, "strerror", None) or str(exc) or type(exc).__name__
            message = f"cannot reach {self._url} ({reason}); start the service with: make run"
            raise DemoError(message, UNAVAILABLE) from exc

    def _wait(self, pause: float, why: str) -> None:
        """Sleep; the connection is closed first, so that the next request does not meet one that went stale."""
        self._connection.close()
        print(f"the service is not ready ({why}), waiting {pause:g} s", file=sys.stderr)
        time.sleep(pause)


def seconds(retry_after: str | None) -> float:
    """Return what Retry-After says in seconds, within limits; 1 where it says nothing of the kind."""
    text = (retry_after or "").strip()
    return min(float(text), LONGEST_WAIT) if text.isascii() and text.isdigit() else 1.0


def detail(raw: bytes) -> str:
    """Return what an answer that is no success says of itself, on one line."""
    try:
        text = str(json.loads(raw)["detail"])
    except (ValueError, LookupError, TypeError):
        text = raw[:200].decode(errors="replace")
    return " ".join(text.split()) or "no detail"


def checked(status: int, raw: bytes, what: str) -> dict[str, Any]:
    """Return the JSON object of a success. Raises `DemoError` for every other answer."""
    if status == http.client.SERVICE_UNAVAILABLE:
        message = f"the service is still not ready: {detail(raw)}"
        raise DemoError(message, UNAVAILABLE)
    if not http.client.OK <= status < http.client.MULTIPLE_CHOICES:
        code = REFUSED if http.client.BAD_REQUEST <= status < http.client.INTERNAL_SERVER_ERROR else UNEXPECTED
        message = f"{what} was answered with {status}: {detail(raw)}"
        raise DemoError(message, code)
    try:
        answer = json.loads(raw)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        message = f"{what} was answered with no JSON object; is this the service's URL?"
        raise DemoError(message, UNEXPECTED)
    return answer


def read(name: str) -> list[dict[str, Any]]:
    """Return the lines of a file of the sample."""
    try:
        with gzip.open(HERE / name, "rt", encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]
    except (OSError, EOFError, ValueError, zlib.error) as exc:
        message = f"cannot read the sample {name}: {exc}"
        raise DemoError(message, NO_INPUT) from exc


def as_float32(half: str) -> str:
    """Turn a vector of the sample, base64 of float16, into the base64 of float32 that the API takes."""
    numbers = struct.unpack(f"<{SIZE}e", base64.b64decode(half))
    return base64.b64encode(struct.pack(f"<{SIZE}f", *numbers)).decode()


def load(service: Service, path: str, points: list[dict[str, Any]]) -> None:
    """Make the collection where it is missing, write the points and count."""
    status, _ = service.call("PUT", path, SCHEMA)
    print(f"{path}: {'made' if status == http.client.CREATED else 'was there already'}")
    started = time.perf_counter()
    for start in range(0, len(points), BATCH):
        batch = [{**point, "vector": as_float32(point["vector"])} for point in points[start : start + BATCH]]
        service.call("PUT", f"{path}/points", {"points": batch})
    elapsed = time.perf_counter() - started
    _, counted = service.call("POST", f"{path}/count", {})
    print(f"{len(points)} points written in {elapsed:.2f} s, {counted.get('count')} counted")


def searches(queries: list[dict[str, Any]], points: list[dict[str, Any]]) -> list[Search]:
    """Return the searches to show."""
    vectors = {query["text"]: query["vector"] for query in queries}
    names = {point["payload"]["name"]: point["id"] for point in points}
    plain = (
        "turn-based strategy game",
        "lightweight directory-based password manager",
        "set of data recovery utilities for use with GNU ddrescue",
    )
    synthesizer, metadata = "Real-time MIDI software synthesizer", "EXIF/IPTC/XMP metadata manipulation library"
    libs = {"key": "section", "match": {"value": "libs"}}
    small = {"key": "installed_kib", "range": {"lte": 1000}}
    return [
        *(Search(f'"{text}"', {"vector": vectors[text]}) for text in plain),
        Search(f'"{synthesizer}"', {"vector": vectors[synthesizer], "filter": {"must": [libs]}}, ["section is libs"]),
        Search(
            f'"{metadata}"',
            {"vector": vectors[metadata], "filter": {"must": [small], "must_not": [libs]}},
            ["at most 1000 KiB installed", "section is not libs"],
        ),
        Search("neighbours of the package stellarium", {"id": names["stellarium"]}),
    ]


def show(service: Service, path: str, search: Search) -> None:
    """Run one search and print its hits as a table."""
    started = time.perf_counter()
    _, answer = service.call("POST", f"{path}/search", {**search.body, "limit": 5})
    elapsed = 1000 * (time.perf_counter() - started)
    notes = [*search.notes, f"{elapsed:.1f} ms", *(["stale"] if answer.get("stale") else [])]
    print(f"\n{search.title} ({', '.join(notes)})")
    print(COLUMNS.format("score", "name", "section", "KiB", "summary").rstrip())
    for hit in answer.get("hits", []):
        payload = hit.get("payload") or {}
        cells = [str(payload.get(key, "")) for key in ("name", "section", "installed_kib", "summary")]
        cells[-1] = textwrap.shorten(cells[-1], SUMMARY, placeholder="...")
        print(COLUMNS.format(f"{hit['score']:.4f}", *cells).rstrip())


def service_url(text: str) -> str:
    """Return `text` where it is an http or https URL with a host. Raises what argparse expects."""
    try:
        parts = urlsplit(text)
        valid = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        valid = False
    if not valid:
        message = f"expected a URL such as http://127.0.0.1:8000, got {text!r}"
        raise argparse.ArgumentTypeError(message)
    return text


def arguments() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description="Load a sample of Debian packages into a running service and search.")
    parser.add_argument("--url", type=service_url, default="http://127.0.0.1:8000", help="default: %(default)s")
    parser.add_argument("--collection", default="packages-demo", help="default: %(default)s")
    return parser.parse_args()


def main() -> int:
    """Run the demo and return its exit code."""
    options = arguments()
    path = f"/v1/collections/{quote(options.collection, safe='')}"
    try:
        points, queries = read("packages.jsonl.gz"), read("queries.jsonl.gz")
        service = Service(options.url)
        load(service, path, points)
        for search in searches(queries, points):
            show(service, path, search)
    except DemoError as exc:
        print(f"demo: {exc}", file=sys.stderr)
        return exc.code
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
