"""The HTTP application: which operations there are and what is round them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from biometric_service.api import description, errors, figures, health
from biometric_service.api.access.entrance import Entrance
from biometric_service.api.envelope import Envelope, Limits
from biometric_service.api.operations import (
    adjudications,
    audit_events,
    challenges,
    comparisons,
    devices,
    drifts,
    encounters,
    enrolments,
    galleries,
    identifications,
    movement_checks,
    movement_reports,
    own_key,
    seeded_samples,
    subjects,
)
from biometric_service.api.osia.routes import osia_router
from biometric_service.api.osia.runner import TaskRunner
from biometric_service.api.services import Services
from biometric_service.api.workers import RecognitionWorkers

VERSION = "1.0.0"
OPERATIONS = (
    enrolments,
    identifications,
    comparisons,
    movement_checks,
    challenges,
    movement_reports,
    subjects,
    encounters,
    adjudications,
    galleries,
    devices,
    audit_events,
    drifts,
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

    runner = TaskRunner(services)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        runner.start()
        yield
        runner.close()
        workers.close()

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
    api.state.entrance = Entrance(services)
    api.include_router(health.router)
    api.include_router(figures.router)
    for resource in OPERATIONS:
        api.include_router(resource.router)
    api.include_router(osia_router())
    limits = Limits(settings.max_request_bytes, settings.upload_seconds)
    api.add_middleware(Envelope, limits=limits, telemetry=services.telemetry)
    errors.install(api)
    description.install(api)
    return api
