"""A checkpoint without a camera: templates of nobody, a service that compares them, and a link that can be cut."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from benchmarks.synthesis.templates import FORMAT
from biometric_service.app.checkpoints import Setup, make_checkpoint, walk_on_slices
from biometric_service.app.service import Service, open_service
from biometric_service.app.stages import Stages
from biometric_service.checkpoint.answers import OnlineAnswer
from biometric_service.checkpoint.checkpoint import Checkpoint, CheckpointRules
from biometric_service.checkpoint.http_link import HttpLink, Place
from biometric_service.checkpoint.identity import DeviceIdentity
from biometric_service.checkpoint.link import Asked
from biometric_service.checkpoint.queue import QueuedEvent
from biometric_service.client.faults import NoAnswer
from biometric_service.client.sending import Connection
from biometric_service.comparison.fingerprint.cylinder import CylinderComparator
from biometric_service.gallery.exact import ExactGallery
from biometric_service.gallery.follower import GalleryFollower
from biometric_service.recognition.movement import check_movement
from biometric_service.recognition.requests import MovementRequest
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.decisions import Movement
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.places import Post, PostId, Zone, ZoneId
from biometric_service.vocabulary.references import ChangeNumber, GalleryId, SubjectId
from biometric_service.vocabulary.samples import Modality
from tests.certificates import Identity, identity
from tests.live_service import OPERATIONS, LiveService, event, listening_service, without_models
from tests.template_walk import INMATES, calibration, given_template

WING, YARD = ZoneId("wing"), ZoneId("yard")
ZONES = (Zone(WING, "Wing A"), Zone(YARD, "Yard"))
POST = Post(PostId("gate"), "Gate", WING, YARD, INMATES)
DEVICE_SCOPES = frozenset({Scope.SLICE_READ, Scope.MOVEMENT})
TAKES_KEYS = DEVICE_SCOPES | {Scope.OFFICER_KEYS}
BY_HAND = frozenset({Scope.MANUAL_CHECK})


@dataclass
class Clock:
    """A clock that is set by hand."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.now

    def later(self, **by: float) -> None:
        self.now += timedelta(**by)


@contextmanager
def comparing_service(folder: Path, **changes: object) -> Iterator[LiveService]:
    """A service that compares synthetic minutiae, with no model to load."""
    with (
        open_service(without_models(folder, tls=False, **changes)) as service,
        listening_service(on_templates(service)) as live,
    ):
        if INMATES not in service.store.galleries():
            live.gallery(INMATES)
        yield live


def on_templates(service: Service) -> Service:
    comparator = CylinderComparator(FORMAT, calibration())
    index = ExactGallery(comparator)
    walk = replace(
        service.walk,
        comparators={Modality.FINGERPRINT: comparator},
        indexes={Modality.FINGERPRINT: index},
        follower=GalleryFollower(service.store, [index]),
    )
    return replace(service, present_walk=lambda: walk)


def registered(
    live: LiveService, gallery: str = INMATES, scopes: frozenset[Scope] = DEVICE_SCOPES, also: Sequence[str] = ()
) -> DeviceIdentity:
    made: Identity = identity("gate")
    return DeviceIdentity(live.device(gallery, made, scopes, also=also).id, made.key)


@dataclass
class DirectLink:
    """The service in this process for checks, over HTTP for all else; the line can be cut, or lose answers."""

    live: LiveService
    device: DeviceIdentity
    cut: bool = False
    lossy: bool = False
    checked: int = 0

    def check(self, asked: Asked) -> OnlineAnswer:
        self._require_line()
        walk = self.live.service.walk
        request = MovementRequest(
            asked.images,
            GalleryId(asked.gallery),
            POST.id,
            asked.direction,
            asked.claimed,
            walk.day.places.post(POST.id),
            asked.id,
        )
        ruling = check_movement(walk, request, Caller(f"device:{self.device.id}", "movement")).passed.ruling
        self.checked += 1
        self._require_line(lossy=self.lossy)
        return OnlineAnswer(
            ruling.passage, ruling.subject, tuple(each.sentence for each in ruling.why), (), ruling.ground.value
        )

    def slice(self, held: ChangeNumber, *, awaited: bool = False) -> bytes:
        self._require_line()
        with self._http() as link:
            return link.slice(held, awaited=awaited)

    def tell(self, event: QueuedEvent) -> None:
        self._require_line()
        with self._http() as link:
            link.tell(event)
        self._require_line(lossy=self.lossy)

    def standing(self, nonce: str) -> str:
        self._require_line()
        with self._http() as link:
            return link.standing(nonce)

    def _http(self) -> HttpLink:
        return HttpLink(self.live.url, self.device, Place(POST.id, "movement"), Connection())

    def _require_line(self, *, lossy: bool = False) -> None:
        if self.cut or lossy:
            raise NoAnswer("The line is cut.")


@dataclass
class AtThePost:
    """A checkpoint with its hands: ``folder`` keeps what it keeps, so that it can be begun anew."""

    live: LiveService
    device: DeviceIdentity
    folder: Path
    link: DirectLink
    clock: Clock

    def begin(self, **rules: Any) -> Checkpoint:  # noqa: ANN401
        (self.folder / "device.key").write_bytes(private_pem(self.device))
        setup = Setup(CheckpointRules(POST.id, **rules), self.device, self.folder, self.folder / "device.key")
        comparator = CylinderComparator(FORMAT, calibration())
        stages = Stages(lambda given: pytest.fail(f"no image: {given}"), {}, {}, {}, {Modality.FINGERPRINT: comparator})
        return make_checkpoint(
            setup, walk_on_slices(stages, self.live.service.settings), self.link, self.clock, self.ticks
        )

    def ticks(self) -> float:
        return self.clock.now.timestamp()


def private_pem(device: DeviceIdentity) -> bytes:
    return device.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def at_the_post(
    live: LiveService,
    folder: Path,
    galleries: Sequence[str] = (INMATES,),
    scopes: frozenset[Scope] = DEVICE_SCOPES,
) -> AtThePost:
    device = registered(live, galleries[0], scopes, also=galleries[1:])
    return AtThePost(live, device, folder, DirectLink(live, device), Clock())


def open_post(live: LiveService) -> None:
    """A wing, a yard, and the gate between them."""
    for zone in ZONES:
        live.service.day.places.set_zone(zone, event(EventKind.ZONE_SET))
    live.service.day.places.set_post(POST, event(EventKind.POST_SET))


def asked(person: int, impression: int = 2, claimed: str | None = None, passage: str | None = None) -> Asked:
    who = None if claimed is None else SubjectId(claimed)
    return Asked(passage or uuid4().hex, (given_template(person, impression),), Movement.IN, who)


def two_photographs(shared_data: Path, people: int) -> list[tuple[Path, Path]]:
    """Two photographs of each of so many real people."""
    folders = sorted(path for path in (shared_data / "faces" / "lfw_half").iterdir() if path.is_dir())
    several = [sorted(folder.iterdir()) for folder in folders]
    return [(files[0], files[1]) for files in several if len(files) > 1][:people]


def enrol_face(client: httpx.Client, photograph: Path, name: str, gallery: str = INMATES) -> None:
    """Enrol a real person over HTTP, under an id of no real one."""
    asked = {"purpose": "test", "subject": name, "galleries": [gallery]}
    request = json.dumps({**asked, "images": [{"modality": "face", "file": "face"}]})
    files = {"face": photograph.read_bytes()}
    answer = client.post(f"{OPERATIONS}/enrolments", data={"request": request}, files=files)
    assert answer.status_code == 201, answer.text
