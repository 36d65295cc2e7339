"""The HTTP application: which operations there are and what is round them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from biometric_service.api import description, errors, figures, health
from biometric_service.api.access.entrance import Entrance
from biometric_service.api.envelope import Envelope, Limits
from biometric_service.api.operations import (
    adjudications,
    agency_requests,
    agreements,
    audit_events,
    cards,
    challenges,
    comparisons,
    device_standings,
    devices,
    disclosures,
    drifts,
    encounters,
    enrolments,
    event_stream,
    galleries,
    gallery_slices,
    identifications,
    intakes,
    latents,
    manual_checks,
    movement_checks,
    movement_orders,
    movement_reports,
    musters,
    observatory,
    own_key,
    passages,
    places,
    portraits,
    releases,
    seeded_samples,
    subjects,
    subscriptions,
    transactions,
    visits,
    whereabouts,
)
from biometric_service.api.operations.event_tail import EventTail
from biometric_service.api.osia.routes import osia_router
from biometric_service.api.osia.runner import TaskRunner
from biometric_service.api.osia.threads import threads_for
from biometric_service.api.services import Services
from biometric_service.api.workers import RecognitionWorkers
from biometric_service.interchange.delivering import Deliverer, Patience

VERSION = "1.0.0"
OPERATIONS = (
    enrolments,
    identifications,
    comparisons,
    movement_checks,
    challenges,
    movement_reports,
    subjects,
    portraits,
    encounters,
    intakes,
    cards,
    adjudications,
    transactions,
    latents,
    galleries,
    places,
    movement_orders,
    passages,
    manual_checks,
    whereabouts,
    musters,
    releases,
    visits,
    devices,
    device_standings,
    gallery_slices,
    audit_events,
    drifts,
    event_stream,
    subscriptions,
    agreements,
    disclosures,
    agency_requests,
    observatory,
    own_key,
    seeded_samples,
)


def build_api(services: Services) -> FastAPI:
    """The application on the given services; it closes none of them."""
    settings = services.settings
    workers = RecognitionWorkers(
        settings.recognition_workers,
        settings.recognition_waiting,
        settings.recognition_seconds,
        services.telemetry.metrics,
    )
    threads = threads_for(workers, settings)
    runner = TaskRunner(services)
    deliverer = Deliverer(
        services.subscriptions,
        services.outbound,
        services.watch,
        Patience(settings.webhook_retry_seconds, settings.webhook_days),
    )
    tail = EventTail(services.store, services.watch)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        runner.start()
        deliverer.start()
        yield
        tail.close()
        runner.close()
        deliverer.close()
        threads.close()

    api = FastAPI(
        title="Biometric service",
        version=VERSION,
        description="Enrol, identify and verify people by fingerprint and face, and check their movements.",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    api.state.services = services
    api.state.workers = workers
    api.state.tail = tail
    api.state.entrance = Entrance(services)
    api.include_router(osia_router(threads))  # routes are tried in turn, and most requests are for these
    api.include_router(health.router)
    api.include_router(figures.router)
    for resource in OPERATIONS:
        api.include_router(resource.router)
    limits = Limits(settings.max_request_bytes, settings.upload_seconds)
    api.add_middleware(Envelope, limits=limits, telemetry=services.telemetry)
    errors.install(api)
    description.install(api)
    return api
