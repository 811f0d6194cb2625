"""Redis behind the `Cache` port."""

from adapters.redis.cache import RedisCache
from adapters.redis.client import Redis, RedisCluster, build_redis_client

__all__ = ["Redis", "RedisCache", "RedisCluster", "build_redis_client"]
