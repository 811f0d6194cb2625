"""The port by which traces are told: what belonged to which request, and how long each part of it took."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import AbstractContextManager
from contextvars import Context


class RequestSpan(ABC):
    """One request in its trace. `trace_id` is None where this trace is not recorded."""

    trace_id: str | None

    @abstractmethod
    def answered(self, route: str | None, status: int | None, request_id: str | None) -> None:
        """How it ended. `route` is a template of a path; without a `status` its client left first."""


class Tracing(ABC):
    """Tells a collector of traces. What cannot be told is lost, and disturbs nobody.

    No payload, vector or key comes here.
    """

    @abstractmethod
    def request(
        self, method: str, path: str, scheme: str, headers: Mapping[str, str]
    ) -> AbstractContextManager[RequestSpan]:
        """`with tracing.request(...) as span:` serves a request, in the trace that `headers` tell of, if they do."""

    @abstractmethod
    def call(self, system: str, operation: str) -> AbstractContextManager[None]:
        """`with tracing.call("redis", "recall"):` calls a backend, for the request that is being served."""

    @abstractmethod
    def apart(self) -> Context:
        """A context with nothing of the present one but what it belongs to in its trace."""

    @abstractmethod
    async def aclose(self) -> None:
        """Tell what is left, within a few seconds. A second `aclose` does nothing."""
