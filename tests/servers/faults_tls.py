"""Servers whose TLS is wrong. They answer HTTP in order, to a client that accepts them."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

import trustme

from tests.servers.certificates import LOOPBACK, issue_certificates
from tests.servers.faults_http import GOOD_BODY, HTML, TEXT_HTML, answering, http_answer
from tests.servers.tcp import Address, answer_once, early_close, hang, reset_after_request, serve_tcp

TlsFault: TypeAlias = Callable[[trustme.CA], AbstractAsyncContextManager[Address]]
"""Serves for as long as the block lasts; the client is to trust the authority that is passed."""


def _certified(hosts: tuple[str, ...], *, trusted: bool, not_after: datetime | None = None) -> TlsFault:
    """A server with a certificate for `hosts`, by the authority that the client trusts or by another."""

    @asynccontextmanager
    async def serve(authority: trustme.CA) -> AsyncIterator[Address]:
        issuer = authority if trusted else trustme.CA()
        with tempfile.TemporaryDirectory(prefix="holdfast-tls-") as directory:
            issued = issue_certificates(Path(directory), hosts=hosts, authority=issuer, not_after=not_after)
            context = issued.server_context()
        async with serve_tcp(answering(body=GOOD_BODY), tls=context) as address:
            yield address

    return serve


GOOD_TLS: TlsFault = _certified(LOOPBACK, trusted=True)
"""No fault: to see that a client accepts what is right."""

TLS_FAULTS: dict[str, TlsFault] = {
    "unknown_authority": _certified(LOOPBACK, trusted=False),
    "wrong_host": _certified(("elsewhere.invalid",), trusted=True),
    "expired": _certified(LOOPBACK, trusted=True, not_after=datetime.now(UTC) - timedelta(days=1)),
    "plaintext": lambda _authority: serve_tcp(answer_once(http_answer(400, TEXT_HTML, HTML))),
    "hang_in_handshake": lambda _authority: serve_tcp(hang),
    "reset_in_handshake": lambda _authority: serve_tcp(reset_after_request),
    "close_in_handshake": lambda _authority: serve_tcp(early_close),
}
"""Every way in which the TLS of a server can be wrong."""
