"""How commands reach Redis, by the client that the settings gave."""

from __future__ import annotations

from typing import Protocol

from redis.asyncio import Redis, RedisCluster
from redis.exceptions import ResponseError

from adapters.redis.cluster import ClusterClient, ClusterExchange
from adapters.redis.exchange import Command, Exchange, Replies
from adapters.redis.sentinel import MasterExchange, MasterPool


class Way(Protocol):
    """What `Exchange` offers: commands that are sent at most once, and the run of the server that answered."""

    async def __call__(self, *commands: Command, tolerated: type[ResponseError] | tuple[()] = ()) -> Replies:
        """The run, and the replies. Raises the first error reply, apart from those of the tolerated type."""

    async def aclose(self) -> None:
        """Give all connections back."""


def exchange_with(client: Redis | RedisCluster) -> Way:
    """The way for a client that is from `build_redis_client`."""
    if isinstance(client, ClusterClient):
        return ClusterExchange(client)
    if isinstance(client, RedisCluster):
        raise TypeError("a client that is not from build_redis_client")
    return MasterExchange(client) if isinstance(client.connection_pool, MasterPool) else Exchange(client)
