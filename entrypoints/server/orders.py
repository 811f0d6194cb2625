"""What a supervisor and its workers say to each other."""

from __future__ import annotations

from enum import Enum

READY, ALIVE = b"R", b"."
"""What a worker says: once when it serves, and each second that its event loop turns."""


class Ending(Enum):
    """How a server ends."""

    DRAIN = b"d"
    """SIGTERM: not ready any more, serving for a while so that balancers notice, and then as below."""
    RETIRE = b"r"
    """Another takes over: listening no more; what is asked on connections that are there is answered."""
    QUICK = b"q"
    """Ctrl-C: what is in flight is answered, and nobody else is waited for."""
    NOW = b"n"
    """A second signal: what is in flight is cut off."""
