"""Options that several commands take."""

import os
import pwd
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

import typer

from biometric_service.capture.session.plan import TEN
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.settings import load_settings
from biometric_service.texts.speaking import Language
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.references import CaptureException, ExceptionKind, GalleryId, SubjectId
from biometric_service.vocabulary.samples import FingerPosition, Modality

PathsArgument = Annotated[list[Path] | None, typer.Argument(help="Image files, or folders that hold them.")]
ModalityOption = Annotated[Modality, typer.Option("--modality", "-m", help="What the images show.")]
PositionOption = Annotated[
    str, typer.Option("--position", "-p", help="Which finger, for example right-index; unknown where nobody knows.")
]
DpiOption = Annotated[
    float | None, typer.Option(help="Pixels an inch, where neither the file nor a file named dpi beside it says it.")
]
GalleryOption = Annotated[str, typer.Option("--gallery", "-g", help="Gallery; ALL for every one when searching.")]
LanguageOption = Annotated[Language, typer.Option(help="Language of the pages, or of a table's heading.")]
PurposeOption = Annotated[str, typer.Option(help="What it is for; kept in the audit log.")]
NumbersOption = Annotated[
    str | None, typer.Option("--samples", help="Only samples with these numbers: 3, 1-2 or 3- (NAME_NUMBER.png).")
]
DeviceOption = Annotated[
    str | None, typer.Option("--device", help="Capture from this device instead (biometric-service devices families).")
]


def position_named(name: str) -> FingerPosition:
    """The finger position of a name such as ``right-index``."""
    try:
        return FingerPosition[name.upper().replace("-", "_")]
    except KeyError:
        names = ", ".join(each.name.lower().replace("_", "-") for each in FingerPosition)
        raise typer.BadParameter(f"{name} is no finger; take one of {names}") from None


SCANS = {"right-four": 13, "left-four": 14, "thumbs": 15}
"""What else a scan may show, as friction ridge position codes."""
PatienceOption = Annotated[
    float, typer.Option("--seconds", min=0.1, help="How long to wait at a device for the next good picture.")
]
BestOfOption = Annotated[
    int, typer.Option("--best-of", min=1, max=20, help="How many good pictures of a live device to choose from.")
]


def scan_named(name: str) -> int:
    """The friction ridge position code of a finger such as ``right-index``, or of ``right-four`` and the like."""
    return SCANS[name] if name in SCANS else position_named(name).value


def fingers_named(names: str) -> tuple[FingerPosition, ...]:
    """The fingers of ``ten``, or of names with commas between them; none of an empty text."""
    if names == "ten":
        return TEN
    return tuple(position_named(each.strip()) for each in names.split(",") if each.strip())


def exceptions_named(said: Sequence[str]) -> tuple[CaptureException, ...]:
    """Fingers that cannot be captured, each as ``left-ring=amputated``."""
    return tuple(_exception(*each.partition("=")[::2]) for each in said)


def _exception(finger: str, kind: str) -> CaptureException:
    try:
        return CaptureException(position_named(finger), ExceptionKind(kind or ExceptionKind.MISSING))
    except ValueError:
        raise typer.BadParameter(f"{kind} is none of {', '.join(ExceptionKind)}") from None


def administration_event(
    kind: EventKind,
    subject: SubjectId | None = None,
    gallery: GalleryId | None = None,
    details: Mapping[str, str] = MappingProxyType({}),
) -> AuditEvent:
    """What whoever is logged in to this machine does now as an administrator."""
    return AuditEvent(kind, datetime.now(UTC), operator("administration"), subject, gallery, details)


def operator(purpose: str, device: str = "") -> Caller:
    """The account of this machine that runs the command, whatever its environment says."""
    return Caller(f"cli:{_account()}", purpose, device, legal_basis=load_settings().legal_basis(purpose))


def officer(purpose: str) -> Caller:
    """The account as one of the officers who are counted; NOT_AUTHORISED where they need an owner."""
    if load_settings().owners_required:
        message = "An account of this machine has no owner, and officers who are counted need one (owners_required)."
        action = "Do it at the console, or over HTTP, by a key that is yours."
        raise BiometricServiceError(ErrorCode.NOT_AUTHORISED, message, action)
    return operator(purpose)


def _account() -> str:
    """The name of the real uid, or its number where it has none."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
