"""Those who read and write. What a client asks, and when it gives up, is drawn from the seed and its name alone."""

from __future__ import annotations

import itertools
import random

from tests.e2e.invariants.answers import BATCH
from tests.e2e.invariants.history import Operation
from tests.e2e.invariants.limits import INVALIDATION_TIMEOUT, PATIENCE, REPLICAS, SETTLED, WRITE_DEADLINE
from tests.e2e.invariants.session import Asker, Session

CONTROLS = {
    "": 57,
    "no-cache": 9,
    "no-store": 5,
    "max-age=1": 5,
    "max-stale=6": 5,
    "max-stale": 3,
    "stale-if-error=4": 4,
    "no-cache, stale-if-error=4": 4,
    "only-if-cached": 5,
    "only-if-cached, max-stale=10": 3,
}
"""What searches ask of the cache, and how often of a hundred times."""

STEADY = "steady"
"""The collection that is never deleted."""

OUTSIDE = "outside"
"""The collection that is written to behind the replicas' back."""

WRITTEN = (STEADY, "brief", "fleeting")
"""The collections that are written to through the replicas."""

WRITES = {"upsert": 90, "abandon": 3, "purge": 2, "renew": 5}
"""What writers do, and how often of a hundred times."""

COMMON, RARE = 3, 15
"""How many searches there are that are asked often, and how many now and then; others are asked once."""

MADE = {"vector": {"size": 2, "distance": "dot"}}


def point(version: int) -> dict[str, object]:
    """The point that scores its version."""
    return {"id": version, "vector": [version, 0], "payload": {"version": version}}


class Client(Asker):
    """Acts until the run is stopped."""

    def __init__(self, session: Session, seed: int, name: str) -> None:
        super().__init__(session, name)
        self.chance = random.Random(f"{seed} {name}")  # noqa: S311

    async def run(self) -> None:
        """Act, again and again."""
        async with self:
            while not self.session.stopped.is_set():
                await self.session.sleep(await self.act())

    async def act(self) -> float:
        """Do one thing; the seconds to wait then."""
        raise NotImplementedError

    async def search_batch(self, replica: int, collection: str, seconds: list[float], control: str) -> Operation:
        """Several of those searches in one request."""
        searches = [{"vector": [1, second], "limit": 1} for second in seconds]
        request = ("POST", f"/v1/collections/{collection}/search/batch", {"searches": searches})
        return await self.ask("batch", replica, collection, request, control=control)

    async def search(
        self, replica: int, collection: str, second: float, control: str = "", patience: float = PATIENCE
    ) -> Operation:
        """The best hit. Its score is that of the first component, and `second` makes the search another one."""
        request = ("POST", f"/v1/collections/{collection}/search", {"vector": [1, second], "limit": 1})
        return await self.ask("search", replica, collection, request, control=control, patience=patience)


class Reader(Client):
    """Searches: mostly what others search too, at times several at once, and now and then leaves before the answer."""

    async def act(self) -> float:
        chance = self.chance
        replica, collection = chance.choice(REPLICAS), chance.choice((*WRITTEN, OUTSIDE))
        (control,) = chance.choices(list(CONTROLS), list(CONTROLS.values()))
        (spread,) = chance.choices([COMMON, RARE, None], [65, 22, 13])
        second = chance.random() if spread is None else float(chance.randrange(spread))
        leaves, patience, pause = chance.random() < 0.03, chance.uniform(0.001, 0.2), chance.uniform(0, 0.05)
        if chance.random() < 0.08:
            others = [float(chance.randrange(COMMON)) for _ in range(BATCH - 1)]
            await self.search_batch(replica, collection, [second, *others], control)
        else:
            await self.search(replica, collection, second, control, patience if leaves else PATIENCE)
        return pause


class Prober(Client):
    """Asks one replica's vector database for certain, and the replica whether it lives."""

    def __init__(self, session: Session, seed: int, name: str, replica: int) -> None:
        super().__init__(session, seed, name)
        self._replica = replica

    async def act(self) -> float:
        await self.search(self._replica, STEADY, self.chance.random(), "no-store")
        await self.ask("live", self._replica, "", ("GET", "/health/live", None))
        return 0.1


class Writer(Client):
    """The only writer of a collection, so that the order of its writes is known."""

    def __init__(self, session: Session, seed: int, collection: str) -> None:
        super().__init__(session, seed, f"writer of {collection}")
        self._collection = collection
        self._path = f"/v1/collections/{collection}"
        self._versions = itertools.count(1)
        self._exists = False
        self._unsure_until = 0.0

    async def act(self) -> float:
        chance = self.chance
        (kind,) = chance.choices(list(WRITES), list(WRITES.values()))
        replica, patience, pause = chance.choice(REPLICAS), chance.uniform(0.001, 0.1), chance.uniform(0.02, 0.2)
        if chance.random() < 0.15:
            # What was remembered after the last write has to last for a while, too.
            pause = chance.uniform(0.5, 2.5)
        if not self._exists:
            await self._create(replica)
        elif kind == "purge":
            await self.ask("purge", replica, self._collection, ("DELETE", f"{self._path}/cache", None))
        elif kind == "renew" and self._collection != STEADY:
            await self._renew(replica)
        else:
            await self._upsert(replica, patience if kind == "abandon" else PATIENCE)
        return pause

    async def _upsert(self, replica: int, patience: float) -> None:
        version = next(self._versions)
        request = ("PUT", f"{self._path}/points", {"points": [point(version)]})
        write = await self.ask("upsert", replica, self._collection, request, version=version, patience=patience)
        if not write.done:
            self._unsure_until = max(self._unsure_until, write.begin + WRITE_DEADLINE + INVALIDATION_TIMEOUT)

    async def _renew(self, replica: int) -> None:
        """Delete the collection, and make it anew."""
        if self._unsure_until:
            await self._settle()
        while not self.session.stopped.is_set():
            deleted = await self.ask("delete", replica, self._collection, ("DELETE", self._path, None))
            if deleted.done or deleted.status == 404:
                self._exists = False
                break
            await self._settle()
            replica = 1 - replica
        await self._create(replica)

    async def _create(self, replica: int) -> None:
        while not self._exists and not self.session.stopped.is_set():
            created = await self.ask("create", replica, self._collection, ("PUT", self._path, MADE))
            self._exists = created.done
            if not created.done:
                await self._settle()
                replica = 1 - replica

    async def _settle(self) -> None:
        """Wait until nothing is under way any more whose outcome is unknown."""
        session = self.session
        while not session.stopped.is_set():
            now = session.clock()
            restless = [session.history.troubled("store", replica, now - SETTLED, now) for replica in REPLICAS]
            if now > self._unsure_until and not any(restless):
                self._unsure_until = 0.0
                return
            await session.sleep(0.05)


class OutsideWriter(Writer):
    """Writes straight to the vector database, so that no replica learns of it."""

    def __init__(self, session: Session, seed: int) -> None:
        super().__init__(session, seed, OUTSIDE)

    async def act(self) -> float:
        pause = self.chance.uniform(0.02, 0.4)
        if not self._exists:
            await self._create(0)
        version = next(self._versions)
        request = ("PUT", f"/collections/{OUTSIDE}/points?wait=true", {"points": [point(version)]})
        await self.ask("outside", len(REPLICAS), OUTSIDE, request, version=version, patience=WRITE_DEADLINE)
        return pause
