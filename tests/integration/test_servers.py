"""The servers of the tests behave as they say: stand-ins like the real thing, faults like faults."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import grpc
import httpx
import pytest
import redis.asyncio
import redis.exceptions
import trustme
from qdrant_client import AsyncQdrantClient, models
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from starlette.requests import Request
from starlette.responses import Response

from tests.servers.certificates import issue_certificates
from tests.servers.faults import GOOD_TLS, GRPC_FAULTS, HTTP_FAULTS, REDIS_FAULTS, TLS_FAULTS, Address, TlsFault
from tests.servers.process import ChildProcess, free_port, port_answers
from tests.servers.qdrant_grpc import QdrantGrpc, serve_qdrant_grpc
from tests.servers.qdrant_rest import QdrantRest, qdrant_rest_process, serve_qdrant_rest
from tests.servers.redis import RedisServer

PARAMS = models.VectorParams(size=4, distance=models.Distance.COSINE, on_disk=True)
UUID = "8c1d6a0e-5b7f-4d0a-9a54-0f6f2f1c7c11"
POINTS = [
    models.PointStruct(id=1, vector=[1.0, 0.0, 0.0, 0.0], payload={"tag": "a", "n": 1, "deep": {"x": [None, 2.5]}}),
    models.PointStruct(id=2**63 + 5, vector=[0.0, 2.0, 0.0, 0.0], payload={"tag": "b"}),
    models.PointStruct(id=UUID, vector=[0.5, 0.5, 0.0, 0.0], payload={}),
]
TAG_B = models.Filter(must=[models.FieldCondition(key="tag", match=models.MatchValue(value="b"))])


@asynccontextmanager
async def rest_client(url: str) -> AsyncIterator[AsyncQdrantClient]:
    """A client of the stand-in over HTTP that keeps its connections."""
    client = AsyncQdrantClient(url=url, check_compatibility=False, timeout=2, limits=httpx.Limits(max_connections=4))
    try:
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def grpc_client(port: int, api_key: str | None = None) -> AsyncIterator[AsyncQdrantClient]:
    """A client of the stand-in over gRPC."""
    client = AsyncQdrantClient(
        host="127.0.0.1",
        grpc_port=port,
        https=False,
        prefer_grpc=True,
        headers={"api-key": api_key} if api_key else None,
        check_compatibility=False,
        timeout=2,
        grpc_options={"grpc.initial_reconnect_backoff_ms": 100, "grpc.max_reconnect_backoff_ms": 100},
    )
    try:
        yield client
    finally:
        await client.close()


@pytest.fixture(params=["rest", "grpc"])
async def client(request: pytest.FixtureRequest) -> AsyncIterator[AsyncQdrantClient]:
    """A client of an empty stand-in, over both protocols."""
    if request.param == "rest":
        async with serve_qdrant_rest() as server, rest_client(server.url) as made:
            yield made
    else:
        async with serve_qdrant_grpc() as peer, grpc_client(peer.port) as made:
            yield made


@pytest.fixture
async def filled(client: AsyncQdrantClient) -> AsyncQdrantClient:
    """The client, with the points in the collection `x`."""
    await client.create_collection("x", PARAMS)
    await client.upsert("x", POINTS)
    return client


def told(error: BaseException) -> tuple[str, str]:
    """The status or code and the message of an error that the stand-in answered with."""
    if isinstance(error, UnexpectedResponse):
        return str(error.status_code), error.structured()["status"]["error"]
    assert isinstance(error, grpc.aio.AioRpcError)
    return error.code().name, error.details() or ""


async def test_collections(client: AsyncQdrantClient) -> None:
    """A collection keeps the options it was made with, and its indexes."""
    assert (await client.info()).title == "qdrant - vector search engine"
    quantization = models.ScalarQuantization(
        scalar=models.ScalarQuantizationConfig(type=models.ScalarType.INT8, quantile=0.5, always_ram=True)
    )
    hnsw = models.HnswConfigDiff(m=32, on_disk=True)
    assert await client.create_collection("x", PARAMS, hnsw_config=hnsw, quantization_config=quantization)
    await client.create_payload_index("x", "tag", models.PayloadSchemaType.KEYWORD)
    await client.upsert("x", POINTS)
    info = await client.get_collection("x")
    assert info.config.params.vectors == PARAMS
    assert (info.config.hnsw_config.m, info.config.hnsw_config.ef_construct) == (32, 100)
    assert info.config.quantization_config == quantization
    assert info.points_count == 3
    assert info.payload_schema == {"tag": models.PayloadIndexInfo(data_type=models.PayloadSchemaType.KEYWORD, points=2)}
    assert [found.name for found in (await client.get_collections()).collections] == ["x"]
    assert await client.collection_exists("x")
    assert await client.delete_collection("x")
    assert not await client.collection_exists("x")
    assert not await client.delete_collection("x")


async def test_points(filled: AsyncQdrantClient) -> None:
    """Points are read, changed, counted and deleted by id and by filter."""
    records = await filled.retrieve("x", [UUID, 1, 1, 77], with_vectors=True)
    assert [record.id for record in records] == [UUID, 1]
    assert records[0].vector == pytest.approx([0.7071068, 0.7071068, 0.0, 0.0])
    assert records[1].payload == POINTS[0].payload
    await filled.set_payload("x", {"n": 2, "tag": None}, [1])
    await filled.set_payload("x", {"n": 3}, TAG_B)
    page, after = await filled.scroll("x", limit=2)
    assert [(record.id, (record.payload or {}).get("n")) for record in page] == [(1, 2), (2**63 + 5, 3)]
    assert after == UUID
    assert (await filled.count("x", TAG_B)).count == 1
    await filled.delete("x", [1, 99])
    await filled.delete("x", TAG_B)
    assert (await filled.scroll("x", offset=1, with_payload=False))[0][0].id == UUID
    assert (await filled.count("x")).count == 1


async def test_queries(filled: AsyncQdrantClient) -> None:
    """Queries take vectors, ids, filters and parameters; a threshold keeps what is strictly better."""
    params = models.SearchParams(hnsw_ef=16, exact=True)
    found = (await filled.query_points("x", [3.0, 0.0, 0.0, 0.0], with_payload=["tag"], search_params=params)).points
    assert [point.id for point in found] == [1, UUID, 2**63 + 5]
    assert found[0].payload == {"tag": "a"}
    assert found[1].score == pytest.approx(0.7071068)
    above = await filled.query_points("x", [1.0, 0.0, 0.0, 0.0], score_threshold=found[1].score)
    assert [point.id for point in above.points] == [1]
    near = await filled.query_points("x", UUID, limit=1, offset=1, with_payload=False)
    assert len(near.points) == 1
    assert near.points[0].payload is None
    requests = [models.QueryRequest(query=1, limit=1), models.QueryRequest(query=[0.0, 1.0, 0.0, 0.0], filter=TAG_B)]
    batch = await filled.query_batch_points("x", requests)
    assert [[point.id for point in response.points] for response in batch] == [[UUID], [2**63 + 5]]


async def test_errors(filled: AsyncQdrantClient) -> None:
    """Errors have the statuses, the codes and the words of the real server."""
    missing = {"404", "NOT_FOUND"}
    calls = [
        (filled.count("y"), missing, "Not found: Collection `y` doesn't exist!"),
        (filled.get_collection("y"), missing, "Not found: Collection `y` doesn't exist!"),
        (filled.create_collection("x", PARAMS), {"409", "ALREADY_EXISTS"}, "already exists!"),
        (filled.query_points("x", 7), missing, "Not found: No point with id 7 found"),
        (filled.query_points("x", str(UUID)[:-1] + "0"), missing, "Not found: No point with id 8c1d6a0e"),
        (filled.set_payload("x", {"n": 1}, [7]), missing, "Not found: No point with id 7 found"),
        (filled.query_points("x", [1.0]), {"400", "INVALID_ARGUMENT"}, "error: expected dim: 4, got 1"),
        (
            filled.upsert("x", [models.PointStruct(id=1, vector=[1.0, 2.0, 3.0])]),
            {"400", "INVALID_ARGUMENT"},
            "Wrong input: Vector dimension error: expected dim: 4, got 3",
        ),
        (filled.query_points("x", 1, limit=0), {"422", "INVALID_ARGUMENT"}, "must be 1 or larger"),
    ]
    for call, codes, words in calls:
        with pytest.raises((UnexpectedResponse, grpc.aio.AioRpcError)) as raised:
            await call
        code, message = told(raised.value)
        assert code in codes
        assert words in message


async def test_rest_keeps_data_over_a_restart_on_its_port() -> None:
    """A stopped stand-in refuses, and one that is started again has its data and its port."""
    async with serve_qdrant_rest() as server, rest_client(server.url) as client:
        await client.create_collection("x", PARAMS)
        assert server.connections == 1
        await server.stop()
        with pytest.raises(ResponseHandlingException):
            await client.get_collections()
        await server.start()
        assert await client.collection_exists("x")
        assert server.count("GET", "/collections/x/exists") == 1


async def test_rest_cuts_calls_in_flight() -> None:
    """A call that is under way when the stand-in stops fails at once."""
    async with serve_qdrant_rest() as server, rest_client(server.url) as client:
        arrived = asyncio.Event()

        async def wait(_request: Request) -> Response | None:
            arrived.set()
            await asyncio.Event().wait()
            return None

        server.intercept = wait
        call = asyncio.create_task(client.get_collections())
        await arrived.wait()
        await server.stop()
        with pytest.raises(ResponseHandlingException):
            await call


async def test_grpc_keeps_data_over_a_restart_on_its_port() -> None:
    """A stopped stand-in is unavailable, and one that is started again has its data and its port."""
    async with serve_qdrant_grpc() as server, grpc_client(server.port) as client:
        await client.create_collection("x", PARAMS)
        await server.stop()
        with pytest.raises(grpc.aio.AioRpcError, match="UNAVAILABLE"):
            await client.get_collections()
        await server.start()
        await asyncio.sleep(0.3)
        assert await client.collection_exists("x")
        assert server.count("Collections/CollectionExists") == 1


async def test_rest_api_key() -> None:
    """A wrong key gives 401 as plain text; the version is told without one."""
    async with serve_qdrant_rest(api_key="right") as server, httpx.AsyncClient(base_url=server.url) as http:
        wrong = await http.get("/collections", headers={"api-key": "wrong"})
        assert (wrong.status_code, wrong.text) == (401, "Invalid API key or JWT")
        assert (await http.get("/collections")).status_code == 401
        assert (await http.get("/collections", headers={"api-key": "right"})).status_code == 200
        assert (await http.get("/")).status_code == 200


async def test_grpc_api_key() -> None:
    """A wrong key gives UNAUTHENTICATED; the version is told without one."""
    async with serve_qdrant_grpc(api_key="right") as server:
        async with grpc_client(server.port, "right") as client:
            assert not (await client.get_collections()).collections
        async with grpc_client(server.port, "wrong") as client:
            await client.info()
            with pytest.raises(grpc.aio.AioRpcError) as raised:
                await client.get_collections()
            assert told(raised.value) == ("UNAUTHENTICATED", "Invalid API key or JWT")


async def test_stand_ins_share_data() -> None:
    """What is written over one protocol is read over the other."""
    rest = QdrantRest()
    peer = QdrantGrpc(data=rest.data)
    await rest.start()
    await peer.start()
    try:
        async with rest_client(rest.url) as writer, grpc_client(peer.port) as reader:
            await writer.create_collection("x", PARAMS)
            assert await reader.collection_exists("x")
    finally:
        await peer.stop()
        await rest.stop()


async def test_stand_ins_speak_tls(tmp_path: Path) -> None:
    """Both stand-ins serve over TLS."""
    certificates = issue_certificates(tmp_path)
    async with (
        serve_qdrant_rest(tls=certificates.server_context()) as server,
        httpx.AsyncClient(verify=certificates.client_context()) as http,
    ):
        assert (await http.get(server.url)).status_code == 200
    async with serve_qdrant_grpc(tls=certificates) as peer:
        credentials = grpc.ssl_channel_credentials(certificates.ca_file.read_bytes())
        async with grpc.aio.secure_channel(f"127.0.0.1:{peer.port}", credentials) as channel:
            await asyncio.wait_for(channel.channel_ready(), 5)


async def test_rest_process_keeps_data_over_a_kill(tmp_path: Path) -> None:
    """A stand-in in a process of its own, with a directory, has its data after SIGKILL."""
    url, process = qdrant_rest_process(directory=tmp_path)
    with process:
        async with rest_client(url) as client:
            await client.create_collection("x", PARAMS, hnsw_config=models.HnswConfigDiff(m=32))
            await client.upsert("x", POINTS)
            process.kill()
            assert not port_answers(int(url.rpartition(":")[2]))
            process.start()
            info = await client.get_collection("x")
            assert (info.points_count, info.config.hnsw_config.m) == (3, 32)
        assert f"serving on {url}" in process.output()


@pytest.mark.parametrize("name", HTTP_FAULTS)
async def test_http_fault(name: str) -> None:
    """No fault gives a client what it asked for."""
    async with HTTP_FAULTS[name]() as address, httpx.AsyncClient() as http:
        try:
            async with asyncio.timeout(0.25):
                response = await http.post(f"{address.url}/x", content=b"{}")
        except (httpx.TransportError, httpx.DecodingError, TimeoutError):
            return
    odd_body = name.startswith("body_") or name == "unknown_encoding"
    assert response.status_code != 200 or odd_body


async def test_http_faults_have_their_statuses() -> None:
    """A fault that is named after a status has it, on a connection that is kept."""
    async with HTTP_FAULTS["status_503"]() as address, httpx.AsyncClient() as http:
        assert [(await http.get(address.url)).status_code for _ in range(3)] == [503, 503, 503]


GRPC_SILENT = {"blackhole", "hang", "silent", "slow_drip"}


@pytest.mark.parametrize("name", GRPC_FAULTS)
async def test_grpc_fault(name: str) -> None:
    """No fault gives a client what it asked for."""
    async with GRPC_FAULTS[name]() as address, grpc.aio.insecure_channel(f"{address.host}:{address.port}") as channel:
        call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary("/qdrant.Points/Query")
        try:
            async with asyncio.timeout(0.25 if name in GRPC_SILENT else 10):
                answer = await call(b"")
            outcome = f"message_ of {len(answer)} bytes"
        except grpc.aio.AioRpcError as error:
            outcome = f"code_{error.code().name.lower()}"
        except TimeoutError:
            outcome = "timeout"
    if name.startswith("code_"):
        assert outcome == name
    elif name in GRPC_SILENT:
        assert outcome == "timeout"
    else:
        assert outcome.startswith("message_") == name.startswith("message_")


def fault_client(address: Address) -> redis.asyncio.Redis:
    """A client without retries."""
    return redis.asyncio.Redis(
        host=address.host, port=address.port, protocol=3, retry=Retry(NoBackoff(), 0), socket_timeout=0.2
    )


@pytest.mark.parametrize("name", REDIS_FAULTS)
async def test_redis_fault(name: str) -> None:
    """No fault gives a client what it asked for, and errors of the server arrive as such."""
    async with REDIS_FAULTS[name]() as address, fault_client(address) as client:
        try:
            async with asyncio.timeout(0.25):
                answer = await client.mget("a", "b")
        except redis.exceptions.RedisError:
            assert not name.startswith("reply_array")
        except (TimeoutError, ValueError, RecursionError):
            assert "error" not in name
        else:
            assert "reply_" in name
            assert answer != [None, None]


@pytest.mark.parametrize(("name", "fault"), TLS_FAULTS.items())
async def test_tls_fault(name: str, fault: TlsFault) -> None:
    """A client that checks certificates accepts none of them."""
    authority = trustme.CA()
    context = ssl.create_default_context()
    authority.configure_trust(context)
    seconds = 0.25 if name == "hang_in_handshake" else 10
    async with httpx.AsyncClient(verify=context) as http:
        async with GOOD_TLS(authority) as address:
            assert (await http.get(f"https://127.0.0.1:{address.port}/")).status_code == 200
        async with fault(authority) as address:
            with pytest.raises(httpx.TransportError):
                await http.get(f"https://127.0.0.1:{address.port}/", timeout=seconds)


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """A Redis with a password that has to be quoted."""
    with RedisServer(password="p/#@ %x", maxmemory="8mb") as server:
        yield server


def test_redis_restarts_on_its_port(redis_server: RedisServer) -> None:
    """What SAVE wrote is there after SIGKILL, what came after it is not."""
    url = redis_server.url
    with redis_server.client() as client:
        assert client.config_get("maxmemory") == {"maxmemory": str(8 * 2**20)}
        client.set("a", 1)
        client.save()
        client.set("a", 2)
    redis_server.kill()
    assert not redis_server.running
    redis_server.start()
    assert redis_server.url == url
    with redis_server.client() as client:
        assert client.get("a") == b"1"


async def test_redis_pauses(redis_server: RedisServer) -> None:
    """A paused server does not answer, and one that is resumed does."""
    client = redis.asyncio.Redis.from_url(redis_server.url, socket_timeout=0.5)
    async with client:
        redis_server.pause()
        with pytest.raises(redis.exceptions.TimeoutError):
            await client.ping()
        redis_server.resume()
        assert await client.ping()
        redis_server.pause()
        redis_server.stop()
        assert redis_server.process.exit_code == 0


def test_redis_over_tls_and_unix_socket(tmp_path: Path) -> None:
    """The server is reached over TLS, and on a unix socket."""
    for server in (RedisServer(tls=issue_certificates(tmp_path)), RedisServer(unix=True)):
        with server, server.client() as client:
            assert client.ping()


def test_redis_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the binary the error says so in a line."""
    monkeypatch.setenv("PATH", "")
    with pytest.raises(RuntimeError, match="redis-server is not installed"):
        RedisServer()


def test_process_that_ends_early() -> None:
    """A command that does not serve gives an error with what it printed."""
    command = ["/bin/sh", "-c", "echo no such luck; exit 3"]
    with pytest.raises(RuntimeError, match=r"(?s)ended with 3.*no such luck"), ChildProcess.on_port(command, 1):
        pass


def test_free_port() -> None:
    """A free port is one that the kernel does not give to outgoing connections."""
    assert 20000 <= free_port() <= 32000
