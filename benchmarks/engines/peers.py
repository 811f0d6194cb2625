"""Chroma's server and LanceDB behind FastAPI, each from an environment of its own, with settings that are fair."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.client import Reply
from benchmarks.data import Sample
from benchmarks.engines.engine import SETTLING_SECONDS, Engine, points
from benchmarks.engines.filters import INTEGER, KEYWORD, LIMIT, Wanted
from benchmarks.questions import Ask, Encoding, as_base64
from tests.e2e.service import ROOT
from tests.servers.process import HOST, ChildProcess, free_port

COLLECTIONS = "/api/v2/tenants/default_tenant/databases/default_database/collections"
CHROMA_PACKAGES = ("chromadb",)
LANCEDB_PACKAGES = ("lancedb", "fastapi", "httptools", "numpy", "orjson", "uvicorn", "uvloop")


class Chroma(Engine):
    """`chroma run`, its server in Rust, asked through its REST API, version 2.

    The graph has Chroma's defaults but for cosine (`max_neighbors` 16, `ef_construction` 100). `ef_search`
    begins with its default of 100, and is raised only where a recall is short. Chroma indexes all metadata
    by itself. Vectors go over as lists, or as base64, which its own client prefers. Its metadata take no
    empty list, so those are left out.
    """

    name = "Chroma"
    encodings = (Encoding.LIST, Encoding.BASE64)
    tunings = (100, 200, 400)

    def __init__(self, url: str, process: ChildProcess) -> None:
        super().__init__(url, process)
        self._ids: dict[str, str] = {}

    @classmethod
    def on(cls, programs: Path, folder: Path) -> Chroma:
        """Chroma that keeps its data in the folder, not started yet."""
        port = free_port()
        command = [str(programs / "chroma"), "run", "--path", str(folder), "--host", HOST, "--port", str(port)]
        url = f"http://{HOST}:{port}"
        env = os.environ | {"ANONYMIZED_TELEMETRY": "False"}
        return cls(url, ChildProcess.on_url(command, f"{url}/api/v2/heartbeat", env=env))

    def create(self, name: str, size: int) -> None:
        wanted = {"name": name, "configuration": {"hnsw": {"space": "cosine"}}}
        self._ids[name] = msgspec.json.decode(self.expect("POST", COLLECTIONS, wanted).body)["id"]

    def drop(self, name: str) -> None:
        self.expect("DELETE", f"{COLLECTIONS}/{name}")

    def adding(self, name: str) -> tuple[str, str]:
        return "POST", f"{COLLECTIONS}/{self._ids[name]}/add"

    def batch(self, sample: Sample, places: range, encoding: Encoding) -> object:
        vectors = [sample.vectors[place] for place in places]
        return {
            "ids": [str(sample.ids[place]) for place in places],
            "embeddings": [each.tolist() if encoding is Encoding.LIST else as_base64(each) for each in vectors],
            "metadatas": [
                {key: value for key, value in sample.payloads[place].items() if value != []} for place in places
            ],
        }

    def settle(self, name: str) -> float:
        """Nothing to wait for: the first search puts into the graph what is not in it yet, and is waited for."""
        return time.perf_counter()

    def tune(self, name: str, tuning: Any) -> None:
        body = {"new_configuration": {"hnsw": {"ef_search": tuning}}}
        self.expect("PUT", f"{COLLECTIONS}/{self._ids[name]}", body)
        self.tuned = f"ef_search {tuning}"

    def searching(self, name: str) -> str:
        return f"{COLLECTIONS}/{self._ids[name]}/query"

    def ask(self, wanted: Wanted) -> Ask:
        more: dict[str, Any] = {"n_results": LIMIT, "include": ["metadatas", "distances"]}
        if wanted.keyword is not None:
            more["where"] = {KEYWORD: wanted.keyword}
        if wanted.least is not None:
            more["where"] = {INTEGER: {"$gte": wanted.least}}
        return lambda vector: {"query_embeddings": [vector]} | more

    def ids(self, reply: Reply) -> list[int]:
        return [int(each) for each in msgspec.json.decode(reply.body)["ids"][0]]


class LanceDB(Engine):
    """`lancedb_app.py` on uvicorn with uvloop and httptools, one worker.

    One graph over all vectors with LanceDB's defaults (`m` 20, `ef_construction` 300), its vectors in 8 bits
    (IVF_HNSW_SQ), a bitmap for the keyword and a B-tree for the integer. `ef` begins with its default of 15,
    and is raised, with more hits ranked anew by their whole vectors, only where a recall is short.
    """

    name = "LanceDB, FastAPI"
    tunings = ((0, 0), (0, 2), (30, 2), (50, 3), (100, 3), (200, 4))

    def __init__(self, url: str, process: ChildProcess) -> None:
        super().__init__(url, process)
        self._ef, self._refine = 0, 0

    @classmethod
    def on(cls, programs: Path, folder: Path) -> LanceDB:
        """LanceDB that keeps its data in the folder, not started yet."""
        port = free_port()
        command = [str(programs / "python"), "-m", "uvicorn", "benchmarks.engines.lancedb_app:app", "--host", HOST]
        command += ["--port", str(port), "--loop", "uvloop", "--http", "httptools", "--no-access-log"]
        url = f"http://{HOST}:{port}"
        env = os.environ | {"BENCH_LANCEDB": str(folder)}
        return cls(url, ChildProcess.on_url(command, url, env=env, cwd=ROOT))

    def create(self, name: str, size: int) -> None:
        self.expect("PUT", f"/tables/{name}", {"size": size})

    def drop(self, name: str) -> None:
        self.expect("DELETE", f"/tables/{name}")

    def adding(self, name: str) -> tuple[str, str]:
        return "POST", f"/tables/{name}/points"

    def batch(self, sample: Sample, places: range, encoding: Encoding) -> object:
        return {"points": list(points(sample, places, encoding))}

    def settle(self, name: str) -> float:
        """Make the indexes: LanceDB makes them of what is there."""
        self.expect("POST", f"/tables/{name}/indexes", {}, timeout=SETTLING_SECONDS)
        return time.perf_counter()

    def tune(self, name: str, tuning: Any) -> None:
        self._ef, self._refine = tuning
        self.tuned = f"ef {self._ef or 15}, refine {self._refine or 'not at all'}"

    def searching(self, name: str) -> str:
        return f"/tables/{name}/search"

    def ask(self, wanted: Wanted) -> Ask:
        more: dict[str, Any] = {"limit": LIMIT, "ef": self._ef, "refine": self._refine}
        if wanted.keyword is not None:
            more["where"] = f"{KEYWORD} = '{wanted.keyword}'"
        if wanted.least is not None:
            more["where"] = f"{INTEGER} >= {wanted.least}"
        return lambda vector: {"vector": vector} | more

    def ids(self, reply: Reply) -> list[int]:
        return [hit["id"] for hit in msgspec.json.decode(reply.body)["hits"]]
