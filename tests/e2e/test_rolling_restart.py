"""Two replicas behind a balancer are restarted in turn, and no client notices."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.e2e.load import load, prepare
from tests.e2e.service import PATIENCE, service, start_again, started
from tests.servers.balancer import balance
from tests.servers.process import ChildProcess
from tests.servers.qdrant_rest import qdrant_rest_process
from tests.servers.redis import RedisServer

pytestmark = [pytest.mark.alone, pytest.mark.redis]

DRAIN_SECONDS = 0.4
"""Several rounds of the balancer's questions."""


@pytest.fixture
def replicas(tmp_path: Path) -> Iterator[dict[int, ChildProcess]]:
    """Two replicas on one store and one Redis, by their ports."""
    store_url, store = qdrant_rest_process(directory=tmp_path)
    with store, RedisServer() as redis:
        settings = {"QDRANT__URL": store_url, "REDIS__URL": redis.url, "REDIS__TIMEOUT": 0.5}
        (one_url, one), (other_url, other) = (service(**settings, HTTP__DRAIN_SECONDS=DRAIN_SECONDS) for _ in range(2))
        with started(one, other):
            yield {urlsplit(one_url).port or 0: one, urlsplit(other_url).port or 0: other}


async def test_a_rolling_restart_fails_no_request(replicas: dict[int, ChildProcess]) -> None:
    """Each replica is ended by SIGTERM and started again, twice, under load: every request is answered with a 200."""
    async with balance(list(replicas)) as (balancer, address), asyncio.timeout(4 * PATIENCE):
        await balancer.until_ready(*replicas)
        await prepare(address)
        # Some ask again at once, nearly; some leave their connections idle in between.
        async with load(address, clients=6, pause=lambda client: 0.01 * 2**client) as tally:
            for port, replica in [*replicas.items()] * 2:
                before = sum(tally.statuses.values())
                assert await asyncio.to_thread(replica.stop, 30) == -signal.SIGTERM
                await asyncio.to_thread(start_again, replica)
                await balancer.until_ready(port)
                assert sum(tally.statuses.values()) > before
    tally.assert_none_failed()
    # Whoever was on a replica that ended came back on another connection.
    assert tally.connections > 6
    assert not any('requests_cut_off":1' in replica.output() for replica in replicas.values())
