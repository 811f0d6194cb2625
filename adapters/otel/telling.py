"""Tells the log where spans do not arrive."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

log: structlog.stdlib.BoundLogger = structlog.get_logger("holdfast.traces")


class TellingExporter(SpanExporter):
    """Any exporter, with one line when it begins to fail and one when it works again. Called by one thread."""

    def __init__(self, inner: SpanExporter) -> None:
        self._inner = inner
        self._lost = 0
        self._given_up = False

    def give_up(self) -> None:
        """Send nothing more, and try nothing again; a call that hangs ends by its own time limit."""
        self._given_up = True
        self._inner.shutdown()

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send the spans."""
        if self._given_up:
            return SpanExportResult.FAILURE
        result = self._inner.export(spans)
        if result is not SpanExportResult.SUCCESS:
            if not self._lost:
                log.warning("traces_not_sent", spans=len(spans))
            self._lost += len(spans)
        elif self._lost:
            log.info("traces_sent_again", spans_lost=self._lost)
            self._lost = 0
        return result

    def shutdown(self) -> None:
        """Send nothing more."""
        self._inner.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send what is kept back."""
        return self._inner.force_flush(timeout_millis)
