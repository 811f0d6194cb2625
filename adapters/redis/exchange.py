"""Commands sent to Redis once, over one connection, with the run of the server that answered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import ResponseError

KEPT = 4
"""Connections that are not given back to the client's pool: taking one from there takes as long as a command."""

Command = tuple[str | bytes | int, ...]

Replies = tuple[str, Sequence[Any]]
"""The run of the server, and its replies to commands in their order."""


class Exchange:
    """`await exchange(("GET", "key"), ...)` over a connection of the client's pool, or one that was kept.

    It has no time limit of its own: its caller bounds it.
    Commands are sent at most once, unlike by the client itself. The client must come from
    `build_redis_client`.
    """

    def __init__(self, client: Redis) -> None:
        self._pool: Any = client.connection_pool
        self._socket_timeout = self._pool.connection_kwargs.get("socket_timeout")
        self._kept: list[Any] = []
        self._waiting = 0

    async def __call__(self, *commands: Command, tolerated: type[ResponseError] | tuple[()] = ()) -> Replies:
        """The server's run, and its replies.

        Raises the first error reply, apart from those of the tolerated type, which stand in the replies.
        """
        connection = self._kept.pop() if self._kept else await self._take()
        try:
            if connection._writer.is_closing() or await connection.can_read():  # noqa: SLF001
                # Closed or reset by the other side: the pool sees the first alone.
                await connection.disconnect(nowait=True)
                await connection.connect()
            await connection.send_packed_command(connection.pack_commands(commands))
            replies = [await _read(connection) for _ in commands]
            run: str = connection.run_id
        except BaseException:
            try:
                await connection.disconnect(nowait=True)
            finally:
                await self._give_back(connection)
            raise
        if self._waiting or len(self._kept) >= KEPT:
            await self._give_back(connection)
        else:
            self._kept.append(connection)
        for reply in replies:
            if isinstance(reply, ResponseError) and not isinstance(reply, tolerated):
                raise reply
        return run, replies

    async def aclose(self) -> None:
        """Give all connections back."""
        while self._kept:
            await self._give_back(self._kept.pop())

    async def _take(self) -> Any:
        self._waiting += 1
        try:
            connection = await self._pool.get_connection()
        finally:
            self._waiting -= 1
        # A time limit of the client for each step costs more than the step; the caller has one for all.
        connection.socket_timeout = None
        return connection

    async def _give_back(self, connection: Any) -> None:
        connection.socket_timeout = self._socket_timeout
        await self._pool.release(connection)


async def _read(connection: Any) -> Any:
    try:
        return await connection.read_response()
    except ResponseError as error:
        return error
