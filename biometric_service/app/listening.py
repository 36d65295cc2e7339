"""How uvicorn listens: TLS, limits, and connections that tell who the client is."""

import ssl
from collections.abc import Callable

import uvicorn
from fastapi import FastAPI
from uvicorn.config import Config

from biometric_service.app.connections import Connection
from biometric_service.app.tls import certificate_files
from biometric_service.settings import Settings

DRAIN_SECONDS = 20
IDLE_SECONDS = 30
START_SECONDS = 120
"""How long a process may take to start, or to say that it is alive, before another takes its place."""
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"


def listening(app: FastAPI | Callable[[], FastAPI], settings: Settings) -> uvicorn.Config:
    """The configuration of a server, for an application or for what makes one."""
    chain, key = certificate_files(settings) if settings.tls else (None, None)
    asks = settings.tls and settings.tls_client_ca_file is not None
    return uvicorn.Config(
        app,
        factory=not isinstance(app, FastAPI),
        host=settings.host,
        port=settings.port,
        workers=settings.processes,
        http=Connection,
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=DRAIN_SECONDS,
        timeout_worker_healthcheck=START_SECONDS,
        ssl_certfile=chain,
        ssl_keyfile=key,
        ssl_ca_certs=settings.tls_client_ca_file,
        ssl_cert_reqs=ssl.CERT_OPTIONAL if asks else ssl.CERT_NONE,
        ssl_ciphers=CIPHERS,
        ssl_context_factory=_modern if settings.tls else None,
    )


def _modern(_: Config, default: Callable[[], ssl.SSLContext]) -> ssl.SSLContext:
    """TLS 1.2 and 1.3 with forward secrecy, no compression, no renegotiation."""
    context = default()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    return context
