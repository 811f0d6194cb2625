"""A store and a cache that replicas share, and what really happened to them."""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from itertools import count

from adapters.memory import InMemoryVectorStore
from domain.filters import Filter
from domain.models import Collection, Point
from domain.ports import BackendStatus, Cache, Entry, Recollection
from tests.clock import Clock


@dataclass(eq=False)
class Write:
    """A write through a replica. `seq` is its place among all changes of the store, 0 while it changed nothing."""

    replica: int
    seq: int = 0
    finished: float = 0.0


writing: ContextVar[Write] = ContextVar("writing")


@dataclass
class Truth:
    """Every change of the store in order, and which of them the cache was told of since."""

    clock: Clock
    times: list[float] = field(default_factory=lambda: [0.0, 0.0])
    kinds: list[str] = field(default_factory=lambda: ["create", "delete"])
    values: dict[int, int] = field(default_factory=dict)
    told: int = 0
    forgotten: int = 0

    @property
    def last(self) -> int:
        """The change that the store is at."""
        return len(self.times) - 1

    @property
    def missing(self) -> int:
        """The change that deleted the collection, 0 where there is one."""
        return self.last if self.kinds[-1] == "delete" else 0

    def note(self, kind: str, value: int = 0) -> None:
        """The store has changed."""
        self.times.append(self.clock.now)
        self.kinds.append(kind)
        self.values[value] = writing.get().seq = self.last

    def latest(self, kind: str) -> int:
        """The last change of this kind."""
        return max(seq for seq, each in enumerate(self.kinds) if each == kind)

    def before(self, time: float) -> int:
        """What the store was at before this time."""
        return max((seq for seq, at in enumerate(self.times) if at < time), default=0)

    def tell(self, *, forget: bool) -> None:
        """Nothing that the cache holds may be fresh from now on, or be shown at all."""
        self.told = self.last
        self.forgotten = self.last if forget else self.forgotten


class NotedVectorStore(InMemoryVectorStore):
    """Notes each change."""

    def __init__(self, truth: Truth) -> None:
        super().__init__()
        self._truth = truth

    async def create_collection(self, collection: Collection) -> bool:
        made = await super().create_collection(collection)
        if made:
            self._truth.note("create")
        return made

    async def delete_collection(self, name: str) -> None:
        await super().delete_collection(name)
        self._truth.note("delete")

    async def upsert(self, collection: str, points: Sequence[Point], *, only: Filter | None = None) -> None:
        await super().upsert(collection, points, only=only)
        self._truth.note("upsert", int(points[0].vector.to_tuple()[0]))


class ServerCache(Cache):
    """What a cache in a server of its own does, which loses what it holds, or goes back to what it held."""

    def __init__(self, truth: Truth) -> None:
        self._truth = truth
        self._names = map(str, count(1))
        self._run = "run0"
        self._tokens: dict[str, str] = {}
        self._entries: dict[str, tuple[float, Entry]] = {}
        self._saved: tuple[dict[str, str], dict[str, tuple[float, Entry]]] = ({}, {})
        self.remembered: list[tuple[str, Entry, float]] = []

    async def recall(self, collection: str, key: str) -> Recollection:
        epoch, token = (self._tokens.setdefault(each, next(self._names)) for each in ("epoch", "token"))
        present = f"{self._run}.{epoch}.{token}"
        ends, entry = self._entries.get(key, (0.0, None))
        if entry is None or ends <= self._truth.clock.now or _era(entry.generation) != _era(present):
            return Recollection(present, None)
        return Recollection(present, entry)

    async def remember(self, collection: str, key: str, entry: Entry, ttl: float) -> None:
        self.remembered.append((key, entry, ttl))
        self._entries[key] = (self._truth.clock.now + ttl, entry)

    async def invalidate(self, collection: str) -> None:
        self.lose("token")

    async def forget(self, collection: str) -> None:
        self.lose("token", "epoch")

    async def ping(self) -> BackendStatus:
        return BackendStatus("noted")

    async def aclose(self) -> None:
        return None

    def lose(self, *tokens: str) -> None:
        """Let go of tokens of the generation."""
        for each in tokens:
            self._tokens.pop(each, None)
        self._truth.tell(forget="epoch" in tokens)

    def save(self) -> None:
        """Take a snapshot."""
        self._saved = dict(self._tokens), dict(self._entries)

    def restart(self, *, empty: bool) -> None:
        """Begin another run, with what the last snapshot holds, or with nothing."""
        self._run = f"run{next(self._names)}"
        tokens, entries = ({}, {}) if empty else self._saved
        self._tokens, self._entries = dict(tokens), dict(entries)
        self._truth.tell(forget=True)

    def flush(self) -> None:
        """Lose all, in one run."""
        self._tokens, self._entries = {}, {}
        self._truth.tell(forget=True)


def _era(generation: str) -> str:
    return generation.rpartition(".")[0]
