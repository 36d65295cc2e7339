"""One for each process: what is timed and traced."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from biometric_service.api.telemetry.metrics import Metrics
from biometric_service.api.telemetry.tracing import NoTracer, Tracer
from biometric_service.vocabulary.events import AuditEvent

OUTCOMES = ("passage", "enrolment", "outcome")
"""Which fact of an event is its outcome; the values are from closed sets."""


class Telemetry:
    """Metrics and traces."""

    def __init__(self, tracer: Tracer | None = None) -> None:
        self.metrics = Metrics()
        self.tracer: Tracer = tracer or NoTracer()

    @contextmanager
    def stage(self, name: str, modality: str) -> Iterator[None]:
        """Time and trace one stage of the walk."""
        began = time.perf_counter()
        try:
            with self.tracer.span(name, {"modality": modality}):
                yield
        finally:
            self.metrics.stage_seconds.labels(name, modality).observe(time.perf_counter() - began)

    def count(self, event: AuditEvent) -> None:
        """Count an event of the audit log, and the decision that it tells of by its outcome."""
        self.metrics.events.labels(event.kind).inc()
        outcome = next((event.details[name] for name in OUTCOMES if name in event.details), None)
        if outcome is not None:
            self.metrics.decisions.labels(event.kind, outcome).inc()
