"""Every error that Redis's client can raise is given a meaning on purpose."""

from __future__ import annotations

import asyncio

import pytest
import redis.asyncio.cluster
import redis.asyncio.sentinel  # noqa: F401
import redis.exceptions as errors

from adapters.call import Fault
from adapters.redis.errors import classify
from domain.errors import Failure

MEANINGS: dict[type[errors.RedisError], Failure] = {
    errors.RedisError: Failure.FAULT,
    errors.ConnectionError: Failure.RESET,
    errors.AuthenticationError: Failure.UNAUTHORIZED,
    errors.AuthorizationError: Failure.UNAUTHORIZED,
    errors.BusyLoadingError: Failure.UNREADY,
    errors.MaxConnectionsError: Failure.OVERLOADED,
    errors.ExternalAuthProviderError: Failure.UNAUTHORIZED,
    errors.TimeoutError: Failure.TIMEOUT,
    errors.InvalidResponse: Failure.GARBAGE,
    errors.ResponseError: Failure.FAULT,
    errors.OutOfMemoryError: Failure.OVERLOADED,
    errors.ReadOnlyError: Failure.UNREADY,
    errors.NoPermissionError: Failure.UNAUTHORIZED,
    errors.AuthenticationWrongNumberOfArgsError: Failure.UNAUTHORIZED,
    errors.ClusterError: Failure.FAULT,
    errors.ClusterDownError: Failure.UNREADY,
    errors.MasterDownError: Failure.UNREADY,
    errors.TryAgainError: Failure.UNREADY,
    # Of a cluster, where they were not followed.
    errors.AskError: Failure.FAULT,
    errors.MovedError: Failure.FAULT,
    errors.ClusterCrossSlotError: Failure.FAULT,
    # Of commands that the cache does not use.
    errors.NoScriptError: Failure.FAULT,
    errors.ExecAbortError: Failure.FAULT,
    errors.ModuleError: Failure.FAULT,
    errors.NoSuchFieldsetError: Failure.FAULT,
    errors.DataError: Failure.FAULT,
    errors.PubSubError: Failure.FAULT,
    errors.WatchError: Failure.FAULT,
    errors.LockError: Failure.FAULT,
    errors.LockNotOwnedError: Failure.FAULT,
}

RESPONSES = {
    "MISCONF Redis is configured to save RDB snapshots": Failure.UNREADY,
    "NOREPLICAS Not enough good replicas to write.": Failure.UNREADY,
    "BUSY Redis is busy running a script.": Failure.UNREADY,
    "WRONGPASS invalid username-password pair": Failure.UNAUTHORIZED,
    "NOAUTH Authentication required.": Failure.UNAUTHORIZED,
    "WRONGTYPE Operation against a key": Failure.FAULT,
}

CONNECTIONS = {
    "Error 111 connecting to 10.0.0.1:6379. Connection refused.": Failure.REFUSED,
    "Error -2 connecting to redis:6379. Name or service not known.": Failure.REFUSED,
    "max number of clients reached": Failure.OVERLOADED,
    "No connection available.": Failure.OVERLOADED,
    "Connection closed by server.": Failure.RESET,
    "Error while reading from 10.0.0.1:6379 : (104, 'Connection reset by peer')": Failure.RESET,
}


def below(kind: type[errors.RedisError]) -> set[type[errors.RedisError]]:
    """The class and all that derive from it."""
    return {kind}.union(*map(below, kind.__subclasses__()))


def test_knows_the_errors_of_the_client() -> None:
    """The client has no class of errors that the adapter was not written for."""
    found = {kind for kind in below(errors.RedisError) if "sentinel" not in kind.__module__}
    assert found == set(MEANINGS)


@pytest.mark.parametrize(("kind", "failure"), MEANINGS.items())
def test_errors_of_the_client(kind: type[errors.RedisError], failure: Failure) -> None:
    """Each class of the client's errors has its meaning, whatever its text."""
    assert classify(kind("1 10.0.0.1:6379")) == Fault(failure)


@pytest.mark.parametrize(("text", "failure"), RESPONSES.items())
def test_replies_without_a_class(text: str, failure: Failure) -> None:
    """Errors that the client gives no class of their own are told by their code."""
    assert classify(errors.ResponseError(text)) == Fault(failure)


@pytest.mark.parametrize(("text", "failure"), CONNECTIONS.items())
def test_connections_without_a_class(text: str, failure: Failure) -> None:
    """Whether there was a connection at all is told by the text."""
    assert classify(errors.ConnectionError(text)) == Fault(failure)


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (errors.RedisClusterException("Redis Cluster cannot be connected."), Failure.FAULT),
        (errors.SlotNotCoveredError("no master is known"), Failure.UNREADY),
        (TimeoutError(), Failure.TIMEOUT),
        (ConnectionResetError(104, "Connection reset by peer"), Failure.RESET),
        (asyncio.IncompleteReadError(b"", 1), Failure.RESET),
        (AttributeError("'NoneType' object has no attribute 'send'"), Failure.RESET),
        (ValueError("invalid literal for int() with base 10"), Failure.GARBAGE),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"), Failure.GARBAGE),
        (RecursionError("maximum recursion depth exceeded"), Failure.GARBAGE),
        (Exception("unheard of"), Failure.FAULT),
    ],
)
def test_other_errors(error: Exception, failure: Failure) -> None:
    """What the client lets through of the layers below has its meaning too."""
    assert classify(error) == Fault(failure)
