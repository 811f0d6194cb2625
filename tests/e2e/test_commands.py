"""The commands as users call them."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from pathlib import Path

import httpx
import pytest

from tests.e2e.service import ROOT, holdfast, service
from tests.servers.process import free_port
from tests.servers.qdrant_rest import qdrant_rest_process


def run(*arguments: str, **settings: object) -> subprocess.CompletedProcess[str]:
    """A command that ends by itself."""
    command, env = holdfast(*arguments, **settings)
    return subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)  # noqa: S603


def test_health_asks_the_service() -> None:
    """Exit code 0 while the service answers, 69 when nobody does, by port and by URL."""
    url, process = service()
    port = url.rpartition(":")[2]
    with process:
        alive = run("health", HTTP__PORT=port)
        assert (alive.returncode, alive.stdout) == (0, "alive\n")
        assert run("health", "--url", url).returncode == 0
        os.environ["http_proxy"] = "http://127.0.0.1:9"
        try:
            assert run("health", "--url", url).returncode == 0, "a proxy was asked"
        finally:
            del os.environ["http_proxy"]
    gone = run("health", HTTP__PORT=port)
    assert (gone.returncode, gone.stdout) == (69, "no answer (URLError)\n")


def test_health_knows_a_bad_answer() -> None:
    """Whatever else is at the URL, the answer is one line and 69."""
    for url in ("http://127.0.0.1:abc", "nonsense", "http://[::1"):
        bad = run("health", "--url", url)
        assert (bad.returncode, bad.stderr) == (69, ""), url
        assert bad.stdout.startswith("no answer ("), url


def test_health_asks_the_backends() -> None:
    """Exit code 69 when the vector store is down, without any service."""
    down = run("health", "--infra", QDRANT__URL=f"http://127.0.0.1:{free_port()}")
    assert down.returncode == 69
    assert down.stdout.startswith("vector store: down (refused)\ncache: up, memory, ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("QDRANT__URL", "http://u:secret@host"),
        ("HTTP__PORT", "secret"),
        ("REDIS__URL", "rediss://h?ssl_cert_reqs=secret"),
    ],
)
def test_a_wrong_setting_stops_the_start(name: str, value: str) -> None:
    """One line that names the variable and not its value, and exit code 78."""
    result = run("serve", **{name: value})
    assert (result.returncode, result.stdout) == (78, "")
    assert result.stderr.startswith(f"holdfast: SOCIAL_{name}: ")
    assert result.stderr.count("\n") == 1
    assert "secret" not in result.stderr


async def test_sigterm_lets_requests_in_flight_end(tmp_path: Path) -> None:
    """A search that is in flight at the stop is answered, and the process ends with 0."""
    qdrant_url, qdrant = qdrant_rest_process(directory=tmp_path)
    with qdrant:
        url, process = service(QDRANT__URL=qdrant_url)
        with process:
            async with httpx.AsyncClient(base_url=url, timeout=20) as client:
                await client.put("/v1/collections/a", json={"vector": {"size": 1, "distance": "dot"}})
                qdrant.pause()
                search = asyncio.create_task(client.post("/v1/collections/a/search", json={"vector": [1]}))
                await asyncio.sleep(0.2)
                stopping = asyncio.create_task(asyncio.to_thread(process.stop, 20.0))
                await asyncio.sleep(0.2)
                qdrant.resume()
                assert (await search).status_code == 200
                # The server ends itself by the signal that it was sent, once all is done.
                assert await stopping in (0, -signal.SIGTERM)
            assert '"event":"stopped","requests_cut_off":0' in process.output()


async def test_a_request_that_is_cut_off_at_the_stop_has_an_answer(tmp_path: Path) -> None:
    """A search that does not end in the time to stop gets a 503 of our own, and is counted."""
    qdrant_url, qdrant = qdrant_rest_process(directory=tmp_path)
    with qdrant:
        url, process = service(QDRANT__URL=qdrant_url, QDRANT__READ_TIMEOUT=9, HTTP__SHUTDOWN_TIMEOUT=0.5)
        with process:
            async with httpx.AsyncClient(base_url=url, timeout=20) as client:
                qdrant.pause()
                search = asyncio.create_task(client.get("/v1/collections"))
                await asyncio.sleep(0.3)
                stopping = asyncio.create_task(asyncio.to_thread(process.stop, 20.0))
                answer = await search
                assert (answer.status_code, answer.json()) == (503, {"detail": "The service is stopping."})
                assert answer.headers["X-Request-ID"]
                await stopping
            assert '"event":"stopped","requests_cut_off":1' in process.output()


async def test_several_workers_serve_one_store(tmp_path: Path) -> None:
    """With two workers a point that was written through one is found through the other."""
    qdrant_url, qdrant = qdrant_rest_process(directory=tmp_path)
    with qdrant:
        url, process = service(QDRANT__URL=qdrant_url, HTTP__WORKERS=2)
        with process:
            async with httpx.AsyncClient(base_url=url) as client:
                await client.put("/v1/collections/a", json={"vector": {"size": 1, "distance": "dot"}})
            for index in range(20):
                async with httpx.AsyncClient(base_url=url) as client:
                    body = {"points": [{"id": index, "vector": [1]}]}
                    assert (await client.put("/v1/collections/a/points", json=body)).status_code == 200
                async with httpx.AsyncClient(base_url=url) as client:
                    count = await client.post("/v1/collections/a/count", json={})
                    assert count.json() == {"count": index + 1}
            begun = time.monotonic()
            process.stop(20.0)
            assert time.monotonic() - begun < 15
            assert process.output().count('"event":"started"') == 2
