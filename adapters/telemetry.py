"""The settings of metrics and traces."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from pydantic import field_validator

from adapters.checks import Section


class TelemetrySettings(Section):
    """`SOCIAL_TELEMETRY__*`."""

    traces: bool = False
    """Whether a collector is told of requests, by OpenTelemetry. Where it is and the like say variables `OTEL_*`."""
    metrics_directory: Path | None = None
    """Where workers count, so that each can tell what all of them counted; None for one that counts for itself."""

    @field_validator("traces")
    @classmethod
    def _check_installed(cls, traces: bool) -> bool:  # noqa: FBT001
        if traces and not _is_installed("opentelemetry.exporter.otlp.proto.http"):
            raise ValueError("needs OpenTelemetry, which is not installed: pip install 'holdfast[otel]'")
        return traces


def _is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:
        return False
