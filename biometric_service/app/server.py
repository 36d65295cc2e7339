"""The running service: one process or several, until it is told to end; then it drains."""

import logging
import signal
import sys
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import uvicorn

from biometric_service.api.telemetry.logs import log_as_set
from biometric_service.app.listening import listening
from biometric_service.app.processes import run_processes
from biometric_service.app.service import open_service, settings_store
from biometric_service.app.serving import build_application, create_app
from biometric_service.core_dumps import forbid_dumps
from biometric_service.settings import Settings
from biometric_service.vocabulary.access import ANY_PURPOSE, ApiKey, Scope
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.protocols import ApiKeyStore
from biometric_service.vocabulary.references import ALL_GALLERIES

__all__ = ["build_application", "create_app", "renew_console_key", "run_server"]

CONSOLE_KEY = "console"
CONSOLE_KEY_HOURS = 12

log = logging.getLogger(__name__)


def run_server(settings: Settings, *, console_key: bool) -> None:
    """Serve until interrupted, then drain. ``console_key``: make a fresh key for the console and print its link."""
    log_as_set(settings)
    if not forbid_dumps():
        log.warning("This system lets the service's memory be dumped: forbid it in its own settings.")
    signal.signal(signal.SIGTERM, _end)
    if settings.processes > 1:
        _announce(settings, console_key=console_key)
        run_processes(settings)
        return
    with open_service(settings) as service:
        _announce(settings, console_key=console_key)
        uvicorn.Server(listening(build_application(service), settings)).run()


def _end(*_: object) -> None:
    """Whatever is open is closed on the way out; while requests are served, uvicorn takes the signal and drains."""
    sys.exit(0)


def _announce(settings: Settings, *, console_key: bool) -> None:
    address = f"{'https' if settings.tls else 'http'}://{settings.host}:{settings.port}/"
    key = ""
    if console_key:
        with settings_store(settings) as opened:
            key = f"#key={renew_console_key(opened.api_keys)}"
    print(f"Open {address}{key}", flush=True)  # noqa: T201 - the one line a newcomer needs


def renew_console_key(api_keys: ApiKeyStore) -> str:
    """End the console's last key and make one that is valid for hours; returns its secret."""
    caller = Caller("console", "administration")
    for old in [key for key in api_keys.keys() if key.name == CONSOLE_KEY]:  # noqa: SIM118 - not a mapping
        revoked = AuditEvent(EventKind.API_KEY_REVOKED, datetime.now(UTC), caller, details={"api_key": old.id})
        api_keys.revoke(old.id, revoked)
    expires_at = datetime.now(UTC) + timedelta(hours=CONSOLE_KEY_HOURS)
    everywhere, anything = frozenset({ALL_GALLERIES}), frozenset({ANY_PURPOSE})
    key = ApiKey(uuid4().hex[:12], CONSOLE_KEY, frozenset(Scope), everywhere, anything, expires_at)
    created = AuditEvent(EventKind.API_KEY_CREATED, datetime.now(UTC), caller, details={"api_key": key.id})
    return api_keys.create(key, created)
