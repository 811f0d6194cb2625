"""OpenTelemetry behind the `Tracing` port."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

from opentelemetry import context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import Span, SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from adapters.otel.telling import TellingExporter
from adapters.resilience.observed import outcome_of
from domain import __version__
from domain.ports import RequestSpan, Tracing

LAST_SECONDS = 3.0
"""How long the end of this process may be put off for spans that are not sent yet."""

_METHODS = frozenset({"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"})
"""Those that the semantic conventions call by their names."""

_OTHER = "_OTHER"


class OtelTracing(Tracing):
    """Records spans, and sends them from a thread of its own. Set by OpenTelemetry's own variables (`OTEL_*`).

    `exporter` is by default that of OTLP over HTTP. There is no global provider: two of these share nothing.
    """

    def __init__(self, exporter: SpanExporter | None = None) -> None:
        # What its loggers say quotes what drivers say; `TellingExporter` tells what matters of it.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        named = Resource({"service.name": "holdfast", "service.version": __version__})
        self._provider = TracerProvider(resource=named.merge(OTELResourceDetector().detect()), shutdown_on_exit=False)
        self._exporter = TellingExporter(exporter or OTLPSpanExporter())
        self._provider.add_span_processor(BatchSpanProcessor(self._exporter))
        self._tracer = self._provider.get_tracer("holdfast", __version__)
        self._propagator = TraceContextTextMapPropagator()
        self._closed = False

    @contextmanager
    def request(self, method: str, path: str, scheme: str, headers: Mapping[str, str]) -> Iterator[RequestSpan]:
        known = method if method in _METHODS else _OTHER
        with self._tracer.start_as_current_span(
            "HTTP" if known is _OTHER else known,
            self._propagator.extract(headers),
            SpanKind.SERVER,
            {"http.request.method": known, "url.path": path, "url.scheme": scheme},
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            yield _OtelRequestSpan(span, known)

    @contextmanager
    def call(self, system: str, operation: str) -> Iterator[None]:
        with self._tracer.start_as_current_span(
            f"{operation} {system}",
            None,
            SpanKind.CLIENT,
            {"db.system.name": system, "db.operation.name": operation},
            # The text of an error may quote what was sent.
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield
            except Exception as error:
                outcome = outcome_of(error)
                if outcome != "ok":
                    span.set_attribute("error.type", outcome or type(error).__name__)
                    span.set_status(StatusCode.ERROR)
                raise

    def apart(self) -> contextvars.Context:
        made = contextvars.Context()
        made.run(context.attach, context.get_current())
        return made

    async def aclose(self) -> None:
        if self._closed:
            return
        self._closed = True
        loop, ended = asyncio.get_running_loop(), asyncio.Event()

        def end() -> None:
            self._provider.shutdown()
            # The loop may have ended before a collector that hangs.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(ended.set)

        # Not by the loop's own threads, for whom the interpreter waits however long they take.
        threading.Thread(target=end, name="traces", daemon=True).start()
        try:
            async with asyncio.timeout(LAST_SECONDS):
                await ended.wait()
        except TimeoutError:
            self._exporter.give_up()


class _OtelRequestSpan(RequestSpan):
    def __init__(self, span: Span, method: str) -> None:
        self._span = span
        self._method = method
        self.trace_id = f"{span.get_span_context().trace_id:032x}" if span.is_recording() else None

    def answered(self, route: str | None, status: int | None, request_id: str | None) -> None:
        span = self._span
        if route is not None:
            span.update_name(f"{'HTTP' if self._method is _OTHER else self._method} {route}")
            span.set_attribute("http.route", route)
        if request_id is not None:
            span.set_attribute("holdfast.request_id", request_id)
        if status is not None:
            span.set_attribute("http.response.status_code", status)
            if status >= 500:
                span.set_attribute("error.type", str(status))
                span.set_status(StatusCode.ERROR)
