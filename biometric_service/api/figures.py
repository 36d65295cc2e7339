"""Metrics for Prometheus, for callers with a scope of their own."""

from collections import Counter
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from fastapi.concurrency import run_in_threadpool

from biometric_service.api.security import Admission, requires
from biometric_service.api.services import Services, ServicesOf
from biometric_service.api.telemetry.metrics import Measured
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.drift import Measure

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

router = APIRouter(tags=["health"])


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def read_metrics(
    _: Annotated[Admission, Depends(requires(Scope.METRICS_READ))], services: ServicesOf
) -> Response:
    """Read what the service counts and times, in Prometheus's text format; of all processes together."""
    return Response(await run_in_threadpool(_text, services), media_type=MEDIA_TYPE)


def _text(services: Services) -> bytes:
    walk = services.walk
    sizes = [(modality.value, len(index)) for modality, index in walk.indexes.items()]
    return services.telemetry.metrics.text(Measured(walk.follower.behind, lambda: sizes, partial(_drifted, services)))


def _drifted(services: Services) -> list[tuple[str, int]]:
    """Alarms by measure, as the log was read last."""
    alarms = Counter(stream.key.measure for stream in services.drift.streams() if stream.alarm)
    return [(measure.value, alarms[measure]) for measure in Measure]
