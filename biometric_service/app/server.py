"""The HTTP service with its console, on uvicorn."""

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import uvicorn
from fastapi import FastAPI

from biometric_service.api.application import build_api
from biometric_service.api.request_ids import log_with_request_ids
from biometric_service.api.services import Services
from biometric_service.app.service import Service, open_service
from biometric_service.console.pages import add_console
from biometric_service.settings import Settings, load_settings
from biometric_service.vocabulary.access import ANY_PURPOSE, ApiKey, Scope
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.references import ALL_GALLERIES

CONSOLE_KEY = "console"
CONSOLE_KEY_HOURS = 12
DRAIN_SECONDS = 20


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application on the settings in force; its service is closed when the application shuts down."""
    stack = ExitStack()
    app = build_application(stack.enter_context(open_service(settings or load_settings())))
    serving = app.router.lifespan_context

    @asynccontextmanager
    async def lifespan(served: FastAPI) -> AsyncIterator[None]:
        with stack:
            async with serving(served):
                yield

    app.router.lifespan_context = lifespan
    return app


def build_application(service: Service) -> FastAPI:
    """The HTTP interface and the console on an open service, which the caller closes."""
    app = build_api(Services(service.walk, service.store, service.api_keys, service.settings, service.verify_audit))
    add_console(app)
    return app


def run_server(settings: Settings, *, console_key: bool) -> None:
    """Serve until interrupted, then drain. ``console_key``: make a fresh key for the console and print its link."""
    log_with_request_ids(settings.log_level)
    with open_service(settings) as service:
        address = f"http://{settings.host}:{settings.port}/"
        key = f"#key={renew_console_key(service)}" if console_key else ""
        print(f"Open {address}{key}", flush=True)  # noqa: T201 - the one line a newcomer needs
        uvicorn.run(
            build_application(service),
            host=settings.host,
            port=settings.port,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=DRAIN_SECONDS,
        )


def renew_console_key(service: Service) -> str:
    """End the console's last key and make one that is valid for hours; returns its secret."""
    caller = Caller("console", "administration")
    for old in [key for key in service.api_keys.keys() if key.name == CONSOLE_KEY]:  # noqa: SIM118 - not a mapping
        revoked = AuditEvent(EventKind.API_KEY_REVOKED, datetime.now(UTC), caller, details={"api_key": old.id})
        service.api_keys.revoke(old.id, revoked)
    expires_at = datetime.now(UTC) + timedelta(hours=CONSOLE_KEY_HOURS)
    everywhere, anything = frozenset({ALL_GALLERIES}), frozenset({ANY_PURPOSE})
    key = ApiKey(uuid4().hex[:12], CONSOLE_KEY, frozenset(Scope), everywhere, anything, expires_at)
    created = AuditEvent(EventKind.API_KEY_CREATED, datetime.now(UTC), caller, details={"api_key": key.id})
    return service.api_keys.create(key, created)
