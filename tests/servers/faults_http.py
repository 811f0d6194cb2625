"""HTTP servers that misbehave: broken connections, broken bodies, and answers that are errors."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from email.utils import formatdate
from http import HTTPStatus

from tests.servers.tcp import TCP_FAULTS, Fault, Handler, Reader, Writer, answer_once, drip, reset, tcp_fault

HTML = b"<html><head><title>oops</title></head><body><h1>oops</h1></body></html>"
JSON = {"Content-Type": "application/json"}
TEXT_HTML = {"Content-Type": "text/html"}
GOOD_BODY = b'{"result":{"collections":[]},"status":"ok","time":0.0}'


def error_body(message: str) -> bytes:
    """An error as Qdrant words it."""
    return json.dumps({"status": {"error": message}, "time": 0.0}).encode()


async def read_request(reader: Reader) -> bytes:
    """One request with its body. Raises `EOFError` where the client closed the connection."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            length = int(value)
    return head + await reader.readexactly(length)


def http_answer(status: int, headers: Mapping[str, str], body: bytes) -> bytes:
    """The bytes of an answer; Content-Length is added unless `headers` has one or the status forbids it."""
    phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "Unknown"
    lines = [f"HTTP/1.1 {status} {phrase}", *(f"{name}: {value}" for name, value in headers.items())]
    if "Content-Length" not in headers and status != HTTPStatus.NO_CONTENT:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def answering(status: int = 200, *, headers: Mapping[str, str] = JSON, body: bytes = b"") -> Handler:
    """Answer every request of a connection with this, and keep the connection."""
    content = http_answer(status, headers, body)

    async def handle(reader: Reader, writer: Writer) -> None:
        while True:
            await read_request(reader)
            writer.write(content)
            await writer.drain()

    return handle


async def reset_in_body(reader: Reader, writer: Writer) -> None:
    """Reset the connection after the headers and half of the body."""
    await read_request(reader)
    content = http_answer(200, JSON, GOOD_BODY)
    writer.write(content[: -len(GOOD_BODY) // 2])
    await writer.drain()
    await asyncio.sleep(0.02)  # The client is to read the half before the reset comes.
    reset(writer)


async def hang_in_body(reader: Reader, writer: Writer) -> None:
    """Send the headers and half of the body, and then nothing."""
    await read_request(reader)
    writer.write(http_answer(200, JSON, GOOD_BODY)[: -len(GOOD_BODY) // 2])
    while await reader.read(65536):
        pass


def _status_faults() -> list[Fault]:
    """An error of each status, with a body as Qdrant or a proxy before it sends."""
    qdrant = {
        400: "Wrong input: Vector dimension error: expected dim: 4, got 3",
        403: "Forbidden: Write access to collection x is required",
        408: "Timeout: Operation 'Search' timed out after 10 seconds",
        409: "Wrong input: Collection `x` already exists!",
        413: "Payload error: JSON payload (38000000 bytes) is larger than allowed (limit: 33554432 bytes).",
        422: "Validation error in JSON body: [limit: value 0 invalid, must be 1 or larger]",
        500: "Service internal error: task 42 panicked",
        501: "Not implemented",
        507: "Service internal error: No space left on device: WAL buffer size exceeds available disk space",
    }
    statuses = [
        tcp_fault(f"status_{status}", answering(status, body=error_body(text))) for status, text in qdrant.items()
    ]
    proxies = (404, 429, 502, 503, 504, 599)
    statuses += [tcp_fault(f"status_{status}", answering(status, headers=TEXT_HTML, body=HTML)) for status in proxies]
    missing = answering(404, body=error_body("Not found: Collection `x` doesn't exist!"))
    return [
        *statuses,
        tcp_fault("status_204", answering(204, headers={})),
        tcp_fault("status_301", answering(301, headers={"Location": "https://127.0.0.1:1/"})),
        tcp_fault("status_401", answering(401, headers={"Content-Type": "text/plain"}, body=b"Invalid API key or JWT")),
        tcp_fault("status_404_collection", missing),
    ]


def _retry_after_faults() -> list[Fault]:
    """429 and 503 with Retry-After in its forms, and in forms that it must not have."""
    values = {
        "integer": "7",
        "zero": "0",
        "negative": "-1",
        "fraction": "1.5",
        "huge": "99999999999",
        "date": formatdate(4102444800, usegmt=True),
        "garbage": "soon",
        "infinite": "inf",
    }
    body = error_body("Rate limiting exceeded: Read rate limit exceeded, retry later")
    return [
        tcp_fault(f"retry_after_{name}", answering(429, headers={**JSON, "Retry-After": value}, body=body))
        for name, value in values.items()
    ] + [tcp_fault("retry_after_503", answering(503, headers={**TEXT_HTML, "Retry-After": "3"}, body=HTML))]


def _body_faults() -> list[Fault]:
    """Answers with status 200 whose body is no answer."""
    envelope = b'{"result":%s,"status":"ok","time":0.0}'
    bodies = {
        "malformed": b'{"result": {"points": [',
        "empty": b"",
        "invalid_utf8": b'{"result": "\xff\xfe\xc3\x28", "status": "ok", "time": 0.0}',
        "null_result": b'{"result":null,"status":"ok","time":0}',
        "json_null": b"null",
        "json_list": b"[1, 2, 3]",
        "wrong_shape": envelope % b'{"surprise": [true]}',
        "wrong_types": envelope % b'{"points": [{"id": -1.5, "version": "x", "score": "high"}], "count": "many"}',
        "nan": envelope % b'{"points": [{"id": 1, "version": 0, "score": NaN}], "count": NaN}',
        "huge_number": envelope % b'{"points": [{"id": 1, "version": 0, "score": 1e999}], "count": 1e999}',
        "deep": envelope % (b"[" * 100_000 + b"]" * 100_000),
    }
    return [tcp_fault(f"body_{name}", answering(body=body)) for name, body in bodies.items()] + [
        tcp_fault("body_html", answering(headers=TEXT_HTML, body=HTML)),
        tcp_fault("bad_gzip", answering(headers={**JSON, "Content-Encoding": "gzip"}, body=b"\x1f\x8bno gzip at all")),
        tcp_fault("unknown_encoding", answering(headers={**JSON, "Content-Encoding": "rot13"}, body=GOOD_BODY)),
    ]


def _wire_faults() -> list[Fault]:
    """Answers that stop, crawl or break the rules of HTTP."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    chunked = head + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"
    truncated = http_answer(200, {**JSON, "Content-Length": str(len(GOOD_BODY) + 100)}, GOOD_BODY)
    return [
        tcp_fault("reset_in_body", reset_in_body),
        tcp_fault("hang_in_body", hang_in_body),
        tcp_fault("truncated_body", answer_once(truncated)),
        tcp_fault("truncated_headers", answer_once(head)),
        tcp_fault("bad_chunk", answer_once(chunked)),
        tcp_fault("endless_headers", drip(b"HTTP/1.1 200 OK\r\n", b"X-More: " + b"x" * 8192 + b"\r\n", 0.0)),
        tcp_fault("slow_drip", drip(head + b"Content-Length: 1000000\r\n\r\n{", b" ", 0.05)),
        tcp_fault("slow_drip_headers", drip(b"HTTP/1.1 200 OK\r\nX-Slow: ", b"x", 0.3)),
    ]


HTTP_FAULTS: dict[str, Fault] = TCP_FAULTS | {
    fault.name: fault for fault in (*_wire_faults(), *_status_faults(), *_retry_after_faults(), *_body_faults())
}
"""Every way in which a server can fail a client that speaks HTTP."""
