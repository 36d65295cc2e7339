"""``biometric-service enrol`` on image files, folders of many people, or a device."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer
from rich.progress import track

from biometric_service.app import open_service
from biometric_service.capture.session.plan import Plan
from biometric_service.cli.capturing import Captured, Source, captured, images_of
from biometric_service.cli.live import showing
from biometric_service.cli.options import (
    BestOfOption,
    DeviceOption,
    DpiOption,
    ModalityOption,
    NumbersOption,
    PathsArgument,
    PatienceOption,
    PositionOption,
    PurposeOption,
    exceptions_named,
    fingers_named,
    operator,
    scan_named,
)
from biometric_service.cli.people import ImageFile, Reading, by_subject, image_files, parse_numbers
from biometric_service.cli.printing import JsonOption, err, print_json, print_table
from biometric_service.cli.registering import device_faults
from biometric_service.errors import FAULTS_OF_AN_IMAGE, BiometricServiceError, ErrorCode
from biometric_service.recognition.enrolment import enrol
from biometric_service.recognition.judging import WalkJudge
from biometric_service.recognition.requests import Enrolment, EnrolmentOutcome, EnrolmentRequest, LikeFingers
from biometric_service.recognition.walk import Walk
from biometric_service.settings import load_settings
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.quality import INSTRUCTIONS
from biometric_service.vocabulary.references import GalleryId, SubjectId
from biometric_service.vocabulary.samples import Modality
from device_drivers.signing.signer import open_signer

FAULTS_OF_ONE = FAULTS_OF_AN_IMAGE | {ErrorCode.SUBJECT_EXISTS}
FINE = frozenset({EnrolmentOutcome.ENROLLED.value, ErrorCode.SUBJECT_EXISTS.value})


@dataclass(frozen=True, slots=True)
class EnrolmentLine:
    """What became of one person of a folder."""

    subject: str
    images: int
    outcome: str
    advice: str


def enrol_people(  # noqa: PLR0913, PLR0917 - options of a command line
    paths: PathsArgument = None,
    subject: Annotated[str | None, typer.Option(help="Id of the person; without it, as the paths name people.")] = None,
    modality: ModalityOption = Modality.FINGERPRINT,
    position: PositionOption = "unknown",
    dpi: DpiOption = None,
    gallery: Annotated[str, typer.Option("--gallery", "-g", help="Gallery; made where it is not there.")] = "inmates",
    purpose: PurposeOption = "intake",
    samples: NumbersOption = None,
    device: DeviceOption = None,
    fingers: Annotated[
        str, typer.Option(help="Fingers that must be captured at the device: ten, or names with commas.")
    ] = "",
    slaps: Annotated[bool, typer.Option(help="Ask for slaps: right four, left four, both thumbs.")] = False,  # noqa: FBT002 - an option of a command line
    exception: Annotated[
        list[str] | None, typer.Option(help="A finger that cannot be captured: left-ring=amputated.")
    ] = None,
    signing_key: Annotated[
        Path | None, typer.Option(help="Key of the scanner, that what it captures is signed with.")
    ] = None,
    scanner: Annotated[str, typer.Option(help="Id that the scanner with that key is registered under.")] = "",
    best_of: BestOfOption = 1,
    seconds: PatienceOption = 10.0,
    *,
    despite_duplicates: Annotated[
        bool, typer.Option(help="Enrol even somebody who seems to be enrolled under another id.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Enrol one person, or everyone a folder shows; who is enrolled already is passed over, so it can be run again."""
    reading = Reading(modality, scan_named(position), dpi)
    absent = exceptions_named(exception or ())
    with device_faults("The scanner's key cannot be used"):
        signer = open_signer(scanner, signing_key) if signing_key else None
    plan = Plan(modality, fingers_named(fingers), absent, reading.shows, slaps, dpi, best_of, seconds)
    caller = operator(purpose, device or "")
    with open_service(load_settings()) as service:
        require_gallery_made(service.walk, GalleryId(gallery), caller)
        intake = Intake(service.walk, GalleryId(gallery), caller, despite_duplicates)
        if device is not None and not paths:
            found = captured(device, plan, WalkJudge.of(service.walk), showing(json=json), signer)
            lines = [intake.keep(subject or str(uuid4()), found)]
        elif device is not None or subject is not None:
            given = images_of(service.walk, Source(paths, device, samples), reading)
            lines = [intake.keep(subject or str(uuid4()), Captured(given, absent))]
        else:
            people = by_subject(image_files(paths or [], parse_numbers(samples)))
            tracked = track(people.items(), "Enrolling", console=err)
            lines = [intake.keep_in_spite(name, files, reading) for name, files in tracked]
    _print_lines(lines, json=json)


def require_gallery_made(walk: Walk, gallery: GalleryId, caller: Caller) -> None:
    """Make the gallery where it is not there yet."""
    if gallery not in walk.store.galleries():
        walk.store.create_gallery(
            gallery, AuditEvent(EventKind.GALLERY_CREATED, datetime.now(UTC), caller, None, gallery)
        )


@dataclass(frozen=True, slots=True)
class Intake:
    """Enrols people into one gallery."""

    walk: Walk
    gallery: GalleryId
    caller: Caller
    despite_duplicates: bool

    def keep(self, subject: str, found: Captured) -> EnrolmentLine:
        """Enrol one person; raises what ``enrol`` raises."""
        galleries = frozenset({self.gallery})
        request = EnrolmentRequest(
            found.images, SubjectId(subject), galleries, found.exceptions, self.despite_duplicates
        )
        return _line(enrol(self.walk, request, self.caller))

    def keep_in_spite(self, subject: str, files: Sequence[ImageFile], reading: Reading) -> EnrolmentLine:
        """Enrol one of many; what is wrong with this one is no reason to give up the others."""
        try:
            return self.keep(subject, Captured(tuple(file.read(reading) for file in files)))
        except BiometricServiceError as fault:
            if fault.code not in FAULTS_OF_ONE:
                raise
            return EnrolmentLine(subject, len(files), fault.code.value, f"{fault.message} {fault.action}")


def _line(answer: Enrolment) -> EnrolmentLine:
    advice = [INSTRUCTIONS[report.failure] for report in answer.samples if report.failure]
    if answer.outcome is EnrolmentOutcome.DUPLICATE_SUSPECTED and answer.duplicates:
        likely = " or ".join(candidate.subject for candidate in answer.duplicates.candidates[:2])
        advice.append(
            f"Seems to be enrolled as {likely}: compare them, then --despite-duplicates if it is somebody else."
        )
    if answer.alike:
        pairs = "; ".join(_pair(each) for each in answer.alike)
        advice.append(f"Captured twice, or the hands are swapped: {pairs}. Compare the fingers and capture again.")
    return EnrolmentLine(answer.subject, len(answer.samples), answer.outcome.value, " ".join(advice))


def _pair(alike: LikeFingers) -> str:
    return " looks like ".join(each.name.lower().replace("_", " ") for each in alike.positions)


def _print_lines(lines: Sequence[EnrolmentLine], *, json: bool) -> None:
    counts = dict(Counter(line.outcome for line in lines))
    if json:
        print_json({"people": lines, "summary": counts})
    else:
        print_table("Enrolment", ("subject", "images", "outcome", "advice"), (astuple(line) for line in lines))
        print_table("Summary", tuple(counts), [tuple(counts.values())])
    if not counts.keys() <= FINE:
        raise typer.Exit(2)
