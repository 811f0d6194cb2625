"""The settings that the service runs with, and what is allowed beyond them."""

from __future__ import annotations

REPLICAS = (0, 1)

FRESH = 3.0
STALE = 6.0
READ_TIMEOUT = 1.5
WRITE_TIMEOUT = 1.5
READ_DEADLINE = 3.0
WRITE_DEADLINE = 3.0
INVALIDATION_TIMEOUT = 0.5
MAX_OPEN = 1.0
REDIS_POOL, QDRANT_POOL = 16, 32

SETTINGS: dict[str, object] = {
    "CACHE__FRESH_SECONDS": FRESH,
    "CACHE__STALE_SECONDS": STALE,
    "CACHE__PROCESS_BYTES": 2 * 2**20,
    "QDRANT__READ_TIMEOUT": READ_TIMEOUT,
    "QDRANT__WRITE_TIMEOUT": WRITE_TIMEOUT,
    "QDRANT__POOL_SIZE": QDRANT_POOL,
    "RESILIENCE__MAX_READS": QDRANT_POOL - 8,
    "RESILIENCE__MAX_WRITES": 8,
    "REDIS__TIMEOUT": 0.25,
    "REDIS__INVALIDATION_TIMEOUT": INVALIDATION_TIMEOUT,
    "REDIS__POOL_SIZE": REDIS_POOL,
    "HTTP__READ_DEADLINE": READ_DEADLINE,
    "HTTP__WRITE_DEADLINE": WRITE_DEADLINE,
    "RESILIENCE__BREAKER_MIN_OPEN": 0.25,
    "RESILIENCE__BREAKER_MAX_OPEN": MAX_OPEN,
}
"""Short, so that windows end and breakers close many times in half a minute."""

SLACK = 1.0
"""Seconds beyond a deadline, besides what the test's own event loop was late meanwhile: the machine is shared."""

STANDSTILL = 0.25
"""Seconds that the event loop of the test may be late at once before that counts as a fault of both backends."""

RECOVERY = 2 * MAX_OPEN + 0.5
"""Seconds after a fault of the vector database within which nothing is refused or stale any more."""

TELLING = 5.0 + INVALIDATION_TIMEOUT + 1.0
"""Seconds after a fault of Redis within which the last invalidation went through: its attempts are up to 5 s apart."""

SETTLED = 1.0
"""Seconds after a fault of the vector database within which what was held up on the way has arrived."""

EPSILON = 0.05
"""Seconds that two clocks of one machine may differ, at most."""

PATIENCE = 10.0
"""Seconds after which an answer is not waited for any longer: the service hangs."""

RETRY_TOKENS = 10
"""The budget of retries that a replica begins with."""

CALLS_FOR_A_MISS = 1.1
"""How many searches of the vector database there may be for each answer that was not remembered."""
