"""Signed frames through HTTP and the command line: kept with the scanner that took them, refused where they are not."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as Pictures
from typer.testing import CliRunner

from biometric_service import client as biometrics
from biometric_service.api.access.certificates import device_of
from biometric_service.app import settings_store
from biometric_service.cli import app
from biometric_service.client import Client, Connection, Finger, Image, Patience, ServiceFault
from biometric_service.errors import ErrorCode
from biometric_service.settings import Settings, load_settings
from biometric_service.vocabulary.access import ANY_PURPOSE, Principal, Scope
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.references import ALL_GALLERIES, SubjectId
from biometric_service.vocabulary.samples import Modality
from device_drivers.frames import frame_of
from device_drivers.protocol import Characteristic, DeviceInfo, Frame, Setting
from device_drivers.signing.signer import FrameSigner, make_key, open_signer
from tests.live_service import LiveService, event, live_service
from tests.osia_service import ASKING, Samples, encounter
from tests.ten_prints import ten_fingers

pytestmark = [pytest.mark.models, pytest.mark.shared_data]

INFO = DeviceInfo("test://scanner", "test", "scanner", "1", frozenset({Characteristic.FINGERPRINT}), 500.0)
POSITION = Setting("position", "2")


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    folder = tmp_path_factory.mktemp("data")
    settings = Settings(data_dir=folder, face_model="", signed_frames=("intake",))
    with live_service(settings) as live:
        live.gallery("ours")
        make_key(folder / "scanner.key", folder / "scanner.pem", "Scanner 1")
        rights = Principal(
            "scanner-1",
            "Scanner 1",
            frozenset({Scope.CAPTURE}),
            frozenset({ALL_GALLERIES}),
            frozenset({ANY_PURPOSE}),
            None,
        )
        made = device_of(rights, (folder / "scanner.pem").read_text())
        live.service.devices.register(made, event(EventKind.DEVICE_REGISTERED))
        yield live


@pytest.fixture
def signer(live: LiveService) -> FrameSigner:
    return open_signer("scanner-1", live.service.settings.data_dir / "scanner.key")


@pytest.fixture
def client(live: LiveService) -> Iterator[Client]:
    connection = Connection(patience=Patience(tries=1))
    with Client(live.url, live.key(), connection) as opened:
        yield opened


@pytest.fixture(scope="module")
def finger(shared_data: Path) -> np.ndarray:
    return ten_fingers(shared_data)[2]


def frame(finger: np.ndarray) -> Frame:
    return frame_of(finger, 500.0, INFO, (POSITION,))


def refused(client: Client, image: Image) -> ErrorCode:
    with pytest.raises(ServiceFault) as caught:
        client.ask(biometrics.enrolment([image], subject="P-9", galleries=["ours"], purpose="intake"))
    assert caught.value.code is not None
    return caught.value.code


def test_a_signed_frame_is_kept_with_its_scanner_and_cannot_be_sent_again(
    live: LiveService, client: Client, signer: FrameSigner, finger: np.ndarray
) -> None:
    seen = frame(finger)
    signed = signer.signed(seen)
    image = Image.of_frame(seen, Modality.FINGERPRINT, Finger.UNKNOWN, signed)
    made = client.ask(biometrics.enrolment([image], subject="P-1", galleries=["ours"], purpose="intake"))
    assert made.outcome == "enrolled"
    told = live.last_event()
    assert (told.kind, told.details["signed_by"]) == (EventKind.SUBJECT_ENROLLED, "scanner-1")
    [kept] = client.ask(biometrics.encounters("P-1", purpose="intake")).encounters
    [sample] = kept.samples
    assert (sample.device, sample.position, sample.captured_at) == (
        "device:scanner-1",
        Finger.RIGHT_INDEX,
        seen.captured_at,
    )
    assert refused(client, image) is ErrorCode.FRAME_REPLAYED


def test_what_is_unsigned_changed_old_or_of_another_finger_is_refused(
    client: Client, signer: FrameSigner, finger: np.ndarray
) -> None:
    seen = frame(finger)
    assert refused(client, Image.of_frame(seen, Modality.FINGERPRINT)) is ErrorCode.FRAME_UNSIGNED
    other = Image.of_frame(frame(255 - finger), Modality.FINGERPRINT)
    assert refused(client, replace(other, signed=signer.signed(seen))) is ErrorCode.FRAME_UNTRUSTED
    old = replace(seen, captured_at=datetime.now(UTC) - timedelta(hours=1))
    assert (
        refused(client, Image.of_frame(old, Modality.FINGERPRINT, signed=signer.signed(old))) is ErrorCode.FRAME_STALE
    )
    left = Image.of_frame(seen, Modality.FINGERPRINT, Finger.LEFT_INDEX, signer.signed(seen))
    assert refused(client, left) is ErrorCode.REQUEST_INVALID


def test_nobody_passes_for_a_scanner_without_its_key(client: Client, finger: np.ndarray) -> None:
    image = Image.of_frame(frame(finger), Modality.FINGERPRINT)
    with pytest.raises(ServiceFault, match="nobody signed"):
        client.ask(biometrics.identification([image], gallery="ours", purpose="roll-call", device="device:scanner-1"))


def test_an_unsigned_image_will_do_for_purposes_that_demand_no_signature(client: Client, finger: np.ndarray) -> None:
    image = Image.of_frame(frame(finger), Modality.FINGERPRINT)
    answer = client.ask(biometrics.identification([image], gallery="ours", purpose="roll-call"))
    assert answer.samples[0].usable


def test_osia_cannot_go_around_a_demand_for_signatures(live: LiveService, shared_data: Path) -> None:
    sent = encounter(Samples(shared_data).finger("Amelie"), galleries=["ours"])
    answer = live.client(live.key(purposes=frozenset({"intake"}))).post(
        "/v1/persons/P-8/encounters/E-1", params=ASKING, json=sent
    )
    assert (answer.status_code, "signed by a registered scanner" in answer.text) == (403, True), answer.text


def typed(*words: str) -> str:
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == 0, f"{done.output} {done.exception}"
    return done.stdout


def test_from_a_new_key_to_a_signed_enrolment_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, finger: np.ndarray
) -> None:
    monkeypatch.setenv("BIOMETRIC_DATA_DIR", str(tmp_path / "service"))
    monkeypatch.setenv("BIOMETRIC_FACE_MODEL", "")
    monkeypatch.setenv("BIOMETRIC_SIGNED_FRAMES", '["intake"]')
    scans, key, certificate = (tmp_path / name for name in ("scans", "scanner.key", "scanner.pem"))
    scans.mkdir()
    Pictures.fromarray(finger).save(scans / "finger.png", dpi=(500, 500))
    typed("devices", "make-frame-key", "--key", str(key), "--certificate", str(certificate))
    assert key.stat().st_mode & 0o777 == 0o600
    typed("devices", "register", "scanner-1", str(certificate))
    [listed] = json.loads(typed("devices", "registered", "--json"))["devices"]
    assert (listed["id"], listed["scopes"]) == ("scanner-1", "abis.capture")
    enrol = ("enrol", "--subject", "P-1", "--device", f"folder://{scans}", "--json")
    unsigned = CliRunner().invoke(app, enrol)
    assert "frame_unsigned" in str(unsigned.exception)
    typed(*enrol, "--signing-key", str(key), "--scanner", "scanner-1")
    with settings_store(load_settings()) as opened:
        [kept] = opened.encounters.encounters(SubjectId("P-1"))
    assert kept.encounter.samples[0].sample.source.device == "device:scanner-1"
    typed("devices", "revoke", "scanner-1")
    again = CliRunner().invoke(app, [*enrol, "--subject", "P-2", "--signing-key", str(key), "--scanner", "scanner-1"])
    assert "frame_untrusted" in str(again.exception)
