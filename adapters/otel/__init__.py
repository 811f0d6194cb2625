"""Traces by OpenTelemetry, for a collector that speaks OTLP over HTTP. Needs the extra `otel`."""

from adapters.otel.traced_cache import TracedCache
from adapters.otel.traced_store import TracedVectorStore
from adapters.otel.tracing import OtelTracing

__all__ = ["OtelTracing", "TracedCache", "TracedVectorStore"]
