"""The ports: what the domain needs of the world, as abstract classes whose docstrings are their contracts."""

from domain.ports.cache import Cache, Entry, Recollection
from domain.ports.keys import KeyRing, KeyStore
from domain.ports.metrics import NO_METRICS, Metrics
from domain.ports.rates import Rate, RateLimiter
from domain.ports.rows import Block, Columns, PointSink, PointSource, Refused
from domain.ports.snapshots import SnapshotStore, Unpacked
from domain.ports.status import BackendStatus, Change, Event, LastFailure
from domain.ports.tracing import RequestSpan, Tracing
from domain.ports.vector_store import VectorStore

__all__ = [
    "NO_METRICS",
    "BackendStatus",
    "Block",
    "Cache",
    "Change",
    "Columns",
    "Entry",
    "Event",
    "KeyRing",
    "KeyStore",
    "LastFailure",
    "Metrics",
    "PointSink",
    "PointSource",
    "Rate",
    "RateLimiter",
    "Recollection",
    "Refused",
    "RequestSpan",
    "SnapshotStore",
    "Tracing",
    "Unpacked",
    "VectorStore",
]
