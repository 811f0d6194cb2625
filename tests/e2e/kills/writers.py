"""Those who write while processes are killed, and look at what they wrote."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable

from tests.e2e.kills.ledger import Change, Ledger, State, deleted, merged, upserted
from tests.e2e.kills.world import BRIEF, SIZES, UNANSWERED, World

REFUSED = {UNANSWERED, 503, 504}
"""How a request that was not acknowledged may be answered."""

PAUSE = 0.02


def vector(size: int, point_id: int, version: int) -> list[int]:
    """The vector of a version of a point."""
    return [version, point_id, 1] + [0] * (size - 3)


class Writer:
    """Writes points of its own until it is stopped; `most` of them, in batches of up to `batch`."""

    def __init__(self, world: World, seed: str, collection: str, first: int, most: int, batch: int) -> None:
        self.ledger = Ledger()
        self.stopped = asyncio.Event()
        self.collection = collection
        self._world, self._batch = world, batch
        self._ids = range(first, first + most)
        self._chance = random.Random(f"{seed} {collection} {first}")  # noqa: S311
        self._version = 0

    async def run(self) -> None:
        """Write, read and rest, as chance has it."""
        acts = (
            self._upsert,
            self._upsert,
            self._upsert,
            self._upsert,
            self._merge,
            self._delete,
            self.read,
            self._rest,
        )
        while not self.stopped.is_set():
            await self._chance.choice(acts)(self._some())
            await asyncio.sleep(PAUSE)

    async def fill(self) -> None:
        """Write all points once."""
        for part in _parts(list(self._ids), self._batch):
            await self._upsert(part)

    async def read(self, ids: Iterable[int]) -> None:
        """See whether points are as they may be."""
        for part in _parts(list(ids), 100):
            status, answer = await self._world.ask(
                "POST", f"/{self.collection}/points/retrieve", {"ids": part, "with_vectors": True}
            )
            if status != 200:
                self._refused("read", status, answer)
                continue
            found = {one["id"]: self._state(one) for one in answer["points"]}
            self._world.problems += [f"{self.collection}: {told}" for told in self.ledger.read(part, found)]

    def _some(self) -> list[int]:
        """A run of points, of a length that varies."""
        start = self._chance.choice(self._ids)
        return list(self._ids[start - self._ids.start :][: self._chance.randint(1, self._batch)])

    async def _upsert(self, ids: list[int]) -> None:
        self._version += 1
        size, version = SIZES[self.collection], self._version
        points = [{"id": one, "vector": vector(size, one, version), "payload": {"version": version}} for one in ids]
        await self._write("PUT", "points", {"points": points}, ids, upserted(version))

    async def _merge(self, ids: list[int]) -> None:
        self._version += 1
        if there := self.ledger.there(ids):
            body = {"payload": {"merged": self._version}, "ids": there}
            await self._write("PATCH", "points", body, there, merged(self._version))

    async def _delete(self, ids: list[int]) -> None:
        self._version += 1
        await self._write("POST", "points/delete", {"ids": ids[:5]}, ids[:5], deleted)

    async def _rest(self, _: list[int]) -> None:
        """Let the collection be quiet, so that its graph is built; or make an index, so that it is built again."""
        if self._chance.random() < 0.5:
            await asyncio.sleep(1.5)
            return
        field = f"field_{self._chance.randrange(1_000)}"
        status, answer = await self._world.ask("PUT", f"/{self.collection}/indexes/{field}", {"type": "integer"})
        if status not in (200, 202):
            self._refused("index", status, answer)

    async def _write(self, method: str, path: str, body: object, ids: list[int], change: Change) -> None:
        status, answer = await self._world.ask(method, f"/{self.collection}/{path}", body)
        told = f"{method} {path} version {self._version}, answered {status}"
        self._world.note(f"{self.collection} {told}, {len(ids)} points from {ids[0]}")
        self.ledger.wrote(ids, change, told, done=status in (200, 204))
        if status not in (200, 204):
            self._refused(told, status, answer)

    def _refused(self, told: str, status: int, answer: object) -> None:
        if status not in REFUSED:
            self._world.problems.append(f"{self.collection}: {told}: answered {status} {answer}")

    def _state(self, one: dict[str, object]) -> State:
        components, point_id, payload = one["vector"], one["id"], one["payload"]
        assert isinstance(components, list)
        assert isinstance(point_id, int)
        assert isinstance(payload, dict)
        version = int(components[0])
        right = components == vector(SIZES[self.collection], point_id, version)
        return (version if right else -1), tuple(sorted(payload.items()))


class Maker:
    """Makes and deletes a collection, with a point and an index in it, until it is stopped.

    `may` holds the numbers of points that the collection may have, and None where it may not be there.
    """

    def __init__(self, world: World, seed: str) -> None:
        self.stopped = asyncio.Event()
        self.may: set[int | None] = {None}
        self._world = world
        self._chance = random.Random(f"{seed} maker")  # noqa: S311

    async def run(self) -> None:
        """Make, fill and delete, as chance has it, and look each time."""
        while not self.stopped.is_set():
            act = self._chance.choice(("make", "fill", "delete"))
            if act == "make":
                made = {"vector": {"size": SIZES[BRIEF], "distance": "dot"}, "indexes": {"a": "integer"}}
                await self._do("PUT", "", made, {points or 0 for points in self.may})
            elif act == "fill":
                points = [{"id": 1, "vector": vector(SIZES[BRIEF], 1, 1), "payload": {"a": 1}}]
                await self._do(
                    "PUT", "/points", {"points": points}, {None if points is None else 1 for points in self.may}
                )
            else:
                await self._do("DELETE", "", None, {None})
            await self.look()
            await asyncio.sleep(5 * PAUSE)

    async def look(self) -> None:
        """See whether the collection is as it may be."""
        status, answer = await self._world.ask("GET", f"/{BRIEF}")
        if status in REFUSED:
            return
        found = answer["points"] if status == 200 else None
        if status not in (200, 404) or found not in self.may:
            self._world.problems.append(f"{BRIEF}: {status} {answer}, and may have {self.may} points")
        self.may = {found}

    async def _do(self, method: str, path: str, body: object, after: set[int | None]) -> None:
        status, _ = await self._world.ask(method, f"/{BRIEF}{path}", body)
        self._world.note(f"{BRIEF} {method} {path}, answered {status}")
        if status in REFUSED:
            self.may |= after
        elif status in (200, 201, 204):
            self.may = after
        elif status != 404 or None not in self.may:
            self._world.problems.append(f"{BRIEF}: {method} {path}: answered {status}, and may have {self.may} points")


def _parts(ids: list[int], size: int) -> list[list[int]]:
    return [ids[start : start + size] for start in range(0, len(ids), size)]
