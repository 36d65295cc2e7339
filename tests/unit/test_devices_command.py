"""``biometric-service devices``: what it prints and writes, and what it says when it cannot."""

import json
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from biometric_service.capture.devices import capture_one, device_info
from biometric_service.cli import app
from biometric_service.errors import BiometricServiceError
from biometric_service.vocabulary.samples import Modality
from device_drivers.registry import FAMILIES, device
from tests.emulators.http_camera import HttpCamera
from tests.emulators.zfm_module import ZfmModule

HOW_TO = Path(__file__).parents[2] / "docs" / "how_to" / "connect_devices.md"


@pytest.fixture
def module() -> Iterator[ZfmModule]:
    with closing(ZfmModule()) as made:
        yield made


@pytest.fixture
def camera() -> Iterator[HttpCamera]:
    with closing(HttpCamera()) as made:
        made.sending.set()
        yield made


def devices(*words: object) -> str:
    done = CliRunner().invoke(app, ["devices", *map(str, words)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_every_family_is_listed_and_its_example_is_a_device() -> None:
    listed = json.loads(devices("families", "--json"))["families"]
    assert [family["scheme"] for family in listed][: len(FAMILIES)] == list(FAMILIES)
    for family in FAMILIES.values():
        assert device(family.example).info.captures
        assert family.scheme in devices("families")


def test_the_how_to_tells_of_every_family_and_of_no_other() -> None:
    rows = re.findall(r"^\| `([a-z0-9+-]+)://", HOW_TO.read_text(encoding="utf-8"), re.MULTILINE)
    assert {scheme.replace("https", "http") for scheme in FAMILIES} == set(rows)


def test_info_shows_no_password() -> None:
    shown = devices("info", "http+mjpeg://guard:secret@camera/stream?size=1", "--json")
    assert "secret" not in shown
    assert json.loads(shown)["url"] == "http+mjpeg://camera/stream?size=1"


def test_a_captured_fingerprint_is_written_exactly_and_with_its_dpi(module: ZfmModule, tmp_path: Path) -> None:
    module.finger = True
    told = json.loads(devices("capture", f"zfm://{module.path}", tmp_path / "finger.png", "--json"))
    assert (told["width"], told["height"], told["dpi"]) == (256, 288, 500.0)
    with Image.open(tmp_path / "finger.png") as image:
        np.testing.assert_array_equal(np.asarray(image), module.levels * 17)
        assert image.info["dpi"][0] == pytest.approx(500, abs=0.1)


def test_a_captured_face_keeps_its_colours(camera: HttpCamera, tmp_path: Path) -> None:
    url = f"http+snapshot://{camera.address}/picture.jpg"
    devices("capture", url, tmp_path / "face.png", "--modality", "face")
    with Image.open(tmp_path / "face.png") as image, Image.open(_file(tmp_path, camera.picture)) as sent:
        np.testing.assert_array_equal(np.asarray(image), np.asarray(sent))


def test_a_password_opens_a_camera_and_is_not_kept(camera: HttpCamera) -> None:
    camera.locked = True
    with pytest.raises(BiometricServiceError, match="permission"):
        capture_one(f"http+mjpeg://{camera.address}/stream?size=1", Modality.FACE)
    frame = capture_one(f"http+mjpeg://guard:pass%20word@{camera.address}/stream?size=1", Modality.FACE)
    assert frame.device.url == f"http+mjpeg://{camera.address}/stream?size=1"


@pytest.mark.parametrize(("path", "reason"), [("none", "not_found"), ("page", "protocol")])
def test_a_wrong_page_of_a_camera_is_told_apart(camera: HttpCamera, path: str, reason: str) -> None:
    with pytest.raises(BiometricServiceError, match=reason):
        capture_one(f"http+mjpeg://{camera.address}/{path}", Modality.FACE)


def test_the_person_is_advised_while_no_finger_is_there(module: ZfmModule) -> None:
    advice: list[str] = []
    with pytest.raises(BiometricServiceError, match="timeout"):
        capture_one(f"zfm://{module.path}", Modality.FINGERPRINT, advice.append, seconds=0.3)
    assert advice == ["Place the finger flat on the reader."]


def test_a_url_of_no_family_is_refused_with_those_there_are() -> None:
    with pytest.raises(BiometricServiceError, match="bad_address") as caught:
        device_info("carrier-pigeon://loft")
    assert "zfm" in caught.value.action


def _file(folder: Path, data: bytes) -> Path:
    path = folder / "sent.jpg"
    path.write_bytes(data)
    return path
