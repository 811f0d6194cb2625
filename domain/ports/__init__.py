"""The ports: what the domain needs of the world, as abstract classes whose docstrings are their contracts."""

from domain.ports.cache import Cache, Entry, Recollection
from domain.ports.rows import Block, Columns, PointSink, PointSource, Refused
from domain.ports.snapshots import SnapshotStore, Unpacked
from domain.ports.status import BackendStatus, Change, Event, LastFailure
from domain.ports.vector_store import VectorStore

__all__ = [
    "BackendStatus",
    "Block",
    "Cache",
    "Change",
    "Columns",
    "Entry",
    "Event",
    "LastFailure",
    "PointSink",
    "PointSource",
    "Recollection",
    "Refused",
    "SnapshotStore",
    "Unpacked",
    "VectorStore",
]
