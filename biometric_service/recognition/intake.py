"""Take a person in: open, say which fingers are missing, search everyone ever enrolled, and make the record.

The record is made by ``enrolment.enrol`` alone. An intake whose search finds somebody is refused there and then: cases
are opened for reviewers, and what was captured stays as evidence.
"""

import base64
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import uuid4

from biometric_service.capture.devices import png
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.recognition.adjudication import doubtful
from biometric_service.recognition.enrolment import enrol, rehearse, require_new
from biometric_service.recognition.intake_desk import IntakeDesk, intake_event
from biometric_service.recognition.intake_templates import recalling
from biometric_service.recognition.requests import Enrolment, EnrolmentOutcome, EnrolmentRequest, GivenImage
from biometric_service.recognition.walk import Walk
from biometric_service.vocabulary.adjudication import Verdict
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.intakes import (
    FACE_PLACES,
    FINGER_PLACES,
    FacePose,
    Intake,
    IntakePerson,
    IntakeState,
    IntakeStore,
    Namesake,
    NewCapture,
)
from biometric_service.vocabulary.protocols import CaseStore
from biometric_service.vocabulary.quality import Defect
from biometric_service.vocabulary.references import (
    CaptureException,
    Circumstances,
    EncounterId,
    EncounterKey,
    GalleryId,
    Json,
    SubjectId,
)
from biometric_service.vocabulary.samples import FingerPosition, Modality

KIND = "intake"
MARKS = "marks"
"""What the remarks of an encounter hold the marks under."""
FRONTAL = f"face_{FacePose.FRONTAL}"
_PAGE = 200


@dataclass(frozen=True, slots=True)
class IntakeFinding:
    """What a search found, or what became of the record.

    ``found``: subjects as like as asks for a look, the likest first. ``namesakes``: others of the same name.
    ``retake``: places whose capture could not be used, and why.
    """

    enrolment: Enrolment
    found: tuple[SubjectId, ...] = ()
    namesakes: tuple[Namesake, ...] = ()
    retake: tuple[tuple[str, Defect], ...] = ()


def open_intake(desk: IntakeDesk, person: IntakePerson, galleries: frozenset[GalleryId], caller: Caller) -> Intake:
    """Begin an intake; SUBJECT_EXISTS, GALLERY_UNKNOWN, REQUEST_INVALID."""
    require_new(desk.walk, person.subject)
    now = datetime.now(UTC)
    intake = Intake(uuid4().hex, IntakeState.OPEN, galleries, caller.actor, now, desk.until(), person)
    desk.intakes.open(intake, intake_event(EventKind.INTAKE_OPENED, caller, intake))
    return intake


def except_fingers(desk: IntakeDesk, intake: str, exceptions: Sequence[CaptureException], caller: Caller) -> Intake:
    """Say which fingers cannot be captured, why and since when; REQUEST_INVALID for one that is named twice."""
    present = desk.open_one(intake)
    named = [each.position for each in exceptions]
    if len(set(named)) < len(named) or FingerPosition.UNKNOWN in named:
        message = "A finger is named twice, or none is named."
        raise BiometricServiceError(ErrorCode.REQUEST_INVALID, message, "Name each finger once.")
    told = " ".join(f"{each.position.name.lower()}:{each.kind.value}" for each in exceptions)
    event = intake_event(EventKind.INTAKE_EXCEPTED, caller, present, exceptions=told)
    desk.intakes.except_fingers(intake, exceptions, event)
    return desk.intakes.intake(intake)


def discard(desk: IntakeDesk, intake: str, place: str, caller: Caller) -> None:
    """Destroy what was captured in a place, such as of the wrong finger."""
    event = intake_event(EventKind.INTAKE_DISCARDED, caller, desk.open_one(intake), place=place)
    desk.intakes.discard(intake, place, event)


def give_up(desk: IntakeDesk, intake: str, caller: Caller) -> None:
    """Destroy an intake that is not to become a record; INTAKE_CLOSED for evidence, which is not the officer's."""
    desk.intakes.wipe(intake, intake_event(EventKind.INTAKE_WIPED, caller, desk.open_one(intake)))


def picture(walk: Walk, capture: NewCapture) -> bytes:
    """A capture as a PNG file, which every browser shows, whatever it was given as."""
    given = _given(capture) or GivenImage(capture.image, Modality.FACE)
    sample = walk.decode(given)
    return png(sample.pixels, sample.dpi)


def missing(desk: IntakeDesk, intake: Intake) -> tuple[str, ...]:
    """The places that must be captured yet: fingers that are not excepted, and the face from the front."""
    absent = {each.position for each in intake.exceptions}
    fingers = [place for place, finger in FINGER_PLACES.items() if finger not in absent]
    faces = [FRONTAL] if Modality.FACE in desk.walk.extractors else []
    return tuple(place for place in [*fingers, *faces] if intake.at(place) is None)


def search(desk: IntakeDesk, intake: str, caller: Caller) -> IntakeFinding:
    """Search everyone ever enrolled, in all galleries, for the person, and all records for the name.

    An intake that finds somebody is refused. REQUEST_INVALID where nothing is captured yet, and what ``enrol`` raises.
    """
    present = desk.open_one(intake)
    captures = desk.intakes.images(intake)
    enrolment = rehearse(recalling(desk.walk, captures), _request(present, captures), caller)
    found = _found(enrolment)
    if enrolment.outcome is EnrolmentOutcome.DUPLICATE_SUSPECTED:
        _refuse(desk, present, found, caller)
    namesakes = _namesakes(desk, present, found)
    if enrolment.outcome is EnrolmentOutcome.ENROLLED:
        searched = str(enrolment.duplicates.searched if enrolment.duplicates else 0)
        told = {"searched": searched, "namesakes": " ".join(each.subject for each in namesakes)}
        desk.walk.store.record(intake_event(EventKind.INTAKE_SEARCHED, caller, present, **told))
    return IntakeFinding(enrolment, found, namesakes, _retake(present, enrolment))


def complete(desk: IntakeDesk, intake: str, caller: Caller) -> IntakeFinding:
    """Make the record, once however often it is asked for, and wipe the intake.

    A refused intake becomes one where reviewers found each likeness to be of different people, and is refused anew for
    whoever is like it and was not judged, such as somebody enrolled since. REQUEST_INVALID where something is missing,
    INTAKE_CLOSED where it stays refused, and what ``enrol`` raises.
    """
    present = desk.intakes.intake(intake)
    if present.state is IntakeState.COMPLETE or _is_made(desk, present):
        return _close(desk, present, None, caller)
    _require_all(desk, present)
    apart = _judged_apart(desk.walk.cases, present)
    captures = desk.intakes.images(intake)
    request = replace(_request(present, captures), judged_apart=apart)
    enrolment = enrol(recalling(desk.walk, captures), request, caller)
    if enrolment.outcome is EnrolmentOutcome.ENROLLED:
        return _close(desk, present, enrolment, caller)
    found = _found(enrolment, apart)
    if enrolment.outcome is EnrolmentOutcome.DUPLICATE_SUSPECTED:
        _refuse(desk, present, found, caller)
    return IntakeFinding(enrolment, found, (), _retake(present, enrolment))


def listed(caller: Caller, intakes: Sequence[Intake]) -> AuditEvent:
    """That these intakes were listed."""
    told = {"intakes": " ".join(each.id for each in intakes)}
    return AuditEvent(EventKind.INTAKES_LISTED, datetime.now(UTC), caller, None, None, told)


def expire(intakes: IntakeStore) -> int:
    """Destroy every intake that is over its time; returns how many."""
    now = datetime.now(UTC)
    return intakes.expire(now, AuditEvent(EventKind.INTAKE_EXPIRED, now, Caller("service", "retention")))


def _request(intake: Intake, captures: Sequence[NewCapture]) -> EnrolmentRequest:
    images = tuple(image for each in captures if (image := _given(each)) is not None)
    return EnrolmentRequest(
        images,
        intake.person.subject,
        intake.galleries,
        intake.exceptions,
        encounter=EncounterId(intake.id),
        circumstances=_circumstances(intake, captures),
    )


def _given(each: NewCapture) -> GivenImage | None:
    """The picture as the walk takes it, None for a mark."""
    capture = each.capture
    if capture.place in FACE_PLACES:
        return GivenImage(each.image, Modality.FACE, device=capture.device, vouched=capture.vouched)
    if capture.place not in FINGER_PLACES:
        return None
    finger = FINGER_PLACES[capture.place]
    return GivenImage(each.image, Modality.FINGERPRINT, finger, capture.dpi, capture.device, vouched=capture.vouched)


def _circumstances(intake: Intake, captures: Sequence[NewCapture]) -> Circumstances:
    person = intake.person
    marks: list[Json] = [_marked(each) for each in captures if each.capture.mark]
    known = {"name": person.name, "born": person.born.isoformat() if person.born else "", "sex": person.sex or ""}
    said = {"circumstances": person.circumstances, "intake": intake.id, "opened_by": intake.opened_by}
    return Circumstances(
        kind=KIND,
        legal_basis=person.legal_basis,
        contextual={name: text for name, text in said.items() if text},
        biographic={name: text for name, text in known.items() if text},
        remarks={MARKS: marks} if marks else {},
    )


def _marked(each: NewCapture) -> dict[str, Json]:
    mark = each.capture.mark
    assert mark is not None
    picture = base64.b64encode(each.image).decode()
    return {"kind": mark.kind.value, "place": mark.place, "description": mark.description, "picture": picture}


def _found(enrolment: Enrolment, apart: Collection[SubjectId] = ()) -> tuple[SubjectId, ...]:
    decision = enrolment.duplicates
    if decision is None or enrolment.outcome is not EnrolmentOutcome.DUPLICATE_SUSPECTED:
        return ()
    return tuple(each.subject for each in doubtful(decision, apart))


def _retake(intake: Intake, enrolment: Enrolment) -> tuple[tuple[str, Defect], ...]:
    """Samples are told in the order of what was captured, marks left out."""
    places = [each.place for each in intake.captures if each.mark is None]
    told = zip(places, enrolment.samples, strict=bool(enrolment.samples))
    return tuple((place, report.failure) for place, report in told if report.failure)


def _refuse(desk: IntakeDesk, intake: Intake, found: Sequence[SubjectId], caller: Caller) -> None:
    event = intake_event(EventKind.INTAKE_REFUSED, caller, intake, found=" ".join(found))
    desk.intakes.refuse(intake.id, [*intake.found, *found], desk.evidence_until(), event)


def _namesakes(desk: IntakeDesk, intake: Intake, found: Sequence[SubjectId]) -> tuple[Namesake, ...]:
    there = desk.intakes.namesakes(intake.person.name, intake.person.born)
    return tuple(each for each in there if each.subject not in found)


def _close(desk: IntakeDesk, intake: Intake, enrolment: Enrolment | None, caller: Caller) -> IntakeFinding:
    name = EncounterId(intake.id)
    if intake.state is not IntakeState.COMPLETE:
        event = intake_event(EventKind.INTAKE_COMPLETED, caller, intake)
        desk.intakes.complete(intake.id, name, desk.until(), event)
    made = Enrolment(EnrolmentOutcome.ENROLLED, intake.person.subject, name, None, (), None)
    return IntakeFinding(enrolment or made)


def _is_made(desk: IntakeDesk, intake: Intake) -> bool:
    """Whether the record was made, and the work cut off before the intake was closed."""
    try:
        desk.walk.encounters.encounter(EncounterKey(intake.person.subject, EncounterId(intake.id)))
    except BiometricServiceError as fault:
        if fault.code in {ErrorCode.SUBJECT_UNKNOWN, ErrorCode.ENCOUNTER_UNKNOWN}:
            return False
        raise
    return True


def _judged_apart(cases: CaseStore, intake: Intake) -> frozenset[SubjectId]:
    """For whom it was refused, once reviewers found each to be somebody else; INTAKE_CLOSED before."""
    if set(intake.found) <= _cleared(cases, intake):
        return frozenset(intake.found)
    message = "The intake was refused for its likeness to somebody enrolled."
    action = "Wait for the reviewers: it can be completed once they find that these are different people."
    raise BiometricServiceError(ErrorCode.INTAKE_CLOSED, message, action)


def _cleared(cases: CaseStore, intake: Intake) -> set[SubjectId]:
    """Whom reviewers found to be other people than the one of this intake."""
    if not intake.found:
        return set()
    after, cleared = 0, set[SubjectId]()
    while page := cases.cases(after, _PAGE, closed=True):
        of_it = [
            case
            for case in page
            if case.subject == intake.person.subject and case.opened_at >= intake.opened_at  # not of an earlier person
        ]
        cleared |= {case.candidate for case in of_it if case.outcome is Verdict.DIFFERENT_PEOPLE}
        cleared -= {case.candidate for case in of_it if case.outcome is not Verdict.DIFFERENT_PEOPLE}
        after = page[-1].number
    return cleared


def _require_all(desk: IntakeDesk, intake: Intake) -> None:
    lacking = missing(desk, intake)
    if lacking:
        named = ", ".join(each.replace("_", " ") for each in lacking)
        action = "Capture them, or say why a finger cannot be captured."
        raise BiometricServiceError(ErrorCode.REQUEST_INVALID, f"Not captured yet: {named}.", action)
