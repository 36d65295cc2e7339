"""What an operator sees: figures, spans and lines, and nobody in any of them."""

import json
import logging
import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from biometric_service.api.request_ids import begin
from biometric_service.api.telemetry import metrics as telling
from biometric_service.api.telemetry.logs import FACTS, JsonFormatter, TextFormatter
from biometric_service.api.telemetry.metrics import Measured, Metrics
from biometric_service.api.telemetry.otlp import OtlpTracer
from biometric_service.api.telemetry.telemetry import Telemetry
from biometric_service.api.telemetry.tracing import NoTracer, tracer_for
from biometric_service.settings import Settings
from biometric_service.vocabulary.events import AuditEvent, EventKind
from tests.live_service import TEST, event, live_service, without_models

MEASURED = Measured(lambda: 3, lambda: [("face", 7)], lambda: [("score", 2)])


class Kept(SpanExporter):
    """Keeps what a collector would be sent."""

    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.spans.extend(spans)
        return SpanExportResult.SUCCESS


def record(message: str, **facts: object) -> logging.LogRecord:
    made = logging.LogRecord("biometric_service.x", logging.INFO, "", 1, message, (), None)
    setattr(made, FACTS, facts)
    return made


def test_a_line_is_one_json_object_with_the_request_id() -> None:
    begin("id-1")
    line = json.loads(JsonFormatter().format(record('a "quoted"\nline', status=200)))
    assert line.items() >= {"request_id": "id-1", "level": "INFO", "message": 'a "quoted"\nline', "status": 200}.items()
    assert "\n" not in JsonFormatter().format(record("two\nlines"))
    assert " INFO id-1 biometric_service.x " in TextFormatter().format(record("text"))


def test_a_fault_is_told_with_its_trace() -> None:
    try:
        raise RuntimeError("broken")  # noqa: TRY301 - for its trace
    except RuntimeError as fault:
        made = logging.LogRecord("x", logging.ERROR, "", 1, "m", (), (type(fault), fault, fault.__traceback__))
    assert "RuntimeError: broken" in json.loads(JsonFormatter().format(made))["trace"]


def test_stages_decisions_and_lag_are_counted() -> None:
    telemetry = Telemetry()
    with telemetry.stage("search", "face"):
        pass
    decided = event(EventKind.IDENTIFICATION)
    telemetry.count(AuditEvent(decided.kind, decided.at, TEST, details={"outcome": "match", "candidates": "P-1"}))
    telemetry.count(event(EventKind.AUDIT_READ))
    told = telemetry.metrics.text(MEASURED).decode()
    assert 'biometric_stage_seconds_count{modality="face",stage="search"} 1.0' in told
    assert 'biometric_decisions_total{kind="identification",outcome="match"} 1.0' in told
    assert 'biometric_audit_events_total{kind="audit.read"} 1.0' in told
    assert "biometric_index_lag_changes 3.0" in told
    assert 'biometric_index_references{modality="face"} 7.0' in told
    assert "P-1" not in told


def test_a_stage_that_fails_is_timed_too() -> None:
    telemetry = Telemetry()
    with pytest.raises(ZeroDivisionError), telemetry.stage("extract", "face"):
        1 / 0  # noqa: B018
    assert 'stage="extract"} 1.0' in telemetry.metrics.text(MEASURED).decode()


def test_gauges_of_processes_that_are_gone_are_forgotten(tmp_path: Path) -> None:
    gone, here = tmp_path / "gauge_livesum_5000000.db", tmp_path / f"gauge_livesum_{os.getpid()}.db"
    for file in (gone, here):
        file.write_bytes(b"")
    telling._forget_the_dead(tmp_path)
    assert (gone.exists(), here.exists()) == (False, True)


def test_every_figure_is_described() -> None:
    described = dict(Metrics().described())
    assert len(described) == 11
    assert all(meaning.endswith(".") for meaning in described.values())


def test_a_request_is_a_trace_of_its_callers_with_nobody_in_it(tmp_path: Path) -> None:
    kept = Kept()
    with live_service(without_models(tmp_path)) as live:
        live.service.telemetry.tracer = tracer = OtlpTracer(kept, "test")
        live.gallery("ours")
        parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        client = live.client(live.key())
        client.get("/v1/operations/subjects/P-SECRET?purpose=x", headers={"traceparent": parent})
        with live.service.telemetry.stage("search", "face"):
            pass
    tracer.close()  # whoever was answered may come before the end of the request
    told = "".join(span.to_json() for span in kept.spans)
    request, search = sorted(kept.spans, key=lambda span: span.name)
    assert (request.name, search.name) == ("request", "search")
    assert request.context
    assert f"{request.context.trace_id:032x}" == "0af7651916cd43dd8448eb211c80319c"
    assert (request.attributes or {})["route"] == "/v1/operations/subjects/{subject}"
    assert "P-SECRET" not in told


def test_without_a_collector_nothing_is_traced(tmp_path: Path) -> None:
    assert isinstance(tracer_for(Settings(data_dir=tmp_path)), NoTracer)
    tracer = tracer_for(Settings(data_dir=tmp_path, otlp_endpoint="http://127.0.0.1:9/v1/traces"))
    assert isinstance(tracer, OtlpTracer)
    tracer.close()
