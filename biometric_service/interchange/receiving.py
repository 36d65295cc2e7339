"""A transaction of another agency comes in: it is read, enrolled, its latents kept, or it is held with the reason."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from uuid import uuid4

from biometric_service.errors import FAULTS_OF_AN_IMAGE, BiometricServiceError, ErrorCode
from biometric_service.interchange.cbeff.receiving import is_biometric_record, person_of_record
from biometric_service.interchange.exchange import Exchange, Occasion
from biometric_service.interchange.itl.images import RecordedImage, images_of
from biometric_service.interchange.itl.message import Header, Message
from biometric_service.interchange.itl.person import Person, person_of
from biometric_service.interchange.itl.profile import Profile, Use
from biometric_service.interchange.itl.reading import read_message
from biometric_service.interchange.itl.remainder import REMARKS, Remainder, packed
from biometric_service.interchange.latents import LATENT_TYPES, keep_latents, latents_of
from biometric_service.recognition.enrolment import enrol
from biometric_service.recognition.recapture import add_encounter
from biometric_service.recognition.requests import NAME, Enrolment, EnrolmentOutcome, EnrolmentRequest
from biometric_service.texts.sentences import Sentence
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.latents import Latent, NewLatent
from biometric_service.vocabulary.quality import instruction
from biometric_service.vocabulary.references import (
    UNGUARDED,
    Circumstances,
    EncounterId,
    EncounterKey,
    GalleryId,
    Guard,
    Json,
    SubjectId,
)
from biometric_service.vocabulary.samples import Modality
from biometric_service.vocabulary.transactions import HeldTransaction, Hold, HoldState, NewHold, Refusal
from device_drivers.records.transaction_images import tells_of_absence_alone
from device_drivers.records.transactions import Record

DESCRIBED = frozenset({1, 2}) | LATENT_TYPES
"""Types of records whose content is kept elsewhere."""
FINGERS = range(1, 11)
NOTHING_ELSE = Remainder()
NO_HEADER = Header("", "CBEFF", "", "", "", "")
"""Of a record that is no transaction: it says neither who sent it nor its number."""
KEPT = frozenset({EnrolmentOutcome.ENROLLED, EnrolmentOutcome.ENCOUNTER_ADDED})
HINDRANCES = frozenset(
    {ErrorCode.MODALITY_UNAVAILABLE, ErrorCode.FRAME_UNSIGNED, ErrorCode.TEMPLATE_INVALID, ErrorCode.SUBJECT_MERGED}
)
"""Faults that are no reason to lose a transaction: a model is missing, scanners must sign, the subject was merged."""
UNKNOWN_TO_STORE = frozenset({ErrorCode.SUBJECT_UNKNOWN, ErrorCode.ENCOUNTER_UNKNOWN})
MayAdd = Callable[[Iterable[GalleryId]], bool]


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """Take in this transaction.

    ``name``: of its file or message. ``profile``: of its domain. ``subject``: None for whom the profile says that it
    is about, and a new person where it says nothing. ``despite_duplicates``: an officer has looked at who is alike.
    ``may_add``: whether the sender may add an encounter to somebody in these galleries.
    """

    data: bytes
    galleries: frozenset[GalleryId]
    profile: str = "itl"
    name: str = ""
    subject: SubjectId | None = None
    despite_duplicates: bool = False
    may_add: MayAdd = lambda _: True


class ImportOutcome(StrEnum):
    """What became of a transaction; only HELD kept nothing of it but its bytes."""

    TAKEN_IN = "taken_in"
    TAKEN_IN_BEFORE = "taken_in_before"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Import:
    """Answer to an import.

    ``control``, ``origin``: TCN and ORI where they could be read. ``enrolment``: also where it was refused.
    """

    outcome: ImportOutcome
    control: str = ""
    origin: str = ""
    enrolment: Enrolment | None = None
    latents: tuple[Latent, ...] = ()
    held: HeldTransaction | None = None


@dataclass(frozen=True, slots=True)
class _Content:
    header: Header
    person: Person
    latents: tuple[NewLatent, ...] = ()
    remainder: Remainder = NOTHING_ELSE


def receive(exchange: Exchange, request: ImportRequest, caller: Caller, guard: Guard = UNGUARDED) -> Import:
    """Take a transaction in: enrol whom it is about, or add an encounter, and keep its latents.

    A CBEFF record, or an ISO/IEC 19794-4 or -5 record alone, is taken in likewise; it names nobody.

    Whatever cannot be read or enrolled is held, sealed, with the reason. The same bytes again change nothing. Raises
    REQUEST_INVALID for a profile or subject that cannot be, GALLERY_UNKNOWN, and faults of the store.
    """
    taken, refusal = _attempt(exchange, request, caller, guard)
    if refusal is None:
        return taken
    occasion = Occasion(caller)
    kept = occasion.at + timedelta(days=exchange.rules.held_days)
    held = NewHold(uuid4().hex, request.data, refusal, request.name, request.profile, kept)
    facts = {"held": held.id, "reason": refusal.reason.value, "bytes": str(len(request.data))}
    return replace(taken, held=exchange.quarantine.hold(held, occasion.event(EventKind.TRANSACTION_HELD, facts)))


def retry(exchange: Exchange, held: str, request: ImportRequest, caller: Caller) -> Import:
    """Try a held transaction again, which the request's own data is not looked at for; TRANSACTION_UNKNOWN.

    Taken in, it is held no longer; else the reason is the one of this time.
    """
    asked = replace(request, data=exchange.quarantine.data(held))
    taken, refusal = _attempt(exchange, asked, caller, UNGUARDED)
    occasion = Occasion(caller)
    if refusal is None:
        event = occasion.event(EventKind.TRANSACTION_RELEASED, {"held": held, "state": HoldState.TAKEN_IN.value})
        return replace(taken, held=exchange.quarantine.settle(held, HoldState.TAKEN_IN, event))
    event = occasion.event(EventKind.TRANSACTION_HELD, {"held": held, "reason": refusal.reason.value})
    return replace(taken, held=exchange.quarantine.tried(held, refusal, event))


def _attempt(exchange: Exchange, request: ImportRequest, caller: Caller, guard: Guard) -> tuple[Import, Refusal | None]:
    """What became of it, and why it is to be held."""
    profile = exchange.rules.profile(request.profile)
    content = _read(exchange, request, profile)
    if isinstance(content, Refusal):
        return Import(ImportOutcome.HELD), content
    named = Import(ImportOutcome.TAKEN_IN, content.header.control, content.header.origin)
    subject = request.subject or SubjectId(content.person.description.subject or f"itl-{_digest(request.data)}")
    if not NAME.fullmatch(subject):
        return replace(named, outcome=ImportOutcome.HELD), Refusal.of(Hold.FIELD_MALFORMED, "number")
    asked = _enrolment(content, request, subject, caller)
    before, enrolled = _kept_before(exchange, asked), None
    if content.person.images and not before:
        found = _enrolled(exchange, asked, caller, guard, request.may_add)
        if isinstance(found, Refusal):
            return replace(named, outcome=ImportOutcome.HELD), found
        enrolled = found
        if enrolled.outcome not in KEPT:
            held = replace(named, outcome=ImportOutcome.HELD, enrolment=enrolled)
            return held, _refusal(enrolled)
    latents = keep_latents(exchange.latents, content.latents, caller)
    taken = replace(named, enrolment=enrolled, latents=latents)
    if before:
        return replace(taken, outcome=ImportOutcome.TAKEN_IN_BEFORE), None
    _tell(exchange, content, request, taken, caller)
    return taken, None


def _tell(exchange: Exchange, content: _Content, request: ImportRequest, taken: Import, caller: Caller) -> None:
    facts = {
        "control": taken.control,
        "origin": taken.origin,
        "type": content.header.kind,
        "latents": str(len(taken.latents)),
        "profile": request.profile,
    }
    about = taken.enrolment.subject if taken.enrolment else None
    exchange.walk.store.record(Occasion(caller).event(EventKind.TRANSACTION_RECEIVED, facts, about))


def _read(exchange: Exchange, request: ImportRequest, profile: Profile) -> _Content | Refusal:
    if is_biometric_record(request.data):
        person = person_of_record(request.data, exchange.rules)
        return person if isinstance(person, Refusal) else _Content(NO_HEADER, person)
    message = read_message(request.data, exchange.rules.limits, profile.sets)
    if isinstance(message, Refusal):
        return message
    return profile.unfit(message.header) or _content(exchange, message, profile, request.profile)


def _content(exchange: Exchange, message: Message, profile: Profile, name: str) -> _Content | Refusal:
    rule, limits = profile.rule(message.header.kind), exchange.rules.image_limits
    person = person_of(message, profile, limits, enrolled=rule is None or rule.use is not Use.LATENT)
    if isinstance(person, Refusal):
        return person
    found = latents_of(message, exchange.rules, alone=not person.images)
    if isinstance(found, Refusal):
        return found
    if not person.images and not found:
        return Refusal.of(Hold.NOTHING_TO_KEEP, "nobody")
    return _Content(message.header, person, found, _remainder(message, person, name))


def _enrolment(content: _Content, request: ImportRequest, subject: SubjectId, caller: Caller) -> EnrolmentRequest:
    person, header = content.person, content.header
    contextual: dict[str, Json] = {"transaction": header.control, "agency": header.origin}
    circumstances = Circumstances(
        kind=header.kind,
        legal_basis=person.description.legal_basis or caller.legal_basis,
        contextual=contextual,
        biographic=person.description.biographic,
        remarks={REMARKS: packed(content.remainder)},
    )
    encounter = EncounterId(f"itl-{_digest(request.data)}")
    return EnrolmentRequest(
        person.images,
        subject,
        request.galleries,
        person.exceptions,
        request.despite_duplicates,
        encounter,
        circumstances,
    )


def _remainder(message: Message, person: Person, profile: str) -> Remainder:
    """Every record that no sample, exception or latent stands for, as it came: slaps and second images too."""
    taken = [each for each in images_of(message) if each.record in person.taken]
    impressions = {each.positions[0]: each.impression for each in taken if each.positions[:1] and _is_finger(each)}
    records = enumerate(message.transaction.records, 1)
    others = tuple(each for place, each in records if place not in person.taken and not _stands_elsewhere(each))
    return Remainder(profile, person.description.kept, others, impressions)


def _is_finger(image: RecordedImage) -> bool:
    return image.modality is Modality.FINGERPRINT and image.positions[0] in FINGERS


def _stands_elsewhere(record: Record) -> bool:
    return record.kind in DESCRIBED or tells_of_absence_alone(record)


def _kept_before(exchange: Exchange, asked: EnrolmentRequest) -> bool:
    assert asked.encounter
    try:
        exchange.walk.encounters.encounter(EncounterKey(asked.subject, asked.encounter))
    except BiometricServiceError as fault:
        if fault.code in UNKNOWN_TO_STORE:
            return False
        raise
    return True


def _enrolled(
    exchange: Exchange, asked: EnrolmentRequest, caller: Caller, guard: Guard, may_add: MayAdd
) -> Enrolment | Refusal:
    """A new person, or a further encounter of one who is known under the id; or why the transaction is to be held."""
    try:
        known = _galleries(exchange, asked.subject)
        if known is not None and not may_add(known):
            return Refusal.of(Hold.NOT_ENROLLED, "not_to_add")
        enrolling = enrol if known is None else add_encounter
        return enrolling(exchange.walk, asked, caller, guard)
    except BiometricServiceError as fault:
        if fault.code in FAULTS_OF_AN_IMAGE:
            return Refusal(Hold.IMAGE_UNREADABLE, fault.what)
        if fault.code in HINDRANCES:
            return Refusal(Hold.NOT_ENROLLED, fault.what)
        raise


def _galleries(exchange: Exchange, subject: SubjectId) -> Iterable[GalleryId] | None:
    """Where somebody is who is known under the id; None where nobody is."""
    try:
        return exchange.walk.store.subject(subject).galleries
    except BiometricServiceError as fault:
        if fault.code is ErrorCode.SUBJECT_UNKNOWN:
            return None
        raise


def _refusal(refused: Enrolment) -> Refusal:
    outcome, unusable = Sentence(f"outcome.{refused.outcome.value}"), tuple(_unusable(refused))
    if not unusable:
        return Refusal.of(Hold.NOT_ENROLLED, "refused_whole", outcome=outcome)
    return Refusal.of(Hold.NOT_ENROLLED, "refused", outcome=outcome, unusable=unusable)


def _unusable(refused: Enrolment) -> Iterable[Sentence]:
    for each in refused.samples:
        if each.failure:
            finger = each.modality is Modality.FINGERPRINT
            shows = Sentence(f"finger.{each.position.name.lower()}" if finger else f"modality.{each.modality.value}")
            yield Sentence("held.details.unusable", {"shows": shows, "why": instruction(each.failure)})


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]
