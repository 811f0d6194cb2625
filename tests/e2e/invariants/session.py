"""Asks the replicas, writes down what happens, and has each answer judged."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx

from tests.e2e.invariants.answers import Violation
from tests.e2e.invariants.checker import Checker, request_id
from tests.e2e.invariants.history import History, Operation, Trouble
from tests.e2e.invariants.limits import PATIENCE, REPLICAS, STANDSTILL

TICK = 0.02

KEPT = ("cache-status", "age", "retry-after", "x-request-id")
"""The headers that answers are judged by."""


class Lag:
    """How late the event loop of the test was lately: what came late to it is no fault of the service.

    When the machine stands still for long, time limits run out that should not: that goes into the history.
    """

    def __init__(self, history: History, clock: Callable[[], float]) -> None:
        self._history = history
        self._clock = clock
        self._late: deque[tuple[float, float]] = deque(maxlen=int(2 * PATIENCE / TICK))

    async def measure(self) -> None:
        """Measure until cancelled."""
        while True:
            before = self._clock()
            await asyncio.sleep(TICK)
            now = self._clock()
            self._late.append((now, now - before - TICK))
            if now - before - TICK > STANDSTILL:
                for backend in ("store", "cache"):
                    self._history.troubles.append(Trouble("standstill", backend, REPLICAS, before, now))

    def since(self, begin: float) -> float:
        """The sum of all that was late since then, in seconds."""
        return sum(late for at, late in self._late if at >= begin)


class Session:
    """One run: its history, its checker, its clock (seconds since it began), and what was found.

    `urls` are those of the replicas, and last that of the vector database.
    """

    def __init__(self, urls: list[str]) -> None:
        self.urls = urls
        self.history = History()
        self.checker = Checker(self.history)
        self.violations: list[tuple[Operation, str]] = []
        self.stopped = asyncio.Event()
        self._begun = time.monotonic()
        self.lag = Lag(self.history, self.clock)

    def clock(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self._begun

    async def sleep(self, seconds: float) -> None:
        """Let the seconds pass, or less where the run is stopped."""
        try:
            async with asyncio.timeout(seconds):
                await self.stopped.wait()
        except TimeoutError:
            return

    def found(self, operation: Operation, violation: str) -> None:
        """Note a violation, and end the run."""
        self.violations.append((operation, violation))
        self.stopped.set()


class Asker:
    """A client by name, with connections of its own to all URLs while it is entered."""

    def __init__(self, session: Session, name: str) -> None:
        self.name = name
        self.session = session
        self._stack = AsyncExitStack()
        self._http: list[httpx.AsyncClient] = []

    async def __aenter__(self) -> None:
        # The server closes an idle connection after 5 s, maybe just when a request is on its way.
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=1, keepalive_expiry=3.0)
        for url in self.session.urls:
            # Over plain http: to trust nobody's certificate saves reading the system's authorities.
            client = httpx.AsyncClient(base_url=url, verify=False, timeout=None, limits=limits)  # noqa: S113, S501
            self._http.append(await self._stack.enter_async_context(client))

    async def __aexit__(self, *error: object) -> None:
        self._http.clear()
        await self._stack.aclose()

    async def ask(
        self,
        kind: str,
        replica: int,
        collection: str,
        request: tuple[str, str, Any],
        *,
        control: str = "",
        version: int | None = None,
        patience: float = PATIENCE,
    ) -> Operation:
        """Send a request (method, path and body), and note what comes of it. Leaves after `patience` seconds."""
        session = self.session
        operation = Operation(
            len(session.history.operations),
            self.name,
            replica,
            kind,
            collection,
            session.clock(),
            control,
            version,
            gave_up=patience < PATIENCE,
        )
        session.checker.begin(operation)
        try:
            async with asyncio.timeout(patience):
                await self._send(operation, request)
        except TimeoutError:
            operation.lost = f"none within {patience:.2f} s"
        except httpx.HTTPError as error:
            operation.lost = repr(error)
        operation.end = session.clock()
        operation.lag = session.lag.since(operation.begin)
        try:
            session.checker.end(operation)
        except Violation as violation:
            session.found(operation, str(violation))
        return operation

    async def _send(self, operation: Operation, request: tuple[str, str, Any]) -> None:
        method, path, body = request
        headers = {"X-Request-ID": request_id(operation)}
        if operation.control:
            headers["Cache-Control"] = operation.control
        answer = await self._http[operation.replica].request(method, path, json=body, headers=headers)
        operation.headers = {name: answer.headers[name] for name in KEPT if name in answer.headers}
        try:
            operation.body = answer.json() if answer.content else None
        except json.JSONDecodeError:
            operation.body = answer.text
        operation.status = answer.status_code
