"""One camera of three gets dirty: found within so many checks (chance parts ties), nothing is said of the others."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter

from biometric_service.recognition.enrolment import enrol
from biometric_service.recognition.identification import identify
from biometric_service.recognition.requests import EnrolmentOutcome, EnrolmentRequest, GivenImage, IdentificationRequest
from biometric_service.settings import Settings
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.references import GalleryId, SubjectId
from biometric_service.vocabulary.samples import Modality
from tests.live_service import OPERATIONS, LiveService, live_service

pytestmark = [pytest.mark.models, pytest.mark.shared_data]

CAMERAS = ("gate-1", "gate-2", "yard")
DIRTY = "gate-2"
PEOPLE = 12
HEALTHY, WITHIN = 100, 100
INMATES = GalleryId("inmates")


@pytest.fixture(scope="module")
def photographs(shared_data: Path) -> list[list[bytes]]:
    """Three photographs of each of twelve people."""
    folders = sorted((shared_data / "faces" / "lfw_half").iterdir())
    people = [sorted(folder.iterdir()) for folder in folders]
    return [[path.read_bytes() for path in files[:4]] for files in people if len(files) >= 4][:PEOPLE]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, photographs: list[list[bytes]]) -> Iterator[LiveService]:
    chosen = Settings(data_dir=tmp_path_factory.mktemp("prison"), fingerprint_model="", drift_seconds=0)
    with live_service(chosen) as live:
        live.gallery(INMATES)
        for number, (first, *_) in enumerate(photographs[: PEOPLE // 2]):
            images = (GivenImage(first, Modality.FACE),)
            asked = EnrolmentRequest(images, SubjectId(f"P-{number}"), frozenset({INMATES}), despite_duplicates=True)
            enrolled = enrol(live.service.walk, asked, Caller("desk", "enrolment", "desk"))
            assert enrolled.outcome is EnrolmentOutcome.ENROLLED
        yield live


def dirty(photograph: bytes) -> bytes:
    """Smeared and dim glass."""
    picture = Image.open(BytesIO(photograph)).filter(ImageFilter.GaussianBlur(3.5))
    out = BytesIO()
    ImageEnhance.Contrast(ImageEnhance.Brightness(picture).enhance(0.7)).enhance(0.6).save(out, "PNG")
    return out.getvalue()


def checked(live: LiveService, camera: str, photograph: bytes) -> None:
    asked = IdentificationRequest((GivenImage(photograph, Modality.FACE, device=camera),), INMATES)
    identify(live.service.walk, asked, Caller("officer", "movement", camera))


def test_a_camera_that_gets_dirty_is_found_and_the_others_are_left_alone(
    live: LiveService, photographs: list[list[bytes]]
) -> None:
    chance = np.random.default_rng(3)
    probes = [photograph for person in photographs for photograph in person[1:]]

    def round_of_checks(dirtied: bool) -> None:  # noqa: FBT001
        for camera in CAMERAS:
            photograph = probes[int(chance.integers(len(probes)))]
            checked(live, camera, dirty(photograph) if dirtied and camera == DIRTY else photograph)

    for _ in range(HEALTHY):
        round_of_checks(dirtied=False)
    assert read(live)["alarms"] == 0
    for _ in range(WITHIN):
        round_of_checks(dirtied=True)
        found = read(live)
        if found["alarms"]:
            break
    alarms = {(stream["device"], stream["measure"]): stream["alarm"] for stream in found["streams"] if stream["alarm"]}
    assert {device for device, _ in alarms} == {DIRTY}
    assert alarms[DIRTY, "face_quality"]["direction"] == "lower"
    told = [each.event for each in live.service.store.events(0, 1000) if each.event.kind is EventKind.DRIFT_FOUND]
    assert {each.details["device"] for each in told} == {DIRTY}
    metrics = live.client(live.key()).get("/metrics").text
    assert 'biometric_drift_alarms{measure="face_quality"} 1.0' in metrics


def read(live: LiveService) -> dict[str, Any]:
    answer = live.client(live.key()).get(f"{OPERATIONS}/drift", params={"purpose": "audit"})
    assert answer.status_code == 200, answer.text
    assert live.last_event().kind in {EventKind.DRIFT_READ, EventKind.DRIFT_FOUND}
    read: dict[str, Any] = answer.json()
    return read
