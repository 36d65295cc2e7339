"""What is known of an intake and of a capture, as bytes to be sealed."""

import json
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from biometric_service.references.protection import Binding, tampered
from biometric_service.vocabulary.intakes import Advice, Intake, IntakeCapture, Mark, MarkKind, PoseHint
from biometric_service.vocabulary.particulars import SexCode
from biometric_service.vocabulary.quality import Defect
from biometric_service.vocabulary.references import CaptureException, ExceptionKind, Json
from biometric_service.vocabulary.samples import FingerPosition


def details_binding(intake: str) -> Binding:
    """Binds who it is said to be to the intake."""
    return Binding(f"intake {intake} details".encode())


def capture_binding(intake: str, place: str, part: str) -> Binding:
    """Binds the facts or the image of a capture to its place in the intake."""
    return Binding(f"intake {intake} {place} {part}".encode())


def pack_details(intake: Intake) -> bytes:
    """As JSON: who it is said to be, and what is in the clear beside it, so that nobody changes that by hand."""
    person = intake.person
    return json.dumps(
        {
            "name": person.name,
            "born": _text(person.born),
            "sex": person.sex,
            "circumstances": person.circumstances,
            "legal_basis": person.legal_basis,
            "exceptions": [[int(each.position), each.kind, _text(each.since)] for each in intake.exceptions],
            "standing": _standing(intake),
        }
    ).encode()


def unpack_details(packed: bytes, intake: Intake) -> Intake:
    """The intake, read from what is in the clear, with what ``pack_details`` packed; RECORD_TAMPERED if they differ.

    One that was begun before this was sealed carries nothing to compare.
    """
    said: dict[str, Any] = json.loads(packed)
    if said.get("standing", _standing(intake)) != _standing(intake):
        raise tampered()
    person = replace(
        intake.person,
        name=said["name"],
        born=_date(said["born"]),
        sex=SexCode(said["sex"]) if said.get("sex") else None,
        circumstances=said["circumstances"],
        legal_basis=said["legal_basis"],
    )
    exceptions = (
        CaptureException(FingerPosition(position), ExceptionKind(kind), _date(since))
        for position, kind, since in said["exceptions"]
    )
    return replace(intake, person=person, exceptions=tuple(exceptions))


def _standing(intake: Intake) -> list[Json]:
    known_by = [intake.state.value, intake.person.subject, intake.opened_by, intake.encounter]
    return [*known_by, sorted(intake.galleries), sorted(intake.found)]


def pack_capture(capture: IntakeCapture) -> bytes:
    """As JSON."""
    mark = capture.mark
    return json.dumps(
        {
            "at": capture.at.isoformat(),
            "quality": capture.quality,
            "digest": capture.digest,
            "dpi": capture.dpi,
            "device": capture.device,
            "vouched": capture.vouched,
            "defects": list(capture.defects),
            "mark": [mark.kind, mark.place, mark.description] if mark else None,
        }
    ).encode()


def unpack_capture(packed: bytes, place: str) -> IntakeCapture:
    """What ``pack_capture`` packed."""
    said: dict[str, Any] = json.loads(packed)
    mark = said["mark"]
    return IntakeCapture(
        place=place,
        at=datetime.fromisoformat(said["at"]),
        quality=said["quality"],
        digest=said["digest"],
        dpi=said["dpi"],
        device=said["device"],
        vouched=said["vouched"],
        defects=tuple(map(_advice, said["defects"])),
        mark=Mark(MarkKind(mark[0]), mark[1], mark[2]) if mark else None,
    )


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _advice(text: str) -> Advice:
    return PoseHint(text) if text in set(PoseHint) else Defect(text)


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
