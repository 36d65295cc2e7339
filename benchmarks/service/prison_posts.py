"""The prison of the simulated day: a store full of people, the service in a process of its own, posts with agents."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

import httpx
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from benchmarks.free_port import free_port
from benchmarks.service.running import event, new_key
from benchmarks.service.template_models import template_stages
from biometric_service.app.checkpoints import Setup, make_checkpoint, walk_on_slices
from biometric_service.app.service import settings_store
from biometric_service.checkpoint.answers import OnlineAnswer
from biometric_service.checkpoint.checkpoint import Checkpoint, CheckpointRules
from biometric_service.checkpoint.http_link import HttpLink, Place
from biometric_service.checkpoint.identity import DeviceIdentity
from biometric_service.checkpoint.link import Asked
from biometric_service.checkpoint.queue import QueuedEvent
from biometric_service.client.faults import NoAnswer
from biometric_service.client.sending import Connection
from biometric_service.references.opening import OpenedStore
from biometric_service.settings import PREFIX, Settings
from biometric_service.vocabulary.access import ANY_PURPOSE, Device, Scope
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.places import OnDiscrepancy, Post, PostId, Zone, ZoneId
from biometric_service.vocabulary.references import (
    ChangeNumber,
    Encounter,
    EncounterId,
    EnrolledSample,
    GalleryId,
)
from biometric_service.vocabulary.samples import CaptureSource, FingerPosition, Modality, SampleFacts

if TYPE_CHECKING:
    from benchmarks.service.prison_people import Person
    from benchmarks.service.prison_receiver import Receiver

DAY_S: Final = 12 * 3600.0
POSTS: Final = ("wing-a", "wing-b", "wing-c", "wing-d", "clinic", "workshop")
GALLERY: Final = GalleryId("inmates")
YARD: Final = ZoneId("yard")
PURPOSE: Final = "movement"
TOLD: Final = ("subject.moved", "subject.blocked", "subject.counted")
ANSWER_S: Final = 5.0
UP_S: Final = 300.0
KEEP_UP_EVERY_S: Final = 1.0
OPERATIONS: Final = "/v1/operations"
SCOPES: Final = frozenset({Scope.SLICE_READ, Scope.MOVEMENT})


@dataclass(slots=True)
class CutLink:
    """The line of a post; ``cut``: nothing gets through."""

    link: HttpLink
    cut: bool = False

    def check(self, asked: Asked) -> OnlineAnswer:
        """Let the service decide."""
        return self._line().check(asked)

    def slice(self, held: ChangeNumber, *, awaited: bool = False) -> bytes:
        """The slice that goes on from a change."""
        return self._line().slice(held, awaited=awaited)

    def tell(self, event: QueuedEvent) -> None:
        """Tell what was decided here."""
        self._line().tell(event)

    def standing(self, nonce: str) -> str:
        """How the device stands."""
        return self._line().standing(nonce)

    def _line(self) -> HttpLink:
        if self.cut:
            raise NoAnswer("The line is cut.")
        return self.link


@dataclass(slots=True)
class Prison:
    """``checkpoints`` and ``links``: by the number of the post."""

    service: "ServiceProcess"
    key: str
    checkpoints: list[Checkpoint]
    links: list[CutLink]
    muster: str = ""
    _kept_up: dict[int, float] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def restart(self) -> None:
        """End the service as an operator does, and start it anew."""
        self.service.stop()
        self.service.start()

    def keep_up_now_and_then(self, post: int) -> None:
        """What the agent does beside its checks."""
        if time.monotonic() - self._kept_up.get(post, 0.0) > KEEP_UP_EVERY_S:
            self._kept_up[post] = time.monotonic()
            self.checkpoints[post].keep_up()

    def keep_up(self) -> None:
        """Until no agent has anything left to tell."""
        until = time.monotonic() + UP_S
        for link in self.links:
            link.cut = False
        while any(each.keep_up().waiting for each in self.checkpoints) and time.monotonic() < until:
            time.sleep(0.2)

    def start_muster(self) -> str:
        """Begin to count everybody."""
        said = self._asked("musters", {"purpose": PURPOSE, "galleries": [GALLERY], "shown": "either"})
        self.muster = str(said["muster"])
        return self.muster

    def count(self, muster: str, picture: bytes) -> Mapping[str, Any]:
        """Somebody stands before who counts."""
        request = json.dumps({"purpose": PURPOSE, "images": [{"modality": "fingerprint", "file": "finger"}]})
        given = {"data": {"request": request}, "files": {"finger": picture}}
        state: Mapping[str, Any] = self._asked(f"musters/{muster}/checks", None, **given)
        return state

    def close_muster(self) -> Mapping[str, int]:
        """End the count; its figures."""
        if not self.muster:
            return {}
        with self._client() as client:
            board = client.get(f"{OPERATIONS}/musters/{self.muster}", params={"purpose": PURPOSE}).json()
        self._asked(f"musters/{self.muster}/closing", {"purpose": PURPOSE})
        return {name: int(value) for name, value in board["tally"].items()}

    def _asked(self, path: str, body: object, **given: Any) -> Any:  # noqa: ANN401
        """Asked again while the service is away: a count that was cut off is told as one made before."""
        until = time.monotonic() + UP_S
        while True:
            try:
                with self._client() as client:
                    answer = client.post(f"{OPERATIONS}/{path}", json=body, **given)
            except httpx.TransportError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.2)
                continue
            answer.raise_for_status()
            return answer.json()

    def _client(self) -> httpx.Client:
        return httpx.Client(base_url=self.service.url, headers={"X-Api-Key": self.key}, timeout=60, trust_env=False)


@contextmanager
def opened_prison(folder: Path, people: "Sequence[Person]", receiver: "Receiver") -> Iterator[Prison]:
    """Everybody enrolled, every post with its agent, and the receiver told of what happens."""
    data = folder / "data"
    settings = Settings(data_dir=data, tls=False)
    key = new_key(settings)
    with settings_store(settings) as opened:
        _fill(opened, people)
        devices = [_device(opened, number, folder) for number in range(len(POSTS))]
    service = ServiceProcess(data, folder / "said", receiver.url)
    service.start()
    try:
        with ExitStack() as stack:
            _subscribe(service.url, key, receiver)
            links = [
                CutLink(stack.enter_context(_link(service.url, post, devices[post][0]))) for post in range(len(POSTS))
            ]
            agents = [_agent(folder, post, devices[post], links[post], settings) for post in range(len(POSTS))]
            for each in agents:
                each.keep_up()
            yield Prison(service, key, agents, links)
    finally:
        service.stop()


@dataclass(slots=True)
class ServiceProcess:
    """The service on a port of its own, the same after a restart."""

    data: Path
    log: Path
    told: str
    port: int = field(default_factory=free_port)
    _process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        given = {
            "data_dir": self.data,
            "port": self.port,
            "tls": "false",
            "fingerprint_model": "",
            "face_model": "",
            "recognition_waiting": 64,
            "outbound_origins": json.dumps([self.told]),
            "outbound_networks": '["127.0.0.0/8"]',
        }
        environment = {**os.environ, **{f"{PREFIX}{name}".upper(): str(value) for name, value in given.items()}}
        with self.log.open("ab") as said:
            command = (sys.executable, "-m", "benchmarks.service.template_service")
            self._process = subprocess.Popen(command, env=environment, stdout=said, stderr=said)  # noqa: S603 - our own
        until = time.monotonic() + UP_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"the service did not come up: {self.log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.2)

    def stop(self) -> None:
        """Let it drain."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait()
            self._process = None

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=10, trust_env=False).is_success
        except httpx.TransportError:
            return False


def _fill(opened: OpenedStore, people: "Sequence[Person]") -> None:
    opened.store.create_gallery(GALLERY, event(EventKind.GALLERY_CREATED))
    for zone in (YARD, *map(ZoneId, POSTS)):
        opened.day.places.set_zone(Zone(zone, zone), event(EventKind.ZONE_SET))
    for name in POSTS:
        post = Post(PostId(name), name, ZoneId(name), YARD, GALLERY, on_discrepancy=OnDiscrepancy.FLAG)
        opened.day.places.set_post(post, event(EventKind.POST_SET))
    for person in people:
        opened.store.enrol(_encounter(person), event(EventKind.SUBJECT_ENROLLED))


def _encounter(person: "Person") -> Encounter:
    now = datetime.now(UTC)
    facts = SampleFacts(
        Modality.FINGERPRINT, 500.0, FingerPosition.UNKNOWN, CaptureSource("synthetic", now), f"{person.number:064x}"
    )
    sample = EnrolledSample(facts, b"", (person.impression(1),), 60.0)
    return Encounter(person.id, EncounterId("intake"), frozenset({GALLERY}), now, (sample,))


def _device(opened: OpenedStore, number: int, folder: Path) -> tuple[DeviceIdentity, Path]:
    key, name = ec.generate_private_key(ec.SECP256R1()), f"gate-{number}"
    subject, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), datetime.now(UTC)
    made = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    signed = (
        made.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=2)).sign(key, SHA256())
    )
    device = Device(
        name,
        name,
        SCOPES,
        frozenset({GALLERY}),
        frozenset({ANY_PURPOSE}),
        None,
        signed.public_bytes(Encoding.DER),
        signed.fingerprint(SHA256()).hex(),
    )
    opened.devices.register(device, event(EventKind.DEVICE_REGISTERED))
    file = folder / f"{name}.key"
    file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    file.chmod(0o600)
    return DeviceIdentity(name, key), file


def _link(url: str, post: int, identity: DeviceIdentity) -> HttpLink:
    return HttpLink(url, identity, Place(POSTS[post], PURPOSE), Connection(seconds=ANSWER_S))


def _agent(
    folder: Path, post: int, device: tuple[DeviceIdentity, Path], link: CutLink, settings: Settings
) -> Checkpoint:
    rules = CheckpointRules(POSTS[post], PURPOSE)
    setup = Setup(rules, device[0], folder / f"agent-{post}", device[1])
    return make_checkpoint(setup, walk_on_slices(template_stages(), settings), link)


def _subscribe(url: str, key: str, receiver: "Receiver") -> None:
    wanted = {"name": "The day", "url": f"{receiver.url}/hook", "types": TOLD, "galleries": [GALLERY]}
    with httpx.Client(base_url=url, headers={"X-Api-Key": key}, trust_env=False, timeout=60) as client:
        answer = client.post(f"{OPERATIONS}/subscriptions", json={"purpose": "benchmark", **wanted})
    answer.raise_for_status()
    receiver.secret = answer.json()["secret"]
