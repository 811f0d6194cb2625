"""`holdfast serve --data PATH`: whatever the path is called, and however it ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.e2e.service import ROOT, holdfast
from tests.servers.process import HOST, free_port, url_answers


def runs(pid: int) -> bool:
    """Whether there is such a process."""
    return Path(f"/proc/{pid}").exists()


async def until_gone(pid: int) -> None:
    """Wait until there is no such process."""
    async with asyncio.timeout(10):
        while runs(pid):  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
async def test_any_path_and_any_end(tmp_path: Path, ending: signal.Signals, workers: str) -> None:
    """A long path of spaces, signs and letters is taken as it is; a signal to the group ends all, in order."""
    data = tmp_path / "a b %41 ü?#" / ("long" * 40)
    port, created = free_port(), {"vector": {"size": 2, "distance": "dot"}}
    command, env = holdfast("serve", "--data", str(data), "--port", str(port), "--workers", workers)
    with subprocess.Popen(command, env=env, cwd=ROOT, start_new_session=True, stdout=subprocess.DEVNULL) as process:  # noqa: S603, ASYNC220
        try:
            url = f"http://{HOST}:{port}"
            async with asyncio.timeout(20), httpx.AsyncClient(base_url=url) as client:
                while not await asyncio.to_thread(url_answers, f"{url}/health/live"):  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
                assert (await client.put("/v1/collections/things", json=created)).status_code == 201
                points = {"points": [{"id": 1, "vector": [1, 2], "payload": {}}]}
                assert (await client.put("/v1/collections/things/points", json=points)).status_code == 200
            told = json.loads((data / "engine.json").read_bytes())
            os.killpg(process.pid, ending)
            # Whoever sent the signal takes none of these for a failure.
            assert await asyncio.to_thread(process.wait, 15) in (0, -ending)
            await until_gone(told["pid"])
            assert not Path(told["socket"]).parent.exists()
        finally:
            process.kill()
