"""Redis behind the `Cache` port."""

from adapters.redis.cache import RedisCache
from adapters.redis.client import build_redis_client

__all__ = ["RedisCache", "build_redis_client"]
