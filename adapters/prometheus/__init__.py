"""Metrics for Prometheus."""

from adapters.prometheus.metrics import PrometheusMetrics

__all__ = ["PrometheusMetrics"]
