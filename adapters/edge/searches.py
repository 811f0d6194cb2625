"""Searches that come at the same moment are asked of the engine together, which takes half the time for each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from adapters.edge.flat import to_query
from adapters.edge.payloads import Payloads
from adapters.edge.shard import Shard

MOST = 16
"""How many are asked together: while they are, nothing else has its turn."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The searches of one caller, one or a `batch`: `answer` is told the error, or the hits of each as plain tuples."""

    collection: str
    queries: Sequence[tuple[Any, ...]]
    batch: bool
    answer: Callable[..., None]


class Searches:
    """Those that wait for this turn of the loop to end. `shard` gives the collection of a name, or raises."""

    def __init__(self, shard: Callable[[str], Shard]) -> None:
        self._shard = shard
        self._payloads = Payloads()
        self._waiting: list[Asked] = []

    def put(self, asked: Asked) -> None:
        """Let a batch be asked at the end of this turn, with what else comes until then."""
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._run)
        self._waiting.append(asked)

    def _run(self) -> None:
        waiting, self._waiting = self._waiting, []
        collection, many, size = waiting[0].collection, [waiting[0]], len(waiting[0].queries)
        for asked in waiting[1:]:
            size += len(asked.queries)
            if asked.collection == collection and size <= MOST:
                many.append(asked)
            else:
                self.put(asked)
        if len(many) == 1:
            self._alone(many[0])
        else:
            self._together(collection, many)

    def _together(self, collection: str, many: list[Asked]) -> None:
        try:
            flat = [to_query(query) for asked in many for query in asked.queries]
            found = iter(self._shard(collection).search(flat, self._payloads, batch=True))
            answers = [[next(found) for _ in asked.queries] for asked in many]
        except BaseException:  # noqa: BLE001 - whose fault it is shows when each is asked alone
            for asked in many:
                self._alone(asked)
            return
        for asked, hits in zip(many, answers, strict=True):
            asked.answer(None, hits)

    def _alone(self, asked: Asked) -> None:
        try:
            queries = list(map(to_query, asked.queries))
            hits = self._shard(asked.collection).search(queries, self._payloads, batch=asked.batch)
        except BaseException as error:  # noqa: BLE001 - whatever the engine raises is answered
            asked.answer(error)
        else:
            asked.answer(None, hits)
