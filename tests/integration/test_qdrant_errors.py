"""Every error that Qdrant's client and its transports can raise is given a meaning on purpose."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import grpc
import httpcore
import httpx
import pytest
import qdrant_client.common
import qdrant_client.http
from grpc.aio import AioRpcError, Metadata
from qdrant_client.common.client_exceptions import QdrantException, ResourceExhaustedResponse
from qdrant_client.http.exceptions import ApiException, ResponseHandlingException, UnexpectedResponse

from adapters.call import Fault
from adapters.qdrant.errors import Refusal, classify
from domain.errors import Failure

CLIENT = {ApiException, ResponseHandlingException, UnexpectedResponse, QdrantException, ResourceExhaustedResponse}
"""What the client raises. `ApiException` is a base that it never raises itself."""

TRANSPORT: dict[type[Exception], Failure] = {
    httpx.ConnectTimeout: Failure.TIMEOUT,
    httpx.ReadTimeout: Failure.TIMEOUT,
    httpx.WriteTimeout: Failure.TIMEOUT,
    httpx.PoolTimeout: Failure.OVERLOADED,
    httpx.ConnectError: Failure.REFUSED,
    httpx.ReadError: Failure.RESET,
    httpx.WriteError: Failure.RESET,
    httpx.CloseError: Failure.RESET,
    httpx.RemoteProtocolError: Failure.GARBAGE,
    httpx.DecodingError: Failure.GARBAGE,
    # Requests that cannot be sent as they are, by our fault or the settings': no failure of the server's kind.
    httpx.LocalProtocolError: Failure.FAULT,
    httpx.UnsupportedProtocol: Failure.FAULT,
    # Not met, since proxies are off and redirects are not followed.
    httpx.ProxyError: Failure.FAULT,
    httpx.TooManyRedirects: Failure.FAULT,
}

CODES: dict[grpc.StatusCode, Failure | int] = {
    grpc.StatusCode.CANCELLED: Failure.FAULT,
    grpc.StatusCode.UNKNOWN: Failure.FAULT,
    grpc.StatusCode.INVALID_ARGUMENT: 400,
    grpc.StatusCode.DEADLINE_EXCEEDED: Failure.TIMEOUT,
    grpc.StatusCode.NOT_FOUND: 404,
    grpc.StatusCode.ALREADY_EXISTS: 409,
    grpc.StatusCode.PERMISSION_DENIED: Failure.UNAUTHORIZED,
    grpc.StatusCode.UNAUTHENTICATED: Failure.UNAUTHORIZED,
    grpc.StatusCode.RESOURCE_EXHAUSTED: Failure.OVERLOADED,
    grpc.StatusCode.FAILED_PRECONDITION: Failure.FAULT,
    grpc.StatusCode.ABORTED: Failure.FAULT,
    grpc.StatusCode.OUT_OF_RANGE: 400,
    grpc.StatusCode.UNIMPLEMENTED: Failure.FAULT,
    grpc.StatusCode.INTERNAL: Failure.FAULT,
    grpc.StatusCode.UNAVAILABLE: Failure.UNREADY,
    grpc.StatusCode.DATA_LOSS: Failure.FAULT,
}

UNAVAILABLE = {
    "failed to connect to all addresses; last error: UNKNOWN: ipv4:10.0.0.1:6334: connection refused": Failure.REFUSED,
    "DNS resolution failed for qdrant:6334: Domain name not found": Failure.REFUSED,
    "Ssl handshake failed: SSL_ERROR_SSL": Failure.REFUSED,
    "Socket closed": Failure.RESET,
    "recvmsg:Connection reset by peer": Failure.RESET,
    "Connection reset": Failure.RESET,
    "Broken pipe": Failure.RESET,
    "GOAWAY received; Error code: 0; Debug Text: max_age": Failure.RESET,
    "Cancelling all calls": Failure.RESET,
    "The shard is not available": Failure.UNREADY,
    "": Failure.UNREADY,
}


def below(kind: type[BaseException]) -> Iterator[type[BaseException]]:
    """The class and all that derive from it."""
    yield kind
    for child in kind.__subclasses__():
        yield from below(child)


def rpc_error(code: grpc.StatusCode, details: str) -> AioRpcError:
    return AioRpcError(code, Metadata(), Metadata(), details)


def test_knows_the_errors_of_the_client() -> None:
    """The client has no class of errors that the adapter was not written for."""
    for package in (qdrant_client, qdrant_client.http, qdrant_client.common):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            if "fastembed" not in module.name and not module.name.endswith(("migrate", "local")):
                importlib.import_module(module.name)
    found = {kind for kind in below(Exception) if kind.__module__.startswith("qdrant_client.")}
    assert found == CLIENT


def test_knows_the_errors_of_http() -> None:
    """Every error that can end a request has its meaning."""
    leaves = {kind for kind in below(httpx.RequestError) if not kind.__subclasses__()}
    assert {kind for kind in leaves if kind.__module__.startswith("httpx")} == set(TRANSPORT)
    assert set(httpx.HTTPError.__subclasses__()) == {httpx.RequestError, httpx.HTTPStatusError}


@pytest.mark.parametrize(("kind", "failure"), TRANSPORT.items())
def test_errors_of_http(kind: type[Exception], failure: Failure) -> None:
    """An error of the transport is what the client wraps it in."""
    assert classify(ResponseHandlingException(kind("some text"))) == Fault(failure)


def test_knows_the_codes_of_grpc() -> None:
    """Every code of gRPC but OK has its meaning, and its other errors are the known ones."""
    assert set(grpc.StatusCode) - {grpc.StatusCode.OK} == set(CODES)
    names = {kind.__name__ for kind in below(grpc.aio.BaseError)}
    servers = {"AbortError", "_ServerStoppedError"}
    assert names - servers == {"BaseError", "ExecuteBatchError", "InternalError", "UsageError"}
    assert set(AioRpcError.__bases__) == {grpc.RpcError}


@pytest.mark.parametrize(("code", "meaning"), CODES.items())
def test_codes_of_grpc(code: grpc.StatusCode, meaning: Failure | int) -> None:
    """A code is a failure of the backend, or a refusal with the status of REST and the server's words."""
    expected = Refusal(meaning, "its words") if isinstance(meaning, int) else Fault(meaning)
    assert classify(rpc_error(code, "its\nwords")) == expected


@pytest.mark.parametrize(("details", "failure"), UNAVAILABLE.items())
def test_unavailable_over_grpc(details: str, failure: Failure) -> None:
    """UNAVAILABLE means that there was no connection, that it ended, or that the server is not ready."""
    assert classify(rpc_error(grpc.StatusCode.UNAVAILABLE, details)) == Fault(failure)


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (ApiException(), Failure.FAULT),
        (QdrantException("Retry-After header value is not a valid integer: soon"), Failure.OVERLOADED),
        (grpc.aio.UsageError("Channel is closed."), Failure.CLOSED),
        (grpc.aio.InternalError("no more"), Failure.FAULT),
        (RuntimeError("Client was closed. Please create a new QdrantClient instance."), Failure.CLOSED),
        (RuntimeError("anything else"), Failure.FAULT),
        (
            ResponseHandlingException(RuntimeError("Cannot send a request, as the client has been closed.")),
            Failure.CLOSED,
        ),
        (ResponseHandlingException(httpx.RemoteProtocolError("Server disconnected without ...")), Failure.RESET),
        (AssertionError("Scroll points returned None result"), Failure.GARBAGE),
        (AttributeError("'NoneType' object has no attribute 'result'"), Failure.GARBAGE),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"), Failure.GARBAGE),
        (RecursionError("maximum recursion depth exceeded"), Failure.GARBAGE),
        (Exception("unheard of"), Failure.FAULT),
    ],
)
def test_other_errors(error: Exception, failure: Failure) -> None:
    """What else the client lets through has its meaning too."""
    assert classify(error) == Fault(failure)


def test_the_errors_of_httpcore_have_their_names_in_httpx() -> None:
    """Of our own pool come httpcore's errors, under the names that the client knows."""
    for kind in (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError):
        for each in {kind, *kind.__subclasses__()}:
            assert issubclass(getattr(httpx, each.__name__), httpx.TransportError)
