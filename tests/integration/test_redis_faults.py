"""Whatever a Redis server does, the one error of the domain leaves the cache, in time, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import trustme
from pydantic import SecretStr
from redis._parsers import _AsyncRESP3Parser

from adapters.backends import RedisSettings
from domain.errors import BackendUnavailable, Failure
from domain.ports import Cache
from tests.integration.operations import CACHE_CALLS, SECRET, error_of
from tests.integration.redis_caches import open_cache
from tests.servers.faults import REDIS_FAULTS, TLS_FAULTS
from tests.servers.tcp import Address

FAILURES = {
    "refuse": Failure.REFUSED,
    "blackhole": Failure.TIMEOUT,
    "hang": Failure.TIMEOUT,
    "reset_on_accept": Failure.RESET,
    "reset_after_request": Failure.RESET,
    "close_on_accept": Failure.RESET,
    "early_close": Failure.RESET,
    "garbage": Failure.GARBAGE,
    "hang_late": Failure.TIMEOUT,
    "reset_late": Failure.RESET,
    "close_late": Failure.RESET,
    "garbage_late": Failure.GARBAGE,
    "truncated_bulk": Failure.RESET,
    "truncated_array": Failure.RESET,
    "stalled_bulk": Failure.TIMEOUT,
    "huge_bulk": Failure.TIMEOUT,
    "huge_array": Failure.GARBAGE,
    "slow_drip": Failure.TIMEOUT,
    "slow_drip_line": Failure.TIMEOUT,
    "slow_drip_handshake": Failure.TIMEOUT,
    "http": Failure.GARBAGE,
    "turned_away": Failure.OVERLOADED,
    "error_loading": Failure.UNREADY,
    "error_oom": Failure.OVERLOADED,
    "error_readonly": Failure.UNREADY,
    "error_misconf": Failure.UNREADY,
    "error_noauth": Failure.UNAUTHORIZED,
    "error_wrongpass": Failure.UNAUTHORIZED,
    "error_noperm": Failure.UNAUTHORIZED,
    "error_busy": Failure.UNREADY,
    "error_clusterdown": Failure.UNREADY,
    "error_masterdown": Failure.UNREADY,
    "error_noreplicas": Failure.UNREADY,
    "error_tryagain": Failure.UNREADY,
    "error_moved": Failure.FAULT,
    "error_ask": Failure.FAULT,
    "error_crossslot": Failure.FAULT,
    "error_wrongtype": Failure.FAULT,
    "error_execabort": Failure.FAULT,
    "error_noscript": Failure.FAULT,
    "error_unblocked": Failure.FAULT,
    "error_unknown_command": Failure.FAULT,
    "error_protected": Failure.FAULT,
    "error_internal": Failure.FAULT,
    "error_max_clients": Failure.OVERLOADED,
}
"""What a fault means; an error in the handshake means what it means later, and a wrong reply is garbage."""

PURE_PYTHON = {"huge_array": Failure.TIMEOUT, "reply_null": Failure.TIMEOUT, "handshake_reply_null": Failure.TIMEOUT}
"""Where the parser in Python waits for what the one in C refuses at once."""

ANSWERS = {
    (reply, call) for reply in ("reply_integer", "reply_status") for call in ("remember", "invalidate", "forget")
}
"""Replies that these commands may have."""

LIMITS: dict[str, Any] = {"timeout": 0.25, "connect_timeout": 0.25}
AMPLE: dict[str, Any] = {"timeout": 20.0, "connect_timeout": 20.0}


def failure_of(name: str) -> Failure:
    """What a fault means."""
    return FAILURES.get(name.removeprefix("handshake_"), Failure.GARBAGE)


async def log_in(connection: Any) -> None:
    """Greet the server without asking it anything, so that the fault meets the commands."""
    await connection.on_connect()
    connection.run_id = "0" * 40


async def check_all(cache: Cache, operations: Iterable[str], failure: Failure, address: Address) -> None:
    """These operations fail so, all at once."""
    async with asyncio.TaskGroup() as group:
        for operation in operations:
            group.create_task(check(cache, operation, failure, address))


async def check(cache: Cache, operation: str, failure: Failure, address: Address) -> None:
    """The operation fails so."""
    within = 0.5 if failure is Failure.TIMEOUT else 20.0
    error = await error_of(CACHE_CALLS[operation](cache), within=within, address=address)
    assert isinstance(error, BackendUnavailable)
    assert (error.operation, error.failure, error.retry_after) == (operation, failure, None)


def settings_at(address: Address, failure: Failure, scheme: str = "redis", **options: Any) -> RedisSettings:
    """Short limits for a server that is silent, ample ones for one that says something, on a machine of any load."""
    url = SecretStr(f"{scheme}://:{SECRET}@{address.host}:{address.port}/0")
    return RedisSettings(url=url, **(LIMITS if failure is Failure.TIMEOUT else AMPLE), **options)


@pytest.mark.parametrize("name", REDIS_FAULTS)
async def test_fault_in_the_greeting(name: str) -> None:
    """A fault that shows while a connection is being made gives the same error in every operation, in time."""
    failure = failure_of(name)
    async with REDIS_FAULTS[name]() as address, open_cache(settings_at(address, failure)) as cache:
        await check_all(cache, CACHE_CALLS, failure, address)


@pytest.mark.parametrize("name", [name for name in REDIS_FAULTS if not name.startswith("handshake_")])
async def test_fault_in_a_command(name: str) -> None:
    """A fault that shows in the first command gives the same error in every operation, in time."""
    failure = failure_of(name)
    operations = [operation for operation in CACHE_CALLS if (name, operation) not in ANSWERS]
    settings: dict[str, Any] = {"redis_connect_func": log_in}
    async with REDIS_FAULTS[name]() as address, open_cache(settings_at(address, failure), **settings) as cache:
        await check_all(cache, operations, failure, address)


@pytest.mark.parametrize("name", REDIS_FAULTS)
async def test_fault_with_the_parser_in_python(name: str) -> None:
    """Without hiredis the errors are the same."""
    failure = PURE_PYTHON.get(name) or failure_of(name)
    settings: dict[str, Any] = {"parser_class": _AsyncRESP3Parser}
    async with REDIS_FAULTS[name]() as address, open_cache(settings_at(address, failure), **settings) as cache:
        await check(cache, "recall", failure, address)


@pytest.mark.parametrize("name", TLS_FAULTS)
async def test_tls_fault(name: str, tmp_path: Path) -> None:
    """A server whose TLS is wrong gets nothing, and the caller is told that there was no connection."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    failure = Failure.TIMEOUT if name.startswith("hang") else Failure.REFUSED
    async with TLS_FAULTS[name](authority) as address:
        settings = settings_at(address, failure, "rediss", ca_file=tmp_path / "ca.pem")
        async with open_cache(settings) as cache:
            await check_all(cache, CACHE_CALLS, failure, address)


def test_tables_are_whole() -> None:
    """Every method of the port is tried, and every fault that is no wrong reply is expected to mean something."""
    assert CACHE_CALLS.keys() | {"aclose"} == Cache.__abstractmethods__
    replies = {name for name in REDIS_FAULTS if "reply_" in name}
    assert {name.removeprefix("handshake_") for name in REDIS_FAULTS.keys() - replies} == FAILURES.keys()
