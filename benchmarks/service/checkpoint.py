"""How long somebody stands at a checkpoint: ``python -m benchmarks.service.checkpoint FACES [--people 200] [--json]``.

Enrols one photograph of each of so many people (FACES: a folder a person, as LFW) with a service in a process of its
own, gives a checkpoint its slice, and checks other photographs of them: by the service, then with the service stopped
on the slice. Printed are milliseconds from the file of the picture to the answer (median, 99th percentile, longest),
how long the slice took and how large it is, and how many were passed.
"""

import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import numpy as np
import typer
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from benchmarks.service.running import event, running
from biometric_service.api.access.certificates import device_of
from biometric_service.app.checkpoints import Setup, open_checkpoint, walk_on_slices
from biometric_service.app.service import settings_store
from biometric_service.app.stages import build_stages
from biometric_service.app.warming import recognise_ahead
from biometric_service.checkpoint.checkpoint import Checkpoint, CheckpointRules
from biometric_service.checkpoint.identity import DeviceIdentity
from biometric_service.checkpoint.link import Asked
from biometric_service.client import Client, Image, enrolment
from biometric_service.client.sending import Connection
from biometric_service.recognition.requests import GivenImage
from biometric_service.settings import Settings
from biometric_service.vocabulary.access import ANY_PURPOSE, Principal, Scope
from biometric_service.vocabulary.decisions import Movement, Passage
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.places import Post, PostId, Zone, ZoneId
from biometric_service.vocabulary.references import GalleryId
from biometric_service.vocabulary.samples import Modality

INMATES = GalleryId("inmates")
POST = Post(PostId("gate"), "Gate", ZoneId("wing"), ZoneId("yard"), INMATES)


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds from the picture to the answer. ``passed``: of ``checks``; ``offline``: decided on the slice."""

    checks: int
    passed: int
    offline: int
    median_ms: float
    p99_ms: float
    longest_ms: float


@dataclass(frozen=True, slots=True)
class Figures:
    """``slice_s``: from asking for a whole slice to holding it; ``slice_mb``: on the device's disk."""

    people: int
    slice_s: float
    slice_mb: float
    online: Times
    offline: Times


def measure(faces: Path, people: int, folder: Path) -> Figures:
    """Everything, on a store of its own in the folder."""
    photographs = list(islice(_pairs(faces), people))
    identity = _set_up(folder)
    with running(folder, folder / "log", {"fingerprint_model": "", "processes": 1}) as service:
        with Client(service.url, service.key) as client:
            for name, (first, _) in photographs:
                client.ask(enrolment([Image.face(first)], subject=name, galleries=[INMATES], purpose="benchmark",
                                     despite_duplicates=True))  # fmt: skip
        settings = Settings(data_dir=folder, fingerprint_model="", tls=False)
        setup = Setup(CheckpointRules(POST.id), identity, folder / "device", folder / "device.key")
        stages = build_stages(settings)
        recognise_ahead(stages.extractors, stages.assessors)
        build = walk_on_slices(stages, settings)
        with open_checkpoint(setup, build, service.url, Connection(seconds=5)) as checkpoint:
            begun = time.perf_counter()
            checkpoint.keep_up()
            slice_s = time.perf_counter() - begun
            online = _times(checkpoint, photographs)
            assert service.process
            service.process.terminate()
            service.process.wait()
            offline = _times(checkpoint, photographs)
    size = (folder / "device" / "slice.db").stat().st_size / 1e6
    return Figures(len(photographs), round(slice_s, 2), round(size, 2), online, offline)


def main(
    faces: Annotated[Path, typer.Argument(help="Photographs of people, a folder each.")],
    people: Annotated[int, typer.Option(help="How many are enrolled and checked.")] = 200,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(faces, people, Path(folder))
    if as_json:
        print(json.dumps(asdict(figures), indent=2))
        return
    print(f"{figures.people} people; a slice of {figures.slice_mb} MB in {figures.slice_s} s")
    for name, times in (("with the service", figures.online), ("on the slice", figures.offline)):
        took = f"median {times.median_ms:.0f} ms, 99 % {times.p99_ms:.0f} ms, longest {times.longest_ms:.0f} ms"
        print(f"{name}: {took}; {times.passed} of {times.checks} passed")


def _pairs(faces: Path) -> Iterator[tuple[str, tuple[bytes, bytes]]]:
    for folder in sorted(path for path in faces.iterdir() if path.is_dir()):
        files = sorted(folder.iterdir())
        if len(files) > 1:
            yield folder.name, (files[0].read_bytes(), files[1].read_bytes())


def _times(checkpoint: Checkpoint, photographs: Sequence[tuple[str, tuple[bytes, bytes]]]) -> Times:
    took, passed, offline = [], 0, 0
    for _, (_, second) in photographs:
        begun = time.perf_counter()
        answer = checkpoint.check(Asked(uuid4().hex, (GivenImage(second, Modality.FACE),), Movement.IN))
        took.append(1000 * (time.perf_counter() - begun))
        passed += answer.passage is Passage.PASS
        offline += answer.offline
    return Times(len(took), passed, offline, *(round(float(np.percentile(took, share)), 1) for share in (50, 99, 100)))


def _set_up(folder: Path) -> DeviceIdentity:
    """A gallery, a post, and a registered device."""
    key = ec.generate_private_key(ec.SECP256R1())
    (folder / "device.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    scopes = frozenset({Scope.MOVEMENT, Scope.SLICE_READ})
    rights = Principal("gate", "gate", scopes, frozenset({INMATES}), frozenset({ANY_PURPOSE}), None)
    with settings_store(Settings(data_dir=folder, tls=False)) as opened:
        opened.store.create_gallery(INMATES, event(EventKind.GALLERY_CREATED))
        for zone in (Zone(POST.from_zone, "Wing"), Zone(POST.to_zone, "Yard")):
            opened.day.places.set_zone(zone, event(EventKind.ZONE_SET))
        opened.day.places.set_post(POST, event(EventKind.POST_SET))
        opened.devices.register(device_of(rights, _certificate(key)), event(EventKind.DEVICE_REGISTERED))
    return DeviceIdentity("gate", key)


def _certificate(key: ec.EllipticCurvePrivateKey) -> str:
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "gate")]), datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()


if __name__ == "__main__":
    typer.run(main)
