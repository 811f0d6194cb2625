"""Histories of the invariants test, written by hand."""

from __future__ import annotations

from typing import Any

from tests.e2e.invariants.answers import STALE_HIT, STORED
from tests.e2e.invariants.checker import Checker
from tests.e2e.invariants.history import PENDING, History, Operation, Trouble

GONE = {"detail": "Collection 'things' does not exist."}


class Story:
    """A history written by hand, in which each thing takes 0.1 s, about one collection that exists since 0 s."""

    def __init__(self) -> None:
        self.history = History()
        self.checker = Checker(self.history)
        self.write("create", 0, status=201, body={"name": "things"})

    def begin(self, kind: str, at: float, replica: int = 0, control: str = "", version: int | None = None) -> Operation:
        """An operation that has no answer yet."""
        operation = Operation(len(self.history.operations), "client", replica, kind, "things", at, control, version)
        self.checker.begin(operation)
        return operation

    def end(self, operation: Operation, at: float, **answer: Any) -> None:
        """Its answer."""
        answer.setdefault("headers", {})["x-request-id"] = f"inv-{operation.number}"
        for name, value in {"end": at, **answer}.items():
            setattr(operation, name, value)
        self.checker.end(operation)

    def tell(self, kind: str, at: float, replica: int = 0, *, seconds: float = 0.1, **answer: Any) -> None:
        """An operation and its answer."""
        control, version = answer.pop("control", ""), answer.pop("version", None)
        self.end(self.begin(kind, at, replica, control, version), at + seconds, **answer)

    def write(self, kind: str, at: float, replica: int = 0, *, pending: bool = False, **answer: Any) -> None:
        """A write that is acknowledged unless the answer says otherwise."""
        headers = {"cache-status": PENDING} if pending else {}
        self.tell(kind, at, replica, **{"status": 204, "headers": headers, **answer})

    def upsert(self, at: float, version: int, replica: int = 0, **more: Any) -> None:
        """A write of this version."""
        self.write("upsert", at, replica, **{"version": version, "status": 200, "body": {"upserted": 1}, **more})

    def result(self, version: int | None, *, stale: bool = False) -> dict[str, Any]:
        """The body of a search that finds the version, or nothing."""
        hits = [] if version is None else [{"id": version, "score": version, "payload": {"version": version}}]
        return {"hits": hits, "stale": stale}

    def see(
        self, at: float, version: int | None, cache: str = STORED, replica: int = 0, *, age: int = 0, **more: Any
    ) -> None:
        """A search that shows the version, or no hit."""
        headers = {"cache-status": cache} | ({"age": str(age)} if "hit" in cache else {})
        body = self.result(version, stale=cache == STALE_HIT)
        self.tell("search", at, replica, **{"status": 200, "headers": headers, "body": body, **more})

    def see_batch(
        self, at: float, cache: str, age: int | None, control: str, results: list[Any], *, replica: int
    ) -> None:
        """A batch of searches with these results."""
        headers = {"cache-status": cache} | ({} if age is None else {"age": str(age)})
        self.tell("batch", at, replica, control=control, status=200, headers=headers, body={"results": results})

    def trouble(self, backend: str, begin: float, end: float, *replicas: int) -> None:
        """A fault of a backend, for these replicas or for both."""
        self.history.troubles.append(Trouble("hang", backend, replicas or (0, 1), begin, end))
