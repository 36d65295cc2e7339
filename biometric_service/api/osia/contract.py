"""The 22 operations of OSIA's contract, each with its scope and the statuses that it has."""

from collections.abc import Iterable

from biometric_service.api.osia import galleries, persons, searching, tasks
from biometric_service.api.osia.fetching import Side
from biometric_service.api.osia.operation import AnyOperation, Operation
from biometric_service.api.osia.schemas import parameters, sets
from biometric_service.api.osia.schemas.encounter import Encounter
from biometric_service.api.osia.schemas.searching import (
    Filter,
    IdentifyRequest,
    VerifyFromBioRequest,
    VerifyFromIdRequest,
)
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.references import GalleryId, SubjectId

READS = frozenset({200, 202, 400, 403, 500})
"""Statuses of an operation that answers with something."""
CHANGES = frozenset({202, 204, 400, 403, 500})
"""Statuses of one that answers with nothing."""
ENCOUNTERS = "/persons/{personId}/encounters"
ENCOUNTER = f"{ENCOUNTERS}/{{encounterId}}"
IDENTIFY = "/identify/{galleryId}"


def _searched(asked: parameters.Search | parameters.Claim | parameters.GalleryReading, _: object) -> list[GalleryId]:
    return [asked.gallery_id]


def _kept_in(_: object, sent: Encounter) -> Iterable[GalleryId]:
    return map(GalleryId, sent.galleries)


def _listed(_: object, sent: sets.GalleryNames) -> Iterable[GalleryId]:
    return map(GalleryId, sent.root)


def _items(sent: Encounter | IdentifyRequest | VerifyFromIdRequest) -> tuple[Side]:
    return (sent.biometric_data,)


def _both_sides(sent: VerifyFromBioRequest) -> tuple[Side, Side]:
    return (sent.biometric_data1, sent.biometric_data2)


def _person(asked: parameters.OfPerson | parameters.PersonCreation) -> tuple[SubjectId, ...]:
    return (asked.person_id,)


def _both(asked: parameters.Merge) -> tuple[SubjectId, ...]:
    return (asked.person_id_target, asked.person_id_source)


CREATIONS: tuple[AnyOperation, ...] = (
    Operation(
        "createEncounterNoIds",
        "POST",
        "/persons",
        Scope.ENCOUNTER_WRITE,
        READS,
        parameters.Creation,
        Encounter,
        persons.create_person,
        _kept_in,
        recognises=True,
        items=_items,
    ),
    Operation(
        "createEncounterNoId",
        "POST",
        ENCOUNTERS,
        Scope.ENCOUNTER_WRITE,
        READS,
        parameters.PersonCreation,
        Encounter,
        persons.create_encounter,
        _kept_in,
        _person,
        recognises=True,
        items=_items,
    ),
    Operation(
        "createEncounter",
        "POST",
        ENCOUNTER,
        Scope.ENCOUNTER_WRITE,
        READS | {409},
        parameters.EncounterCreation,
        Encounter,
        persons.create_named_encounter,
        _kept_in,
        _person,
        recognises=True,
        items=_items,
    ),
    Operation(
        "updateEncounter",
        "PUT",
        ENCOUNTER,
        Scope.ENCOUNTER_WRITE,
        READS | {404},
        parameters.EncounterCreation,
        Encounter,
        persons.replace_encounter,
        _kept_in,
        _person,
        recognises=True,
        items=_items,
    ),
)
READINGS: tuple[AnyOperation, ...] = (
    Operation(
        "readAllEncounters",
        "GET",
        ENCOUNTERS,
        Scope.ENCOUNTER_READ,
        READS | {404},
        parameters.OfPerson,
        sets.Nothing,
        persons.read_all,
        subjects=_person,
        body_needed=False,
    ),
    Operation(
        "readEncounter",
        "GET",
        ENCOUNTER,
        Scope.ENCOUNTER_READ,
        READS | {404},
        parameters.OfEncounter,
        sets.Nothing,
        persons.read_one,
        subjects=_person,
        body_needed=False,
    ),
    Operation(
        "readTemplate",
        "GET",
        f"{ENCOUNTER}/templates",
        Scope.ENCOUNTER_READ,
        READS | {404},
        parameters.TemplateReading,
        sets.Nothing,
        persons.read_templates,
        subjects=_person,
        body_needed=False,
    ),
    Operation(
        "readGalleries",
        "GET",
        "/galleries",
        Scope.GALLERY_READ,
        READS,
        parameters.Deferrable,
        sets.Nothing,
        galleries.read_galleries,
        body_needed=False,
    ),
    Operation(
        "readGalleryContent",
        "GET",
        "/galleries/{galleryId}",
        Scope.GALLERY_READ,
        READS | {404},
        parameters.GalleryReading,
        sets.Nothing,
        galleries.read_content,
        _searched,
        body_needed=False,
    ),
)
MUTATIONS: tuple[AnyOperation, ...] = (
    Operation(
        "deleteEncounter",
        "DELETE",
        ENCOUNTER,
        Scope.ENCOUNTER_WRITE,
        CHANGES | {404},
        parameters.OfEncounter,
        sets.Nothing,
        persons.delete_encounter,
        subjects=_person,
        body_needed=False,
    ),
    Operation(
        "deleteAll",
        "DELETE",
        "/persons/{personId}",
        Scope.ENCOUNTER_WRITE,
        CHANGES | {404},
        parameters.OfPerson,
        sets.Nothing,
        persons.delete_person,
        subjects=_person,
        body_needed=False,
    ),
    Operation(
        "mergeEncounter",
        "POST",
        "/persons/{personIdTarget}/merge/{personIdSource}",
        Scope.ENCOUNTER_WRITE,
        CHANGES | {404, 409},
        parameters.Merge,
        sets.Nothing,
        persons.merge_persons,
        subjects=_both,
        body_needed=False,
    ),
    Operation(
        "moveEncounter",
        "POST",
        "/persons/{personIdTarget}/move/{personIdSource}/encounters/{encounterId}",
        Scope.ENCOUNTER_WRITE,
        CHANGES | {404, 409},
        parameters.Move,
        sets.Nothing,
        persons.move_encounter,
        subjects=_both,
        body_needed=False,
    ),
    Operation(
        "updateEncounterStatus",
        "PUT",
        f"{ENCOUNTER}/status",
        Scope.ENCOUNTER_WRITE,
        CHANGES,
        parameters.StatusChange,
        sets.Nothing,
        persons.change_status,
        subjects=_person,
        body_needed=False,
    ),
    Operation(
        "updateEncounterGalleries",
        "PUT",
        f"{ENCOUNTER}/galleries",
        Scope.ENCOUNTER_WRITE,
        CHANGES,
        parameters.OfEncounter,
        sets.GalleryNames,
        persons.change_galleries,
        _listed,
        _person,
    ),
)
SEARCHES: tuple[AnyOperation, ...] = (
    Operation(
        "identify",
        "POST",
        IDENTIFY,
        Scope.IDENTIFY,
        READS | {404},
        parameters.Search,
        IdentifyRequest,
        searching.identify_data,
        _searched,
        recognises=True,
        items=_items,
    ),
    Operation(
        "identifyFromId",
        "POST",
        f"{IDENTIFY}/{{personId}}",
        Scope.IDENTIFY,
        READS | {404},
        parameters.SearchFromPerson,
        Filter,
        searching.identify_person,
        _searched,
        _person,
        recognises=True,
        body_needed=False,
    ),
    Operation(
        "identifyFromEncounterId",
        "POST",
        f"{IDENTIFY}/{{personId}}/encounters/{{encounterId}}",
        Scope.IDENTIFY,
        READS | {404},
        parameters.SearchFromEncounter,
        Filter,
        searching.identify_encounter,
        _searched,
        _person,
        recognises=True,
        body_needed=False,
    ),
    Operation(
        "verifyFromId",
        "POST",
        "/verify/{galleryId}/{personId}",
        Scope.VERIFY,
        READS | {404},
        parameters.Claim,
        VerifyFromIdRequest,
        searching.verify_person,
        _searched,
        _person,
        recognises=True,
        items=_items,
    ),
    Operation(
        "verifyFromBio",
        "POST",
        "/verify",
        Scope.VERIFY,
        READS,
        parameters.Comparison,
        VerifyFromBioRequest,
        searching.verify_data,
        recognises=True,
        items=_both_sides,
    ),
)
TASKS: tuple[AnyOperation, ...] = (
    Operation(
        "readTaskStatus",
        "GET",
        "/tasks/{taskId}/status",
        Scope.TASK_READ,
        frozenset({200, 400, 403, 404, 500}),
        parameters.Task,
        sets.Nothing,
        tasks.read_status,
        body_needed=False,
    ),
    Operation(
        "redeliverTaskResult",
        "POST",
        "/tasks/{taskId}/redeliver",
        Scope.TASK_UPDATE,
        frozenset({204, 400, 403, 404, 500}),
        parameters.Task,
        sets.Nothing,
        tasks.redeliver,
        body_needed=False,
    ),
)
OPERATIONS = CREATIONS + READINGS + MUTATIONS + SEARCHES + TASKS
