"""What a contestant is: how it takes points and searches. And Holdfast as one."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from benchmarks.client import TIMEOUT, Reply, call
from benchmarks.data import Sample
from benchmarks.engines.filters import INTEGER, KEYWORD, LIMIT, Wanted
from benchmarks.questions import Ask, Encoding, as_base64
from tests.e2e.service import service
from tests.servers.process import ChildProcess

COLLECTION = "packages"
BATCH = 500
SETTLING_SECONDS = 1800.0
CALM = 3.0
"""Seconds for which Holdfast has to say that a collection is ready."""

WITHOUT_GRAPH = 10 * 1024 * 1024
"""Bytes of vectors that the engine leaves without a graph, see docs/embedded.md."""


class Engine(ABC):
    """A service under load. `tunings` are settings to try in this order until the recall is good enough."""

    name = ""
    encodings: Sequence[Encoding] = (Encoding.LIST,)
    headers: Sequence[str] = ()
    tunings: Sequence[Any] = ()

    def __init__(self, url: str, process: ChildProcess) -> None:
        self.url = url
        self.process = process
        self.tuned = "as it comes"

    @abstractmethod
    def create(self, name: str, size: int) -> None:
        """Make an empty collection for vectors of this size under cosine, ready for both filters."""

    @abstractmethod
    def drop(self, name: str) -> None:
        """Take the collection away."""

    @abstractmethod
    def adding(self, name: str) -> tuple[str, str]:
        """Method and path that take a batch."""

    @abstractmethod
    def batch(self, sample: Sample, places: range, encoding: Encoding) -> object:
        """The body that writes these points."""

    @abstractmethod
    def settle(self, name: str) -> float:
        """Wait until all that was written is indexed; when that was, by `time.perf_counter`."""

    @abstractmethod
    def searching(self, name: str) -> str:
        """The path that takes a search."""

    @abstractmethod
    def ask(self, wanted: Wanted) -> Ask:
        """How a search for the ten nearest is asked, with all of their payloads."""

    @abstractmethod
    def ids(self, reply: Reply) -> list[int]:
        """The ids in an answer."""

    def tune(self, name: str, tuning: Any) -> None:
        """Take one of `tunings`."""
        raise NotImplementedError

    def batches(self, sample: Sample, encoding: Encoding) -> Iterator[bytes]:
        """The bodies of all batches."""
        for first in range(0, len(sample.ids), BATCH):
            places = range(first, min(first + BATCH, len(sample.ids)))
            yield msgspec.json.encode(self.batch(sample, places, encoding))

    def expect(self, method: str, path: str, body: object = None, timeout: float = TIMEOUT) -> Reply:
        """The answer to a request that has to succeed."""
        reply = call(self.url, method, path, body, timeout=timeout)
        if reply.status not in {200, 201, 202, 204}:
            raise RuntimeError(f"{self.name}: {method} {path} was answered with {reply.status}: {reply.body[:500]!r}")
        return reply


class Holdfast(Engine):
    """`holdfast serve`, one worker, with its embedded engine. Searches say `no-store`, so none is remembered."""

    name = "Holdfast"
    encodings = (Encoding.LIST, Encoding.BASE64)
    headers: Sequence[str] = ("Cache-Control: no-store",)
    said = "fwd=bypass"
    """What Cache-Status says of each search."""

    @classmethod
    def on(cls, store: str) -> Holdfast:
        """Holdfast with this `SOCIAL_QDRANT__URL`, not started yet."""
        return cls(*service(QDRANT__URL=store))

    def create(self, name: str, size: int, *, indexed: bool = True) -> None:
        wanted: dict[str, Any] = {"vector": {"size": size, "distance": "cosine"}}
        if indexed:
            wanted["indexes"] = {KEYWORD: "keyword", INTEGER: "integer"}
        self.expect("PUT", f"/v1/collections/{name}", wanted)

    def index(self, name: str) -> None:
        """Make the indexes of both filters, of points that are there already."""
        for field, kind in ((KEYWORD, "keyword"), (INTEGER, "integer")):
            self.expect("PUT", f"/v1/collections/{name}/indexes/{field}", {"type": kind})

    def drop(self, name: str) -> None:
        self.expect("DELETE", f"/v1/collections/{name}")

    def adding(self, name: str) -> tuple[str, str]:
        return "PUT", f"/v1/collections/{name}/points"

    def batch(self, sample: Sample, places: range, encoding: Encoding) -> object:
        return {"points": list(points(sample, places, encoding))}

    def settle(self, name: str) -> float:
        """Wait until it is ready and stays so: the engine begins with a graph once nothing was written for a while."""
        deadline, since = time.perf_counter() + SETTLING_SECONDS, None
        while since is None or time.perf_counter() - since < CALM:
            said = self.describe(name)
            waiting = (said["points"] - said.get("indexed_vectors", said["points"])) * said["size"] * 4
            if said["status"] != "ready" or waiting > WITHOUT_GRAPH:
                since = None
            elif since is None:
                since = time.perf_counter()
            if time.perf_counter() > deadline:
                raise RuntimeError(f"{name} is not ready after {SETTLING_SECONDS:.0f} s: {said}")
            time.sleep(0.05)
        return since

    def describe(self, name: str) -> dict[str, Any]:
        """The collection's description."""
        said: dict[str, Any] = msgspec.json.decode(self.expect("GET", f"/v1/collections/{name}").body)
        return said

    def searching(self, name: str) -> str:
        return f"/v1/collections/{name}/search"

    def ask(self, wanted: Wanted) -> Ask:
        more: dict[str, Any] = {"limit": LIMIT}
        if wanted.keyword is not None:
            more["filter"] = {"must": [{"key": KEYWORD, "match": {"value": wanted.keyword}}]}
        if wanted.least is not None:
            more["filter"] = {"must": [{"key": INTEGER, "range": {"gte": wanted.least}}]}
        return lambda vector: {"vector": vector} | more

    def ids(self, reply: Reply) -> list[int]:
        return [hit["id"] for hit in msgspec.json.decode(reply.body)["hits"]]


class Remembering(Holdfast):
    """The same process, asked without `no-store`: each search is new, so it is a miss that is then remembered."""

    name = "Holdfast, misses"
    headers = ()
    said = "fwd=miss"


def points(sample: Sample, places: range, encoding: Encoding) -> Iterator[dict[str, Any]]:
    """Points as Holdfast takes them, and the handler of LanceDB."""
    for place in places:
        vector = sample.vectors[place]
        written = vector.tolist() if encoding is Encoding.LIST else as_base64(vector)
        yield {"id": sample.ids[place], "vector": written, "payload": sample.payloads[place]}
