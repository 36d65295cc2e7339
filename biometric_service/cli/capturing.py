"""Images of one person, from files or from a device at which the person is helped."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import typer

from biometric_service.capture.devices import device_failed, png
from biometric_service.capture.session.events import CaptureEvent, Ended, Ending, Seen, Taken
from biometric_service.capture.session.guided import GuidedCapture, Running, run
from biometric_service.capture.session.judging import Judge
from biometric_service.capture.session.plan import Plan
from biometric_service.cli.live import Showing, showing
from biometric_service.cli.people import Reading, image_files, parse_numbers
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.recognition.judging import WalkJudge
from biometric_service.recognition.requests import GivenImage
from biometric_service.recognition.walk import Walk
from biometric_service.vocabulary.references import CaptureException
from biometric_service.vocabulary.samples import FingerPosition, FrameSignature
from device_drivers.errors import Reason
from device_drivers.signing.signer import FrameSigner, SignedStatement


@dataclass(frozen=True, slots=True)
class Captured:
    """What a session took, and which fingers are not there."""

    images: tuple[GivenImage, ...]
    exceptions: tuple[CaptureException, ...] = ()


@dataclass(frozen=True, slots=True)
class Source:
    """Where images come from: paths, or a device.

    ``samples``: which numbers of files. ``json``: how events are shown.
    """

    paths: Sequence[Path] | None
    device: str | None
    samples: str | None = None
    json: bool = False


def images_of(walk: Walk, source: Source, reading: Reading) -> tuple[GivenImage, ...]:
    """The images in the paths, or what the device gives at once; REQUEST_INVALID for both or neither."""
    require_one(source)
    if source.device is not None:
        plan = Plan(reading.modality, shows=reading.shows, dpi=reading.dpi)
        return captured(source.device, plan, WalkJudge.of(walk), showing(json=source.json)).images
    return tuple(file.read(reading) for file in image_files(source.paths or (), parse_numbers(source.samples)))


def require_one(source: Source) -> None:
    """REQUEST_INVALID unless there are either paths or a device."""
    if (source.device is None) == (not source.paths):
        raise BiometricServiceError(
            ErrorCode.REQUEST_INVALID, "It is not clear where the images are.", "Name image files or a --device."
        )


class Signing:
    """Signs every frame that a session sees whole; without a signer, none."""

    def __init__(self, show: Showing, signer: FrameSigner | None) -> None:
        self.show, self._signer = show, signer
        self._signed: dict[str, SignedStatement] = {}

    def event(self, event: CaptureEvent) -> None:
        """Sign what was seen, then show it."""
        if isinstance(event, Seen) and self._signer:
            self._signed[event.frame.digest] = self._signer.signed(event.frame)
        self.show.event(event)

    def given(self, taken: Taken) -> GivenImage:
        """What was taken, with the signature of the frame that it is the whole of."""
        sample = taken.sample
        data, signed = png(sample.pixels, sample.dpi), self._signed.get(sample.digest)
        signature = _signature(signed) if signed else None
        return GivenImage(data, sample.modality, sample.position, sample.dpi, sample.source.device, signature)


def captured(url: str, plan: Plan, judge: Judge, show: Showing, signer: FrameSigner | None = None) -> Captured:
    """What a session on the device took, signed where there is a ``signer``.

    DEVICE_FAILED for a fault of the device, SAMPLES_UNUSABLE where not everything was captured that should be.
    """
    return taken_by(GuidedCapture(url, plan, judge), Signing(show, signer))


def taken_by(session: GuidedCapture, signing: Signing, within: Running = asyncio.run) -> Captured:
    """What the session took, in the event loop of whoever runs it; as ``captured``."""
    show = signing.show
    with show:
        ended = run(session, signing.event, within)
    if ended.ending is not Ending.COMPLETE:
        raise _refusal(ended, show.last_advice)
    return Captured(tuple(map(signing.given, session.progress.taken)), session.progress.exceptions)


def _signature(signed: SignedStatement) -> FrameSignature:
    said = signed.statement
    return FrameSignature(said.device, said.captured_at, said.nonce, said.dpi, said.position, signed.signature)


def _refusal(ended: Ended, advice: str) -> Exception:
    if ended.ending is Ending.CANCELLED:
        return typer.Abort()
    if ended.missing:
        named = ", ".join(map(_name, ended.missing))
        action = "Capture them, or say why not with --exception FINGER=amputated|bandaged|missing|damaged."
        return BiometricServiceError(
            ErrorCode.SAMPLES_UNUSABLE, f"Not captured: {named}. {advice or ended.why}", action
        )
    if ended.ending is Ending.REFUSED or (ended.ending is Ending.TIMED_OUT and advice):
        return BiometricServiceError(
            ErrorCode.SAMPLES_UNUSABLE,
            f"Nothing was captured that can be used. {advice or ended.why}",
            "Capture again.",
        )
    return device_failed(ended.fault or Reason.TIMEOUT, ended.why)


def _name(position: FingerPosition) -> str:
    return position.name.lower().replace("_", " ")
