"""Spans sent to an OpenTelemetry collector over HTTP; imports the extra ``tracing``."""

from collections.abc import Mapping
from contextlib import AbstractContextManager

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.propagate import extract
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import get_current_span


class OtlpTracer:
    """A ``Tracer`` with an exporter of its own."""

    def __init__(self, exporter: SpanExporter, service: str) -> None:
        self._provider = TracerProvider(resource=Resource.create({"service.name": service}), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer(service)

    @classmethod
    def to(cls, endpoint: str, service: str) -> "OtlpTracer":
        """Spans to the collector at this address."""
        return cls(OTLPSpanExporter(endpoint=endpoint), service)

    def span(
        self, name: str, attributes: Mapping[str, str], parent: Mapping[str, str] | None = None
    ) -> AbstractContextManager[object]:
        """See ``Tracer``."""
        context = extract(parent) if parent is not None else None
        return self._tracer.start_as_current_span(
            name, context, attributes=attributes, record_exception=False, set_status_on_exception=False
        )

    def note(self, attributes: Mapping[str, str]) -> None:
        """See ``Tracer``."""
        get_current_span().set_attributes(dict(attributes))

    def close(self) -> None:
        """Send what is still to be sent."""
        self._provider.shutdown()
