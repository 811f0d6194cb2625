"""The port by which what happens is counted."""

from __future__ import annotations

from collections.abc import Mapping


class Metrics:
    """Takes note of what happens, and tells the sum of it. This one takes none: it is for who counts nothing.

    No name of a collection, no id and no address comes here. Every method but `render` stands in the way of
    requests, and costs next to nothing.
    """

    def request_began(self) -> None:
        """A request came in."""

    def request_ended(self, method: str, route: str, status: int, seconds: float) -> None:
        """A request that began was answered. `route` is a template of a path, never a path."""

    def searched(self, outcome: str) -> None:
        """A search was answered: `hit`, `stored`, `miss`, `bypass` or `stale`."""

    def called(self, backend: str, operation: str, outcome: str, seconds: float) -> None:
        """A call of a backend ended, retries included: `ok`, or how it failed."""

    def circuit(self, backend: str, circuit: str, state: str) -> None:
        """A circuit breaker is `closed`, `open` or `half_open` from now on."""

    def points_written(self, points: int) -> None:
        """So many points were written by one request."""

    def render(self, accept: str, engine: Mapping[str, float]) -> tuple[str, bytes]:
        """All of it as a media type and a body, in a form that `accept` (of HTTP) names, if there is one.

        `engine` is what the store's engine tells of itself. Nothing, where nothing is counted.
        """
        return "text/plain; charset=utf-8", b""

    async def aclose(self) -> None:
        """Let go of what is shared with other processes. What is counted later is told by nobody else."""


NO_METRICS = Metrics()
"""Counts nothing."""
