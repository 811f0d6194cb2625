"""Redis behind Sentinels: which server is the master, and commands that no other server answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

from redis.asyncio import BlockingConnectionPool, Connection, Redis, SSLConnection
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ReadOnlyError, RedisError, ResponseError

from adapters.addresses import Address
from adapters.redis.exchange import Command, Exchange, Replies
from adapters.redis.first import Asking, Shared
from adapters.redis.info import parse_info

CONFIRM_SECONDS = 1.0
"""For so long a connection is used without asking the Sentinels whether it still leads to the master."""


class Sentinels:
    """Asks all Sentinels at once who the master is: one that hangs or is gone costs no time while another answers."""

    def __init__(self, clients: Sequence[Redis], service: str) -> None:
        self._clients = clients
        self._service = service
        self._asking: Asking[dict[str, Any]] = Asking()

    async def master(self) -> Address:
        """The address of the master, as the first says who knows of one that is up. Raises `RedisConnectionError`."""
        try:
            state = await self._asking.first(map(self._ask, self._clients), lambda state: int(state["config-epoch"]))
            return str(state["ip"]), int(state["port"])
        except (RedisError, OSError, LookupError, TypeError, ValueError, AttributeError):
            raise RedisConnectionError("No master is known to the Sentinels.") from None

    async def aclose(self) -> None:
        """Let go of the connections."""
        await self._asking.aclose()
        for client in self._clients:
            await client.aclose()

    async def _ask(self, client: Redis) -> dict[str, Any]:
        # The stubs say that it may be a bool.
        state: Any = await client.sentinel_master(self._service)
        if not state["is_master"] or state["is_sdown"] or state["is_odown"]:
            raise LookupError("no master that is up")
        return dict(state)


class MasterPool(BlockingConnectionPool):
    """Connections to the master that the Sentinels name. Once they name another, all that lead elsewhere are closed.

    `limit` (seconds) bounds asking them where a connection is made, `patience` where one is there.
    """

    def __init__(self, sentinels: Sentinels, *, limit: float, patience: float, tls: bool, **options: Any) -> None:
        super().__init__(connection_class=MasterSSLConnection if tls else MasterConnection, master_pool=self, **options)
        self._sentinels = sentinels
        self._discovery = Shared(self._discover, limit)
        self._patience = patience
        self._confirmed = 0.0

    def __repr__(self) -> str:
        # The usual one shows the options of connections, of which this pool is one.
        return f"<{type(self).__name__}>"

    async def locate(self) -> Address:
        """The address to connect to."""
        return await self._discovery()

    async def confirm(self) -> None:
        """Close what does not lead to the master, where that was not looked at for a while.

        Where the Sentinels do not answer soon, the connections are used as they are: they may be the
        only ones that are gone.
        """
        if time.monotonic() - self._confirmed < CONFIRM_SECONDS:
            return
        await asyncio.wait([self._discovery.start()], timeout=self._patience)
        self._confirmed = time.monotonic()

    def distrust(self, to: Address | None = None) -> None:
        """Close all connections that do not lead there, so that whoever uses one connects anew."""
        connections: list[Any] = [*self._available_connections, *self._in_use_connections]
        for connection in connections:
            if connection._writer is not None and (connection.host, connection.port) != to:  # noqa: SLF001
                connection._writer.close()  # noqa: SLF001

    async def aclose(self) -> None:
        await self._discovery.aclose()
        await super().aclose()
        await self._sentinels.aclose()

    async def _discover(self) -> Address:
        address = await self._sentinels.master()
        self._confirmed = time.monotonic()
        self.distrust(address)
        return address


class _ToMaster(Connection):
    """A connection that asks where to go each time it is made."""

    def __init__(self, *, master_pool: MasterPool, **options: Any) -> None:
        super().__init__(**options)
        self._master_pool = master_pool

    async def _connect(self) -> None:
        self.host, self.port = await self._master_pool.locate()
        await super()._connect()  # type: ignore[no-untyped-call]

    async def can_read(self) -> bool:
        await self._master_pool.confirm()
        # Closed just now, where it does not lead to the master.
        return self._writer is None or self._writer.is_closing() or await super().can_read()


class MasterConnection(_ToMaster):
    """Without TLS."""


class MasterSSLConnection(_ToMaster, SSLConnection):
    """With TLS."""


class MasterExchange:
    """As `Exchange`, and each time the server says that it is the master, and which history its data has.

    A replica that is promoted begins a new history (`master_replid`), also a server that was the master
    before: what it holds of invalidations may be older than what it once said.
    """

    def __init__(self, client: Redis) -> None:
        self._exchange = Exchange(client)
        self._pool: Any = client.connection_pool

    async def __call__(self, *commands: Command, tolerated: type[ResponseError] | tuple[()] = ()) -> Replies:
        """The server's run and history, and its replies. Raises `ReadOnlyError` where it is no master."""
        run, replies = await self._exchange(("INFO", "replication"), *commands, tolerated=ResponseError)
        state, *answers = replies
        if isinstance(state, ResponseError):
            raise state
        fields = parse_info(state)
        if fields["role"] != "master":
            self._pool.distrust()
            raise ReadOnlyError("no master any more")
        for answer in answers:
            if isinstance(answer, ResponseError) and not isinstance(answer, tolerated):
                raise answer
        return f"{run}-{fields['master_replid']}", answers

    async def aclose(self) -> None:
        """Give all connections back."""
        await self._exchange.aclose()
