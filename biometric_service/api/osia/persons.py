"""Persons and their encounters, kept, read, changed, given to one another and deleted by OSIA's contract."""

from collections.abc import Callable
from uuid import NAMESPACE_URL, uuid4, uuid5

from pydantic import JsonValue

from biometric_service.api.osia.answer import DONE
from biometric_service.api.osia.errand import Errand
from biometric_service.api.osia.galleries import make_galleries
from biometric_service.api.osia.keeping import TASK, Prepared, prepare
from biometric_service.api.osia.schemas.biometrics import BiometricComputedData
from biometric_service.api.osia.schemas.encounter import Encounter, ExtendablePersonIds
from biometric_service.api.osia.schemas.parameters import (
    Creation,
    EncounterCreation,
    Merge,
    Move,
    OfEncounter,
    OfPerson,
    PersonCreation,
    StatusChange,
    TemplateReading,
)
from biometric_service.api.osia.schemas.sets import GalleryNames, Nothing
from biometric_service.api.osia.showing import shown, templates
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.recognition.enrolment import Findings
from biometric_service.recognition.offered import Offered, add_offered, enrol_offered, replace_offered
from biometric_service.recognition.recapture import others_as_like
from biometric_service.vocabulary.decisions import Decision
from biometric_service.vocabulary.events import AuditEvent, EventKind
from biometric_service.vocabulary.references import (
    Circumstances,
    EncounterId,
    EncounterKey,
    EncounterStatus,
    GalleryId,
    SubjectId,
)

DONE_BEFORE = frozenset({ErrorCode.SUBJECT_UNKNOWN, ErrorCode.ENCOUNTER_UNKNOWN, ErrorCode.SUBJECT_MERGED})
"""What a change finds that was made before, when the process that made it ended before it could say so."""


def create_person(errand: Errand, _: Creation, sent: Encounter) -> ExtendablePersonIds:
    """Keep an encounter of a new person; both get ids."""
    return _create(errand, EncounterKey(SubjectId(_new_id(errand, "person")), _new_encounter(errand)), sent)


def create_encounter(errand: Errand, asked: PersonCreation, sent: Encounter) -> ExtendablePersonIds:
    """Keep an encounter of a person, known or new; it gets an id."""
    return _create(errand, EncounterKey(asked.person_id, _new_encounter(errand)), sent)


def create_named_encounter(errand: Errand, asked: EncounterCreation, sent: Encounter) -> ExtendablePersonIds:
    """Keep an encounter of a person, known or new, under the id that is given."""
    return _create(errand, _key(asked), sent)


def read_all(errand: Errand, asked: OfPerson, _: Nothing) -> list[Encounter]:
    """Every encounter of a person that the caller reaches."""
    kept = errand.encounters(asked.person_id)
    details = {"encounters": " ".join(each.encounter.encounter for each in kept[:20])}
    errand.services.store.record(errand.event(EventKind.ENCOUNTER_READ, asked.person_id, details=details))
    return [shown(errand, each) for each in kept]


def read_one(errand: Errand, asked: OfEncounter, _: Nothing) -> Encounter:
    """One encounter."""
    kept = errand.encounter(_key(asked))
    errand.services.store.record(_event(errand, EventKind.ENCOUNTER_READ, _key(asked)))
    return shown(errand, kept)


def read_templates(errand: Errand, asked: TemplateReading, _: Nothing) -> list[BiometricComputedData]:
    """The templates of one encounter."""
    found = templates(errand.encounter(_key(asked)), asked)
    errand.services.store.record(_event(errand, EventKind.ENCOUNTER_READ, _key(asked), part="templates"))
    return found


def replace_encounter(errand: Errand, asked: EncounterCreation, sent: Encounter) -> ExtendablePersonIds:
    """Put another in the place of an encounter, of the same person."""
    key = _key(asked)
    before = errand.encounter(key).encounter
    errand.require_all(before.galleries, key.subject)
    prepared = prepare(errand, key, sent, before.circumstances)
    make_galleries(errand, prepared.encounter.galleries)
    found = replace_offered(errand.services.walk, _offered(errand, prepared), errand.caller, errand.guard)
    return _ids(errand, prepared, found)


def delete_encounter(errand: Errand, asked: OfEncounter, _: Nothing) -> str:
    """Delete an encounter, and the person with the last one."""

    def delete() -> None:
        _require_own(errand, _key(asked))
        deleted = _event(errand, EventKind.ENCOUNTER_DELETED, _key(asked))
        errand.services.walk.encounters.delete(_key(asked), deleted, errand.guard)

    return _once(errand, delete)


def delete_person(errand: Errand, asked: OfPerson, _: Nothing) -> str:
    """Erase a person with every encounter, for good."""

    def erase() -> None:
        _require_whole(errand, asked.person_id)
        erased = errand.event(EventKind.SUBJECT_ERASED, asked.person_id)
        errand.services.store.erase(asked.person_id, erased, errand.guard)

    return _once(errand, erase)


def merge_persons(errand: Errand, asked: Merge, _: Nothing) -> str:
    """Give every encounter of one person to another: they are one."""
    source, target = asked.person_id_source, asked.person_id_target

    def merge() -> None:
        for person in (source, target):
            _require_whole(errand, person)
        merged = errand.event(EventKind.SUBJECTS_MERGED, target, details={"from": source})
        errand.services.walk.encounters.merge(source, target, merged, errand.guard)

    return _once(errand, merge)


def move_encounter(errand: Errand, asked: Move, _: Nothing) -> str:
    """Give one encounter to another person."""
    key = EncounterKey(asked.person_id_source, asked.encounter_id)

    def move() -> None:
        _require_own(errand, key)
        _require_whole(errand, asked.person_id_target)
        moved = errand.event(
            EventKind.ENCOUNTER_MOVED,
            asked.person_id_target,
            details={"encounter": key.encounter, "from": key.subject},
        )
        errand.services.walk.encounters.move(key, asked.person_id_target, moved, errand.guard)

    return _once(errand, move)


def change_status(errand: Errand, asked: StatusChange, _: Nothing) -> str:
    """Say whether an encounter is searched in its galleries."""
    _require_own(errand, _key(asked))
    changed = _event(errand, EventKind.STATUS_CHANGED, _key(asked), status=asked.status.value)
    status = EncounterStatus[asked.status.value]
    errand.services.walk.encounters.set_status(_key(asked), status, changed, errand.guard)
    return DONE


def change_galleries(errand: Errand, asked: OfEncounter, sent: GalleryNames) -> str:
    """Say in which galleries an encounter is searched."""
    _require_own(errand, _key(asked))
    galleries = frozenset(map(GalleryId, sent.root))
    make_galleries(errand, galleries)
    changed = _event(errand, EventKind.GALLERIES_CHANGED, _key(asked), galleries=" ".join(sorted(galleries)))
    errand.services.walk.encounters.set_galleries(_key(asked), galleries, changed, errand.guard)
    return DONE


def _create(errand: Errand, key: EncounterKey, sent: Encounter) -> ExtendablePersonIds:
    prepared = prepare(errand, key, sent, Circumstances())
    if errand.again and _kept_by_this_task(errand, key):
        return _ids(errand, prepared, None)
    make_galleries(errand, prepared.encounter.galleries)
    try:
        found = _keep(errand, prepared, new=not _is_known(errand, key.subject))
    except BiometricServiceError as fault:
        if fault.code is not ErrorCode.ENCOUNTER_EXISTS or not _kept_by_this_task(errand, key):
            raise
        return _ids(errand, prepared, None)
    return _ids(errand, prepared, found)


def _keep(errand: Errand, prepared: Prepared, *, new: bool) -> Findings:
    services, subject, offered = errand.services, prepared.encounter.subject, _offered(errand, prepared)
    if not new:
        errand.require_all(services.store.subject(subject).galleries, subject)
        return add_offered(services.walk, offered, errand.caller, errand.guard)
    try:
        return enrol_offered(services.walk, offered, errand.caller, errand.guard)
    except BiometricServiceError as fault:  # somebody else enrolled the person meanwhile
        if fault.code is not ErrorCode.SUBJECT_EXISTS:
            raise
        return _keep(errand, prepared, new=False)


def _offered(errand: Errand, prepared: Prepared) -> Offered:
    return Offered(prepared.encounter, prepared.observed, errand.services.settings.osia_keep_duplicates)


def _is_known(errand: Errand, person: SubjectId) -> bool:
    try:
        errand.services.store.subject(person)
    except BiometricServiceError as fault:
        if fault.code is ErrorCode.SUBJECT_UNKNOWN:
            return False
        raise
    return True


def _ids(errand: Errand, prepared: Prepared, found: Findings | None) -> ExtendablePersonIds:
    """``found``: on the way to keeping it, None where it was kept before."""
    others: dict[str, JsonValue] = {"biometricData": [dict(report) for report in prepared.reports]}
    encounter = prepared.encounter
    if found is not None and found.duplicates is not None:
        alike = _duplicates(errand, encounter.subject, found.duplicates)
        if alike or found.claim is None:
            others["duplicates"] = {"outcome": found.duplicates.outcome.value, "candidates": alike}
    return ExtendablePersonIds(person_id=encounter.subject, encounter_id=encounter.encounter, others=others)


def _duplicates(errand: Errand, person: SubjectId, found: Decision) -> list[JsonValue]:
    """The same person under other ids, as far as the caller reaches them."""
    return [
        {"personId": each.subject, "score": each.score}
        for each in others_as_like(person, found)
        if errand.galleries_of(each.subject)
    ]


def _event(errand: Errand, kind: EventKind, key: EncounterKey, **facts: str) -> AuditEvent:
    return errand.event(kind, key.subject, details={"encounter": key.encounter, **facts})


def _require_own(errand: Errand, key: EncounterKey) -> None:
    """ENCOUNTER_UNKNOWN, SUBJECT_UNKNOWN, and NOT_AUTHORISED unless the caller reaches all of its galleries."""
    errand.require_all(errand.encounter(key).encounter.galleries, key.subject)


def _require_whole(errand: Errand, person: SubjectId) -> None:
    """SUBJECT_UNKNOWN, and NOT_AUTHORISED unless the caller reaches all galleries of the person."""
    galleries = errand.services.store.subject(person).galleries
    if galleries and not errand.seen(galleries):
        errand.encounters(person)
    errand.require_all(galleries, person)


def _once(errand: Errand, change: Callable[[], None]) -> str:
    try:
        change()
    except BiometricServiceError as fault:
        if not (errand.again and fault.code in DONE_BEFORE):
            raise
    return DONE


def _kept_by_this_task(errand: Errand, key: EncounterKey) -> bool:
    try:
        kept = errand.services.walk.encounters.encounter(key).encounter
    except BiometricServiceError as fault:
        if fault.code in DONE_BEFORE:
            return False
        raise
    return bool(errand.task) and kept.circumstances.remarks.get(TASK) == errand.task


def _key(asked: OfEncounter) -> EncounterKey:
    return EncounterKey(asked.person_id, asked.encounter_id)


def _new_encounter(errand: Errand) -> EncounterId:
    return EncounterId(_new_id(errand, "encounter"))


def _new_id(errand: Errand, of: str) -> str:
    """A new id; of a task always the same, however often it is begun."""
    return str(uuid5(NAMESPACE_URL, f"urn:task:{errand.task}:{of}") if errand.task else uuid4())
