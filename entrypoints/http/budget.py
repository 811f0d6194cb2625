"""The memory that bodies of requests in progress take, together."""

from __future__ import annotations

from starlette.types import Scope

from domain.errors import Backend, Overloaded


class Budget:
    """At most `most` bytes of bodies, from when they come until their requests end."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.held = 0

    def take(self, scope: Scope, size: int) -> None:
        """Hold so many bytes more for this request. Raises `Overloaded` where there is no room."""
        if self.held + size > self.most:
            raise Overloaded(Backend.VECTOR_STORE, "receive")
        self.held += size
        state = scope["state"]
        state["held"] = state.get("held", 0) + size

    def give_back(self, scope: Scope) -> None:
        """The request has ended."""
        self.held -= scope["state"].pop("held", 0)
