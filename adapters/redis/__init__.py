"""Redis behind the ports `Cache` and `RateLimiter`."""

from adapters.redis.cache import RedisCache
from adapters.redis.client import Redis, RedisCluster, build_redis_client
from adapters.redis.rates import RedisRateLimiter

__all__ = ["Redis", "RedisCache", "RedisCluster", "RedisRateLimiter", "build_redis_client"]
