"""How many requests are in progress: beyond that, they are turned away before their bodies are read."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from domain.errors import Backend, Overloaded
from entrypoints.http.budget import Budget
from entrypoints.http.middleware import InFlight

EXEMPT = ("/health/", "/metrics")
"""What has to be answered under any load: paths that begin so."""


class Admission:
    """Lets at most `most` requests in, and gives back what their bodies took of the budget."""

    def __init__(self, app: ASGIApp, *, in_flight: InFlight, most: int, budget: Budget) -> None:
        self._app = app
        self._in_flight = in_flight
        self._most = most
        self._budget = budget

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request. Raises `Overloaded`."""
        if self._in_flight.count > self._most and scope["type"] == "http" and not scope["path"].startswith(EXEMPT):
            raise Overloaded(Backend.VECTOR_STORE, "begin")
        try:
            await self._app(scope, receive, send)
        finally:
            if "held" in scope.get("state", ()):
                self._budget.give_back(scope)
