"""Whatever a Qdrant server does, the errors of the domain leave the adapter, in time, and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable
from typing import Any

import pytest
import trustme
from pydantic import SecretStr

from adapters.backends import QdrantSettings
from adapters.qdrant import QdrantVectorStore
from domain.errors import (
    BackendUnavailable,
    CollectionConflict,
    CollectionNotFound,
    Failure,
    HoldfastError,
    InvalidInput,
)
from domain.ports import VectorStore
from tests.integration.operations import SECRET, STORE_CALLS, STORE_READS, STORE_WRITES, error_of
from tests.integration.qdrant_stores import open_store
from tests.servers.faults import GRPC_FAULTS, HTTP_FAULTS, TLS_FAULTS, Address
from tests.servers.tcp import TCP_FAULTS

Expected = Failure | type[HoldfastError]

TCP: dict[str, Expected] = {
    "refuse": Failure.REFUSED,
    "blackhole": Failure.TIMEOUT,
    "hang": Failure.TIMEOUT,
    "reset_on_accept": Failure.RESET,
    "reset_after_request": Failure.RESET,
    "close_on_accept": Failure.RESET,
    "early_close": Failure.RESET,
    "garbage": Failure.GARBAGE,
}

REST: dict[str, Expected] = TCP | {
    "reset_in_body": Failure.RESET,
    "hang_in_body": Failure.TIMEOUT,
    "truncated_body": Failure.RESET,
    "truncated_headers": Failure.RESET,
    "bad_chunk": Failure.GARBAGE,
    "endless_headers": Failure.GARBAGE,
    "slow_drip": Failure.TIMEOUT,
    "slow_drip_headers": Failure.TIMEOUT,
    "status_204": Failure.FAULT,
    "status_301": Failure.FAULT,
    "status_400": InvalidInput,
    "status_401": Failure.UNAUTHORIZED,
    "status_403": Failure.UNAUTHORIZED,
    "status_404": Failure.FAULT,  # Not in Qdrant's words: from a proxy that does not know the way.
    "status_404_collection": CollectionNotFound,
    "status_408": Failure.TIMEOUT,
    "status_409": CollectionConflict,
    "status_413": InvalidInput,
    "status_422": InvalidInput,
    "status_429": Failure.OVERLOADED,
    "status_500": Failure.FAULT,
    "status_501": Failure.FAULT,
    "status_502": Failure.UNREADY,
    "status_503": Failure.UNREADY,
    "status_504": Failure.UNREADY,
    "status_507": Failure.FAULT,
    "status_599": Failure.FAULT,
    "retry_after_503": Failure.UNREADY,
    "bad_gzip": Failure.GARBAGE,
    "unknown_encoding": Failure.GARBAGE,
}

GRPC: dict[str, Expected] = {
    # Until a server has begun to speak HTTP/2 there is no connection to gRPC, and nothing was sent.
    **dict.fromkeys(TCP, Failure.REFUSED),
    "blackhole": Failure.TIMEOUT,
    "hang": Failure.TIMEOUT,
    "http1_only": Failure.REFUSED,
    "settings_then_close": Failure.RESET,
    "slow_drip": Failure.TIMEOUT,
    "silent": Failure.TIMEOUT,
    "code_cancelled": Failure.FAULT,
    "code_unknown": Failure.FAULT,
    "code_invalid_argument": InvalidInput,
    "code_deadline_exceeded": Failure.TIMEOUT,
    "code_not_found": CollectionNotFound,
    "code_already_exists": CollectionConflict,
    "code_permission_denied": Failure.UNAUTHORIZED,
    "code_resource_exhausted": Failure.OVERLOADED,
    "code_failed_precondition": Failure.FAULT,
    "code_aborted": Failure.FAULT,
    "code_out_of_range": InvalidInput,
    "code_unimplemented": Failure.FAULT,
    "code_internal": Failure.FAULT,
    "code_unavailable": Failure.UNREADY,
    "code_data_loss": Failure.FAULT,
    "code_unauthenticated": Failure.UNAUTHORIZED,
}

FAMILIES = {"retry_after_": Failure.OVERLOADED, "body_": Failure.GARBAGE, "message_": Failure.GARBAGE}
"""Faults that mean the same all, by the beginning of their names."""

RETRY_AFTER = {"retry_after_integer": 7.0, "retry_after_huge": 3600.0, "retry_after_503": 3.0}
"""Seconds, where the server gives whole ones. gRPC's zero is none to the client."""

ANSWERS = {("body_nan", "scroll"), ("body_huge_number", "scroll"), ("unknown_encoding", "list_collections")}
"""Where the fault lies in what this operation does not read."""

TELLING = {"describe_collection", "search", "search_batch", "upsert", "create_collection", "create_index"}
"""Operations that can tell a wrong message of gRPC; to others missing fields are zero, false and empty."""

LIMITS = {"read_timeout": 0.4, "write_timeout": 0.5}
AMPLE = {"read_timeout": 20.0, "write_timeout": 20.0}


def expected_of(table: dict[str, Expected], name: str) -> Expected:
    """What a fault means."""
    return table[name] if name in table else next(FAMILIES[start] for start in FAMILIES if name.startswith(start))


def limits_of(table: dict[str, Expected], name: str) -> dict[str, float]:
    """Short limits for a server that is silent, ample ones for one that says something, on a machine of any load."""
    silent = expected_of(table, name) is Failure.TIMEOUT and not name.startswith(("status_", "code_"))
    return LIMITS if silent else AMPLE


def settings_at(address: Address, limits: dict[str, Any], *, grpc: bool = False) -> QdrantSettings:
    key = SecretStr(SECRET)
    return QdrantSettings(url=address.url, prefer_grpc=grpc, grpc_port=address.port, api_key=key, **limits)


async def check(store: VectorStore, operation: str, name: str, expected: Expected, address: Address) -> None:
    """The operation raises what is expected."""
    within = 0.5 if expected is Failure.TIMEOUT else 20.0
    error = await error_of(STORE_CALLS[operation](store), within=within, address=address)
    if isinstance(expected, type) and operation not in ("list_collections", "ping"):
        assert type(error) is expected
        return
    assert isinstance(error, BackendUnavailable)
    # What refuses to list collections says nothing that a caller could mend.
    assert error.failure is (Failure.FAULT if isinstance(expected, type) else expected)
    assert error.operation == operation
    if not name.endswith("zero"):
        assert error.retry_after == RETRY_AFTER.get(name)


async def check_all(store: VectorStore, operations: Iterable[str], *about: Any) -> None:
    """All operations at once raise what is expected."""
    async with asyncio.TaskGroup() as group:
        for operation in operations:
            group.create_task(check(store, operation, *about))


@pytest.mark.parametrize("name", HTTP_FAULTS)
async def test_rest_fault(name: str) -> None:
    """Over REST each fault gives the same error in every operation, in time."""
    expected = expected_of(REST, name)
    operations = [operation for operation in STORE_CALLS if (name, operation) not in ANSWERS]
    async with HTTP_FAULTS[name]() as address, open_store(settings_at(address, limits_of(REST, name))) as store:
        await check_all(store, operations, name, expected, address)


@pytest.mark.parametrize("name", GRPC_FAULTS)
async def test_grpc_fault(name: str) -> None:
    """Over gRPC each fault gives the same error in every operation, in time."""
    expected = expected_of(GRPC, name)
    vague = STORE_CALLS.keys() - TELLING if name.startswith("message_") else set()
    limits = limits_of(GRPC, name)
    async with GRPC_FAULTS[name]() as address, open_store(settings_at(address, limits, grpc=True)) as store:
        await check_all(store, STORE_CALLS.keys() - vague, name, expected, address)
        for operation in vague:
            with contextlib.suppress(HoldfastError):
                await STORE_CALLS[operation](store)


@pytest.mark.parametrize("name", TLS_FAULTS)
@pytest.mark.parametrize("grpc", [False, True], ids=["rest", "grpc"])
async def test_tls_fault(name: str, grpc: bool, tmp_path: Any) -> None:  # noqa: FBT001
    """A server whose TLS is wrong gets nothing, and the caller is told that there was no connection."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    expected = Failure.TIMEOUT if name.startswith("hang") else Failure.REFUSED
    limits = LIMITS if expected is Failure.TIMEOUT else AMPLE
    async with TLS_FAULTS[name](authority) as address:
        url = f"https://{address.host}:{address.port}"
        settings = settings_at(address, limits, grpc=grpc)
        settings = settings.model_copy(update={"url": url, "ca_file": tmp_path / "ca.pem"})
        async with open_store(settings) as store:
            await check_all(store, ("search", "upsert"), name, expected, address)


def test_tables_are_whole() -> None:
    """Every method of the port is tried, and every fault is expected to mean something."""
    assert STORE_CALLS.keys() | {"aclose"} == VectorStore.__abstractmethods__
    assert STORE_READS.keys() & STORE_WRITES.keys() == set()
    assert TCP.keys() == TCP_FAULTS.keys()
    assert REST.keys() <= HTTP_FAULTS.keys()
    assert GRPC.keys() <= GRPC_FAULTS.keys()
    assert QdrantVectorStore.__abstractmethods__ == frozenset()
