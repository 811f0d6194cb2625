"""The use case that tells how the backends are."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from domain.deadline import deadline
from domain.errors import Backend, BackendUnavailable, Failure, Overloaded
from domain.ports import BackendStatus, Cache, Event, VectorStore

GRACE = 0.05
"""Seconds that a call may take to heed its deadline."""


class Status(StrEnum):
    """How well a search can be served."""

    UP = "up"
    DEGRADED = "degraded"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class BackendHealth:
    """One backend: what it said within `latency` seconds, or how it failed, its breakers' states, and its history."""

    latency: float
    said: BackendStatus | None = None
    failure: Failure | None = None
    breakers: Mapping[str, str] = field(default_factory=dict)
    history: Sequence[Event] = ()

    @property
    def status(self) -> Status:
        """Up where it answered, else down."""
        return Status.DOWN if self.said is None else Status.UP


@dataclass(frozen=True, slots=True)
class InfraHealth:
    """Both backends."""

    vector_store: BackendHealth
    cache: BackendHealth

    @property
    def status(self) -> Status:
        """Down without the vector store, degraded without the cache, else up."""
        if self.vector_store.status is Status.DOWN:
            return Status.DOWN
        return Status.DEGRADED if self.cache.status is Status.DOWN else Status.UP


class Health:
    """Ask both backends at once how they are, each for at most `timeout` seconds."""

    def __init__(
        self, store: VectorStore, cache: Cache, *, timeout: float = 2.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._backends: dict[Backend, VectorStore | Cache] = {Backend.VECTOR_STORE: store, Backend.CACHE: cache}
        self._timeout = timeout
        self._clock = clock

    async def check(self) -> InfraHealth:
        """How the backends are now. Raises nothing of theirs: a backend that fails is in the answer."""
        store, cache = await asyncio.gather(*map(self._check, self._backends))
        return InfraHealth(vector_store=store, cache=cache)

    async def _check(self, backend: Backend) -> BackendHealth:
        asked, begun = self._backends[backend], self._clock()
        said, failure = None, None
        try:
            # The deadline ends the call as a failure of the backend; the other one, a call that heeds none.
            with deadline(self._timeout):
                async with asyncio.timeout(self._timeout + GRACE):
                    said = await asked.ping()
        except BackendUnavailable as error:
            failure = error.failure
        except Overloaded:
            failure = Failure.OVERLOADED
        except TimeoutError:
            failure = Failure.TIMEOUT
        return BackendHealth(self._clock() - begun, said, failure, asked.breakers(), asked.history())
