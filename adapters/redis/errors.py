"""What the errors of Redis's client mean. They are judged by type; their text can quote a password or an address."""

from __future__ import annotations

from redis import exceptions

from adapters.call import Fault
from domain.errors import Failure

_FAILURES: tuple[tuple[type[Exception], Failure], ...] = (
    (exceptions.AuthenticationError, Failure.UNAUTHORIZED),
    (exceptions.AuthenticationWrongNumberOfArgsError, Failure.UNAUTHORIZED),
    (exceptions.AuthorizationError, Failure.UNAUTHORIZED),
    (exceptions.ExternalAuthProviderError, Failure.UNAUTHORIZED),
    (exceptions.NoPermissionError, Failure.UNAUTHORIZED),
    (exceptions.OutOfMemoryError, Failure.OVERLOADED),
    (exceptions.MaxConnectionsError, Failure.OVERLOADED),
    (exceptions.BusyLoadingError, Failure.UNREADY),
    (exceptions.ReadOnlyError, Failure.UNREADY),
    (exceptions.ClusterDownError, Failure.UNREADY),
    (exceptions.MasterDownError, Failure.UNREADY),
    (exceptions.TryAgainError, Failure.UNREADY),
    (exceptions.SlotNotCoveredError, Failure.UNREADY),
    (exceptions.TimeoutError, Failure.TIMEOUT),
    (TimeoutError, Failure.TIMEOUT),
    (exceptions.InvalidResponse, Failure.GARBAGE),
)

_RESPONSES = (
    ("NOAUTH", Failure.UNAUTHORIZED),
    ("WRONGPASS", Failure.UNAUTHORIZED),
    ("max number of clients", Failure.OVERLOADED),
    ("MISCONF", Failure.UNREADY),
    ("NOREPLICAS", Failure.UNREADY),
    ("BUSY", Failure.UNREADY),
)

_CONNECTIONS = (
    ("max number of clients", Failure.OVERLOADED),
    ("No connection available", Failure.OVERLOADED),
    ("No master", Failure.UNREADY),
    ("connecting to", Failure.REFUSED),
    ("Protocol", Failure.GARBAGE),
)


def classify(error: Exception) -> Fault:
    """What an error of the client means; an unknown one is a fault of the backend."""
    for kind, failure in _FAILURES:
        if isinstance(error, kind):
            return Fault(failure)
    if isinstance(error, exceptions.ConnectionError):
        return Fault(_by_text(error, _CONNECTIONS, Failure.RESET))
    if isinstance(error, exceptions.ResponseError):
        return Fault(_by_text(error, _RESPONSES, Failure.FAULT))
    if isinstance(error, exceptions.RedisError):
        return Fault(Failure.FAULT)
    if isinstance(error, OSError | EOFError | AttributeError) or "closed" in str(error):
        # AttributeError: asyncio on CPython 3.12.1 and 3.13.0, where an idle connection was reset. uvloop
        # raises a RuntimeError there.
        return Fault(Failure.RESET)
    if isinstance(error, TypeError | ValueError | LookupError | RecursionError):
        # What the client's own parser runs into when it reads bytes of a wrong shape.
        return Fault(Failure.GARBAGE)
    return Fault(Failure.FAULT)


def _by_text(error: Exception, signs: tuple[tuple[str, Failure], ...], default: Failure) -> Failure:
    text = str(error)
    return next((failure for sign, failure in signs if sign in text), default)
