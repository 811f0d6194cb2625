"""Redis behind the `Cache` port."""

from adapters.redis.cache import RedisCache
from adapters.redis.client import Redis, build_redis_client

__all__ = ["Redis", "RedisCache", "build_redis_client"]
