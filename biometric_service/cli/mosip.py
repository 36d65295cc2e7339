"""``biometric-service mosip serve``: the ABIS of a MOSIP deployment, in a process of its own."""

import signal
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import typer
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from biometric_service.api.telemetry.logs import log_as_set
from biometric_service.app.mosip import Attempts, Broker, MosipAdapter
from biometric_service.app.outbound import outbound_gate
from biometric_service.app.service import Service, open_service
from biometric_service.capture.files import ImageLimits
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.interchange.mosip.abis import ACTOR, PURPOSE, MosipAbis
from biometric_service.settings import Settings, load_settings
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.references import GalleryId

mosip = typer.Typer(no_args_is_help=True, help="MOSIP's interface to an ABIS, over a message broker.")


@mosip.callback()
def _group() -> None:
    """Keep the name of the one command."""


@mosip.command("serve")
def serve() -> None:
    """Answer MOSIP's requests until interrupted."""
    settings = load_settings()
    broker = Broker(settings.mosip_broker.get_secret_value(), settings.mosip_requests, settings.mosip_answers)
    if not broker.url:
        raise BiometricServiceError(
            ErrorCode.SETTINGS_INVALID, "No broker is named.", "Set mosip_broker to stomp://user:password@host:port."
        )
    log_as_set(settings)
    with open_service(settings) as service:
        _make_gallery(service, GalleryId(settings.mosip_gallery))
        make = partial(_abis, settings, service)
        adapter = MosipAdapter(broker, make, Attempts(settings.data_dir / "mosip-message.json"))
        for each in (signal.SIGTERM, signal.SIGINT):
            signal.signal(each, lambda *_: adapter.stop())
        typer.echo(f"Answering requests in {broker.requests}.")
        adapter.run()


def _abis(settings: Settings, service: Service, pending: Callable[[], int]) -> MosipAbis:
    gate = outbound_gate(settings)
    limits = ImageLimits(settings.max_image_bytes, settings.max_image_pixels)
    gallery = GalleryId(settings.mosip_gallery)
    return MosipAbis(service.present_walk, gallery, gate.get, limits, _key(settings), pending)


def _key(settings: Settings) -> RSAPrivateKey | None:
    if settings.mosip_key_file is None:
        return None
    try:
        key = load_pem_private_key(settings.mosip_key_file.read_bytes(), None)
    except (OSError, ValueError, TypeError):
        key = None
    if not isinstance(key, RSAPrivateKey):
        raise BiometricServiceError(
            ErrorCode.SETTINGS_INVALID, "mosip_key_file holds no RSA private key.", "Give an RSA key in PEM."
        )
    return key


def _make_gallery(service: Service, gallery: GalleryId) -> None:
    if gallery not in service.store.galleries():
        caller = Caller(ACTOR, PURPOSE)
        created = AuditEvent(EventKind.GALLERY_CREATED, datetime.now(UTC), caller, None, gallery)
        service.store.create_gallery(gallery, created)
