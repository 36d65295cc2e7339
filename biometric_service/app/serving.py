"""The HTTP application on an open service."""

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager

from fastapi import FastAPI

from biometric_service.api.application import build_api
from biometric_service.api.osia.protection import protected_bodies
from biometric_service.api.services import Services
from biometric_service.app.outbound import outbound_gate
from biometric_service.app.service import Service, open_service
from biometric_service.app.warming import compile_ahead
from biometric_service.console.pages import add_console
from biometric_service.settings import Settings, load_settings


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application on the settings in force; its service is closed when the application shuts down."""
    stack = ExitStack()
    return application_until_shutdown(stack.enter_context(open_service(settings or load_settings())), stack)


def application_until_shutdown(service: Service, stack: ExitStack) -> FastAPI:
    """The application on a service that the stack closes once the application has shut down."""
    app = build_application(service)
    serving = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(served: FastAPI) -> AsyncIterator[None]:
        with stack:
            async with serving(served):
                yield

    app.router.lifespan_context = lifespan
    return app


def build_application(service: Service) -> FastAPI:
    """The HTTP interface and the console on an open service, which the caller closes; machine code is made first."""
    compile_ahead(service.present_walk)
    app = build_api(services_for(service))
    add_console(app)
    return app


def services_for(service: Service) -> Services:
    """What the HTTP surface works with."""
    return Services(
        present_walk=service.present_walk,
        store=service.store,
        api_keys=service.api_keys,
        settings=service.settings,
        verify_audit=service.verify_audit,
        devices=service.devices,
        telemetry=service.telemetry,
        tasks=service.tasks,
        subscriptions=service.subscriptions,
        watch=service.watch,
        drift=service.drift,
        slices=service.slices,
        day=service.day,
        quarantine=service.quarantine,
        latents=service.latents,
        sharing=service.sharing,
        observatory=service.observatory,
        intakes=service.intakes,
        cards=service.cards,
        outbound=outbound_gate(service.settings),
        protected=protected_bodies(service.settings),
        rates=service.rates,
    )
