"""What was asked and answered, and which faults there were, in the order in which it began."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

READS = frozenset({"search", "batch"})

PENDING = "holdfast; fwd=method; detail=invalidation-pending"


@dataclass(eq=False, slots=True)
class Operation:
    """One request of a client; times in seconds since the run began. `end` is None while it has no answer.

    `kind` is search, batch, upsert, create, delete, purge, live, or outside: a write that goes around
    the replicas. `status` stays None where no answer came:
    `lost` says why, and `gave_up` that the client was to leave early. `seen` marks a write that a search
    showed before it was answered. `lag` is how late the event
    loop of the test was meanwhile.
    """

    number: int
    client: str
    replica: int
    kind: str
    collection: str
    begin: float
    control: str = ""
    version: int | None = None
    gave_up: bool = False
    seen: bool = False
    end: float | None = None
    status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    lost: str | None = None
    lag: float = 0.0

    @property
    def done(self) -> bool:
        """Whether it is a write that was acknowledged."""
        return self.status in {200, 201, 204}

    @property
    def sure(self) -> bool:
        """Whether it is a write that is certainly done, and was outdating what is remembered when it was answered."""
        return self.done or (self.status == 503 and self.seen)

    @property
    def ended(self) -> float:
        """When the answer came."""
        assert self.end is not None
        return self.end

    @property
    def pending(self) -> bool:
        """Whether it was acknowledged before the cache could be told."""
        return self.headers.get("cache-status") == PENDING


@dataclass(eq=False, slots=True)
class Trouble:
    """A fault of a backend (`store` or `cache`) as these replicas meet it."""

    what: str
    backend: str
    replicas: tuple[int, ...]
    begin: float
    end: float | None = None


class History:
    """All operations and faults of a run."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []
        self.troubles: list[Trouble] = []

    def troubled(self, backend: str, replica: int, since: float, until: float) -> bool:
        """Whether the replica had trouble with the backend at any time between the two."""
        return any(
            trouble.backend == backend
            and replica in trouble.replicas
            and trouble.begin <= until
            and (trouble.end is None or trouble.end >= since)
            for trouble in self.troubles
        )

    def dump(self, file: Path) -> None:
        """Write everything to the file, one JSON object a line, in the order of the beginnings."""
        records = [("fault", asdict(one), one.begin) for one in self.troubles]
        records += [("operation", asdict(one), one.begin) for one in self.operations]
        records.sort(key=lambda record: record[2])
        file.write_text("".join(json.dumps({"record": kind, **record}) + "\n" for kind, record, _ in records))

    def around(self, operation: Operation, seconds: float = 2.0, most: int = 60) -> str:
        """What went on about the operation: faults, and what was asked of its collection, a line each."""
        since, until = operation.begin - seconds, operation.ended
        faults = [one for one in self.troubles if one.begin <= until and (one.end is None or one.end >= since)]
        near = [one for one in self.operations if one.collection == operation.collection]
        near = [one for one in near if one.begin <= until and (one.end is None or one.end >= since)]
        # Of the searches the last alone: it is the writes that tell what should have been seen.
        writes = [one for one in near if one.kind not in READS]
        lines = [
            f"  {one.begin:8.3f} fault {one.backend} {one.what} of {one.replicas} until {one.end}" for one in faults
        ]
        shown = sorted({*writes, *near[-most:]}, key=lambda one: one.begin)
        return "\n".join(lines + [show(one) for one in shown[-2 * most :]])


def show(operation: Operation) -> str:
    """The operation in a line."""
    what = {"version": operation.version, "control": operation.control or None, "lost": operation.lost}
    more = " ".join(f"{name}={value}" for name, value in what.items() if value is not None)
    end = "unanswered" if operation.end is None else f"{operation.end:8.3f}"
    cache = {name: operation.headers[name] for name in ("cache-status", "age") if name in operation.headers}
    where = f"{operation.client} at {operation.replica}: {operation.kind} {operation.collection}"
    return (
        f"  {operation.begin:8.3f} to {end} {where} {more} -> {operation.status} {cache} {json.dumps(operation.body)}"
    )
