"""Frames signed by scanners: what is signed byte for byte, keys for their owner alone, and what is not believed."""

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from biometric_service.api.access.certificates import device_of
from biometric_service.audit.log import ChainedLog
from biometric_service.capture.devices import png
from biometric_service.capture.files import ImageLimits
from biometric_service.capture.vouching import RegisteredScanners, SignedFrameRules
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.master_keys import choose_master_key
from biometric_service.references.opening import OpenedStore, open_store
from biometric_service.vocabulary.access import Principal, Scope
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.references import ALL_GALLERIES
from biometric_service.vocabulary.samples import FrameSignature
from device_drivers.errors import DeviceError
from device_drivers.frames import frame_of
from device_drivers.protocol import Characteristic, DeviceInfo, Frame, Setting
from device_drivers.signing.signer import FrameSigner, SignedStatement, make_key, open_signer
from device_drivers.signing.statement import Statement
from tests.emulators.benches.bench import ridges
from tests.live_service import event

HOW_TO = Path(__file__).parents[2] / "docs" / "how_to" / "sign_frames.md"
INFO = DeviceInfo("test://scanner", "test", "scanner", "1", frozenset({Characteristic.FINGERPRINT}), 500.0)
OFFICER = Caller("officer", "intake", "desk")
LIMITS = ImageLimits(1_000_000, 1_000_000)
GREY = ridges()
COLOUR = np.random.default_rng(1).integers(0, 255, (40, 30, 3), np.uint8)


def frame(pixels: np.ndarray = GREY) -> Frame:
    return frame_of(pixels, 500.0, INFO, (Setting("position", "2"),))


@dataclass(frozen=True)
class Scanner:
    """A scanner's signer and the certificate that it is registered with."""

    signer: FrameSigner
    certificate: str
    key: Path


@pytest.fixture(scope="module")
def scanner(tmp_path_factory: pytest.TempPathFactory) -> Scanner:
    folder = tmp_path_factory.mktemp("keys")
    key, certificate = folder / "scanner.key", folder / "scanner.pem"
    make_key(key, certificate, "Scanner 1")
    return Scanner(open_signer("scanner-1", key), certificate.read_text(), key)


@pytest.fixture
def signer(scanner: Scanner) -> FrameSigner:
    return scanner.signer


def registered(opened: OpenedStore, scanner: Scanner, device: str = "scanner-1", *scopes: Scope) -> None:
    rights = Principal(
        device, device, frozenset(scopes or {Scope.CAPTURE}), frozenset({ALL_GALLERIES}), frozenset({"intake"}), None
    )
    made = device_of(rights, scanner.certificate)
    opened.devices.register(made, event(EventKind.DEVICE_REGISTERED))


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[OpenedStore]:
    key = choose_master_key("", tmp_path / "master.key", "")
    with closing(open_store(f"sqlite:///{tmp_path}/store.db", key, ChainedLog)) as made:
        yield made


@pytest.fixture
def scanners(opened: OpenedStore, scanner: Scanner) -> RegisteredScanners:
    registered(opened, scanner)
    return RegisteredScanners(opened.devices, SignedFrameRules(("release", "gate-3"), 60.0), LIMITS)


def as_sent(signed: SignedStatement) -> FrameSignature:
    said = signed.statement
    return FrameSignature(said.device, said.captured_at, said.nonce, said.dpi, said.position, signed.signature)


def refusal(
    scanners: RegisteredScanners, data: bytes, signature: FrameSignature, caller: Caller = OFFICER
) -> ErrorCode:
    with pytest.raises(BiometricServiceError) as caught:
        scanners.vouched(data, signature, caller, "enrolment")
    return caught.value.code


def test_the_statement_is_byte_for_byte_as_the_how_to_shows_it() -> None:
    shown = re.search(r"```text\n(biometric-frame-1\n.*?)```", HOW_TO.read_text(encoding="utf-8"), re.DOTALL)
    assert shown
    moment = datetime(2026, 3, 4, 5, 6, 7, 123456, tzinfo=UTC)
    said = Statement("scanner-1", "0123456789abcdef" * 2, moment, "ab" * 32, (804, 1000, 1), 500.0, 2)
    assert said.canonical().decode() == shown[1]
    assert replace(said, dpi=None).canonical().endswith(b"dpi=-\nposition=2\n")


@pytest.mark.parametrize("changed", [{"device": "a\nb"}, {"device": ""}, {"nonce": "0\n1"}])
def test_nothing_can_be_written_into_another_line(changed: dict[str, str]) -> None:
    whole = {"device": "scanner-1", "nonce": "00"} | changed
    with pytest.raises(ValueError, match="one line"):
        Statement(whole["device"], whole["nonce"], datetime.now(UTC), "", (1, 1, 1))


def test_a_new_key_is_for_its_owner_alone_and_never_written_over(tmp_path: Path) -> None:
    key, certificate = tmp_path / "scanner.key", tmp_path / "scanner.pem"
    make_key(key, certificate, "Scanner")
    assert key.stat().st_mode & 0o777 == 0o600
    x509.load_pem_x509_certificate(certificate.read_bytes())
    with pytest.raises(DeviceError, match="is there already"):
        make_key(key, tmp_path / "other.pem", "Scanner")
    key.chmod(0o640)
    with pytest.raises(DeviceError, match="Others may read"):
        open_signer("scanner-1", key)
    other = ec.generate_private_key(ec.SECP256R1())
    key.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    key.chmod(0o600)
    with pytest.raises(DeviceError, match="another kind"):
        open_signer("scanner-1", key)


@pytest.mark.parametrize("pixels", [GREY, COLOUR], ids=["grey", "colour"])
def test_what_a_registered_scanner_signed_is_believed_once_for_each_use(
    scanners: RegisteredScanners, signer: FrameSigner, pixels: np.ndarray
) -> None:
    seen = frame(pixels)
    data, signature = png(seen.pixels, 500.0), as_sent(signer.signed(seen))
    assert scanners.vouched(data, signature, OFFICER, "identification").actor == "device:scanner-1"
    assert scanners.vouched(data, signature, OFFICER, "enrolment").id == "scanner-1"
    assert refusal(scanners, data, signature) is ErrorCode.FRAME_REPLAYED
    assert scanners.vouched(data, as_sent(signer.signed(seen)), OFFICER, "enrolment").id == "scanner-1"


@pytest.mark.parametrize(
    "changed",
    [
        {"nonce": "ff" * 16},
        {"dpi": 1000.0},
        {"dpi": None},
        {"position": 7},
        {"device": "scanner-2"},
        {"device": "no\nbody"},
        {"signature": bytes(64)},
        {"signature": b""},
        {"captured_at": datetime.now(UTC)},
    ],
    ids=["nonce", "dpi", "no dpi", "position", "device", "two lines", "signature", "no signature", "moment"],
)
def test_nothing_of_what_was_signed_can_be_changed(
    opened: OpenedStore, scanners: RegisteredScanners, signer: FrameSigner, changed: dict[str, object]
) -> None:
    assert len(opened.devices.devices()) == 1
    signature = replace(as_sent(signer.signed(frame())), **changed)  # type: ignore[arg-type]
    assert refusal(scanners, png(GREY, 500.0), signature) is ErrorCode.FRAME_UNTRUSTED


def test_one_pixel_of_another_grey_is_not_what_was_signed(scanners: RegisteredScanners, signer: FrameSigner) -> None:
    other = GREY.copy()
    other[5, 5] ^= 1
    signature = as_sent(signer.signed(frame()))
    assert refusal(scanners, png(other, 500.0), signature) is ErrorCode.FRAME_UNTRUSTED
    assert refusal(scanners, png(GREY.T.copy(), 500.0), signature) is ErrorCode.FRAME_UNTRUSTED
    assert scanners.vouched(png(GREY, 500.0), signature, OFFICER, "enrolment").id == "scanner-1"


@pytest.mark.parametrize("off", [timedelta(seconds=-90), timedelta(seconds=90)])
def test_a_frame_of_long_ago_or_of_the_future_is_stale(
    scanners: RegisteredScanners, signer: FrameSigner, off: timedelta
) -> None:
    then = replace(frame(), captured_at=datetime.now(UTC) + off)
    assert refusal(scanners, png(GREY, 500.0), as_sent(signer.signed(then))) is ErrorCode.FRAME_STALE


def test_a_scanner_that_was_revoked_or_may_not_capture_is_not_believed(
    opened: OpenedStore, scanners: RegisteredScanners, scanner: Scanner
) -> None:
    signature, data = as_sent(scanner.signer.signed(frame())), png(GREY, 500.0)
    assert refusal(scanners, data, signature, Caller("officer", "release")) is ErrorCode.FRAME_UNTRUSTED
    opened.devices.revoke("scanner-1", event(EventKind.DEVICE_REVOKED))
    assert refusal(scanners, data, signature) is ErrorCode.FRAME_UNTRUSTED
    registered(opened, scanner, "scanner-9", Scope.IDENTIFY)
    elsewhere = as_sent(open_signer("scanner-9", scanner.key).signed(frame()))
    assert refusal(scanners, data, elsewhere) is ErrorCode.FRAME_UNTRUSTED


def test_signatures_are_demanded_by_purpose_or_post(opened: OpenedStore, scanners: RegisteredScanners) -> None:
    assert [scanners.demanded(Caller("x", *each)) for each in (("release",), ("intake", "gate-3"), ("intake",))] == [
        True,
        True,
        False,
    ]
    assert RegisteredScanners(opened.devices, SignedFrameRules("*", 1.0), LIMITS).demanded(OFFICER)
