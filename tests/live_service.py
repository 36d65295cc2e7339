"""A service that really listens, for tests that speak HTTP to it."""

import hashlib
import json
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import uvicorn
from cryptography.hazmat.primitives.serialization import Encoding

from benchmarks.synthesis.dataset import Order, fulfil
from biometric_service.app.listening import listening
from biometric_service.app.service import Service, open_service
from biometric_service.app.serving import build_application
from biometric_service.settings import Settings
from biometric_service.vocabulary.access import ANY_PURPOSE, ApiKey, Device, Scope
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.references import ALL_GALLERIES, Encounter, EncounterId, GalleryId, SubjectId
from tests.certificates import Identity, identity

PATIENCE_S = 300.0
TEST = Caller("test", "test")
OPERATIONS = "/v1/operations"
TLS = ssl.create_default_context()
"""Made once: it takes longer than a request, and is not even used."""


def event(kind: EventKind) -> AuditEvent:
    return AuditEvent(kind, datetime.now(UTC), TEST)


@dataclass(frozen=True)
class LiveService:
    """``url``: where it listens."""

    url: str
    service: Service
    clients: list[httpx.Client] = field(default_factory=list)

    def key(
        self,
        scopes: frozenset[Scope] = frozenset(Scope),
        galleries: frozenset[str] = frozenset({ALL_GALLERIES}),
        purposes: frozenset[str] = frozenset({ANY_PURPOSE}),
        owner: str = "",
    ) -> str:
        reach = frozenset(map(GalleryId, galleries))
        key = ApiKey(uuid4().hex[:12], "test", scopes, reach, purposes, None, owner=owner)
        return self.service.api_keys.create(key, event(EventKind.API_KEY_CREATED))

    def client(self, key: str | None = None) -> httpx.Client:
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        once = httpx.Limits(max_keepalive_connections=0)  # a connection kept by each of a thousand would fill it
        how: dict[str, Any] = {"timeout": PATIENCE_S, "trust_env": False, "limits": once, "verify": TLS}
        client = httpx.Client(base_url=self.url, headers=headers, **how)
        self.clients.append(client)
        return client

    def gallery(self, name: str) -> None:
        self.service.store.create_gallery(GalleryId(name), event(EventKind.GALLERY_CREATED))

    def subject(self, name: str, *galleries: str, encounter: str = "first") -> None:
        reach = frozenset(map(GalleryId, galleries))
        kept = Encounter(SubjectId(name), EncounterId(encounter), reach, datetime.now(UTC), ())
        self.service.store.enrol(kept, event(EventKind.SUBJECT_ENROLLED))

    def device(
        self,
        gallery: str,
        of: Identity | None = None,
        scopes: frozenset[Scope] = frozenset(Scope),
        purposes: frozenset[str] = frozenset({ANY_PURPOSE}),
        also: Sequence[str] = (),
    ) -> Device:
        certificate = (of or identity("device")).certificate.public_bytes(Encoding.DER)
        device = Device(
            f"{gallery}-{uuid4().hex[:8]}",
            "A device",
            scopes,
            frozenset(map(GalleryId, (gallery, *also))),
            purposes,
            None,
            certificate,
            hashlib.sha256(certificate).hexdigest(),
        )
        self.service.devices.register(device, event(EventKind.DEVICE_REGISTERED))
        return device

    def last_event(self) -> AuditEvent:
        return self.service.store.events(self.service.verify_audit() - 1, 1)[0].event


@contextmanager
def live_service(settings: Settings, *, tls: bool = False) -> Iterator[LiveService]:
    """However slow the machine, recognition has its time."""
    changes = {"tls": tls, "recognition_seconds": PATIENCE_S}
    with open_service(settings.model_copy(update=changes)) as service, listening_service(service) as live:
        yield live


@contextmanager
def listening_service(service: Service, port: int = 0) -> Iterator[LiveService]:
    """``port``: 0 for any that is free."""
    config = listening(build_application(service), service.settings)
    config.port = port
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    scheme = "https" if service.settings.tls else "http"
    live = LiveService(f"{scheme}://127.0.0.1:{_port(server, thread)}", service)
    try:
        yield live
    finally:
        for client in live.clients:
            client.close()
        server.should_exit = True
        thread.join()


def without_models(data_dir: Path, **changes: Any) -> Settings:  # noqa: ANN401
    """Settings of a service that recognises nothing, which is all that access and limits need."""
    return Settings(data_dir=data_dir, fingerprint_model="", face_model="", **{"failures_per_minute": 1e6, **changes})


def _port(server: uvicorn.Server, thread: threading.Thread) -> int:
    while not server.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.01)
    port: int = server.servers[0].sockets[0].getsockname()[1]
    return port


def synthetic_fingers(folder: Path, fingers: int, impressions: int = 2) -> None:
    """Impressions of fingers of nobody, ``00001_1.png`` and on."""
    for _ in fulfil(Order(folder, fingers, impressions, seed=1), workers=1):
        pass


def asking(images: Sequence[bytes], **request: object) -> dict[str, Any]:
    """Keyword arguments of httpx for a form with fingerprints."""
    listed = [{"modality": "fingerprint", "file": f"image-{number}"} for number in range(len(images))]
    text = json.dumps({"purpose": "test", "images": listed, **request})
    return {"data": {"request": text}, "files": {f"image-{number}": image for number, image in enumerate(images)}}
