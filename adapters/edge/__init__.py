"""The embedded engine: durable collections in a directory, in a process of its own that is started and watched here."""

from adapters.edge.identity import identity
from adapters.edge.supervisor import DirectoryInUse, EngineMissing, EngineSupervisor
from adapters.edge.vector_store import EdgeVectorStore

__all__ = ["DirectoryInUse", "EdgeVectorStore", "EngineMissing", "EngineSupervisor", "identity"]
