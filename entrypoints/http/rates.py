"""How often a caller may ask: one with a key by its name, any other by its address."""

from __future__ import annotations

import ipaddress
import math
from functools import lru_cache

from starlette.types import ASGIApp, Receive, Scope, Send

from domain.ports import RateLimiter
from entrypoints.http.access import grant_of, is_known
from entrypoints.http.admission import EXEMPT
from entrypoints.http.errors import error_response, retry_after

TOO_MANY = "Too many requests. Please try again later."


class RateLimits:
    """Answers 429 to callers who ask more than the limiter allows; without a limiter, nobody is counted.

    It stands behind whoever finds out the caller's grant.
    """

    def __init__(self, app: ASGIApp, *, limiter: RateLimiter | None) -> None:
        self._app = app
        self._limiter = limiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if self._limiter is not None and scope["type"] == "http" and not scope["path"].startswith(EXEMPT):
            wait = self._limiter.take(_caller(scope))
            if wait is not None:
                await error_response(429, TOO_MANY, self._headers(self._limiter, wait))(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _headers(self, limiter: RateLimiter, wait: float) -> dict[str, str]:
        """When to come back, and what is allowed, as the draft of the IETF on such headers has it."""
        rate = limiter.rate
        return {
            **retry_after(wait),
            "RateLimit-Policy": f'"default";q={rate.requests};w={rate.seconds}',
            "RateLimit": f'"default";r=0;t={math.ceil(wait)}',
        }


def _caller(scope: Scope) -> str:
    # On a page that is open to all, nobody is asked who he is.
    name = grant_of(scope).name if is_known(scope) else ""
    if name:
        # No address begins so.
        return f"key {name}"
    client = scope.get("client")
    return _network(client[0]) if client else "nobody"


@lru_cache(maxsize=4096)
def _network(host: str) -> str:
    """The address, or of one of IPv6 the network: whoever has one address there has all 2^64."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.version == 4:
        return host
    return host if address.ipv4_mapped else str(ipaddress.ip_network((address, 64), strict=False))
