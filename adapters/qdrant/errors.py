"""What the errors of Qdrant's client mean.

The client wraps some errors of its transport, lets others through, and puts addresses and keys into
a few: an error is judged by its type and its status, and its text goes nowhere. What the server says
of a request that it refuses is another matter: the caller needs it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import grpc
from grpc.aio import AioRpcError, UsageError
from qdrant_client.common.client_exceptions import QdrantException, ResourceExhaustedResponse
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from adapters.call import Fault
from adapters.http_failures import STATUS_FAILURES, failure_of, one_line, seconds
from domain.errors import Failure


@dataclass(frozen=True, slots=True)
class Refusal:
    """The server understood the request and refuses it: a status of HTTP, and what the server says."""

    status: int
    message: str


_REFUSALS = (400, 404, 409, 413, 422)

_GRPC_REFUSALS = {
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.OUT_OF_RANGE: 400,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.ALREADY_EXISTS: 409,
}

_GRPC_FAILURES = {
    grpc.StatusCode.DEADLINE_EXCEEDED: Failure.TIMEOUT,
    grpc.StatusCode.UNAUTHENTICATED: Failure.UNAUTHORIZED,
    grpc.StatusCode.PERMISSION_DENIED: Failure.UNAUTHORIZED,
    grpc.StatusCode.RESOURCE_EXHAUSTED: Failure.OVERLOADED,
}

_LOST = ("socket closed", "reset", "broken pipe", "goaway", "recvmsg", "connection", "cancelling all calls")
"""What gRPC says of a connection that ended: by the network, or by a server that stops."""

_GARBAGE = (AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What the client runs into when it reads a wrong shape; errors of JSON, Unicode and pydantic are ValueErrors."""


def classify(error: Exception) -> Fault | Refusal:
    """What an error of the client means; an unknown one is a fault of the backend."""
    match error:
        case UnexpectedResponse():
            return _classify_response(error)
        case ResponseHandlingException():
            return Fault(failure_of(error.source))
        case ResourceExhaustedResponse():
            return Fault(Failure.OVERLOADED, seconds(error.retry_after_s))
        case QdrantException():
            # The only one left is a 429 whose Retry-After is no integer.
            return Fault(Failure.OVERLOADED)
        case AioRpcError():
            return _classify_grpc(error)
        case UsageError():
            return Fault(Failure.CLOSED)
        case RuntimeError() if "closed" in str(error):
            return Fault(Failure.CLOSED)
    return Fault(Failure.GARBAGE if isinstance(error, _GARBAGE) else Failure.FAULT)


def _classify_response(error: UnexpectedResponse) -> Fault | Refusal:
    status = error.status_code or 0
    message = _server_message(error.content)
    if status in _REFUSALS and (message is not None or status == 413):
        return Refusal(status, message or "the request is too large")
    failure = STATUS_FAILURES.get(status, Failure.FAULT)
    return Fault(failure, seconds(error.headers.get("retry-after")) if status in (429, 503) else None)


def _server_message(body: bytes) -> str | None:
    """What Qdrant says in its own form of an error; None where another server answered."""
    try:
        message = json.loads(body)["status"]["error"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return one_line(message) if isinstance(message, str) else None


def _classify_grpc(error: AioRpcError) -> Fault | Refusal:
    code, details = error.code(), error.details() or ""
    if code in _GRPC_REFUSALS:
        return Refusal(_GRPC_REFUSALS[code], one_line(details))
    if code is grpc.StatusCode.UNAVAILABLE:
        return Fault(_unavailable(details))
    if code is grpc.StatusCode.INTERNAL and "deserializing" in details:
        return Fault(Failure.GARBAGE)
    return Fault(_GRPC_FAILURES.get(code, Failure.FAULT))


def _unavailable(details: str) -> Failure:
    """Whether gRPC made no connection, lost one, or was told by the server that it cannot serve."""
    text = details.lower()
    if any(sign in text for sign in ("failed to connect", "resolution", "handshake")):
        return Failure.REFUSED
    if any(sign in text for sign in _LOST):
        return Failure.RESET
    return Failure.UNREADY
