"""Which subjects and encounters a caller reaches: any other reads like none, so that no one learns who is elsewhere."""

from collections.abc import Callable
from typing import Protocol

from fastapi.concurrency import run_in_threadpool

from biometric_service.api.security import Admission
from biometric_service.api.services import Services
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.refusals import encounter_unknown
from biometric_service.vocabulary.events import Caller
from biometric_service.vocabulary.references import EncounterKey, KeptEncounter, SubjectId, SubjectSummary


class Asked(Protocol):
    """What every request says."""

    @property
    def purpose(self) -> str:
        """What it is for."""

    @property
    def device(self) -> str:
        """Where it comes from."""


def reached(services: Services, admission: Admission, subject: SubjectId) -> SubjectSummary:
    """A subject that the key reaches in one gallery at least; SUBJECT_UNKNOWN."""
    try:
        summary = services.store.subject(subject)
        if admission.reaches(summary):
            return summary
    except BiometricServiceError as fault:
        if fault.code is not ErrorCode.SUBJECT_UNKNOWN:
            raise
    raise BiometricServiceError(ErrorCode.SUBJECT_UNKNOWN, f"No subject {subject} is enrolled.", "Check the id.")


def encounters_reached(services: Services, admission: Admission, subject: SubjectId) -> tuple[KeptEncounter, ...]:
    """The subject's encounters in galleries that the key reaches, oldest first; SUBJECT_UNKNOWN where there is none."""
    reached(services, admission, subject)
    kept = services.walk.encounters.encounters(subject)
    return tuple(each for each in kept if admission.reaches(each.encounter))


def encounter_reached(services: Services, admission: Admission, key: EncounterKey) -> KeptEncounter:
    """One of them; SUBJECT_UNKNOWN, ENCOUNTER_UNKNOWN."""
    reached(services, admission, key.subject)
    kept = services.walk.encounters.encounter(key)
    if not admission.reaches(kept.encounter):
        raise encounter_unknown(key)
    return kept


def may_see(services: Services, admission: Admission) -> Callable[[SubjectId], bool]:
    """Whether the caller reaches somebody who was found: those beyond its galleries stay without a name."""

    def seen(subject: SubjectId) -> bool:
        try:
            return admission.reaches(services.store.subject(subject))
        except BiometricServiceError as fault:
            if fault.code is not ErrorCode.SUBJECT_UNKNOWN:
                raise
            return False

    return seen


async def writer(services: Services, admission: Admission, asked: Asked, *subjects: str) -> Caller:
    """The caller, where the key reaches every gallery of the subjects; SUBJECT_UNKNOWN, NOT_AUTHORISED."""
    await admission.caller(asked.purpose, [], asked.device)
    summaries = [await run_in_threadpool(reached, services, admission, SubjectId(each)) for each in subjects]
    galleries = sorted({gallery for summary in summaries for gallery in summary.galleries})
    return await admission.caller(asked.purpose, galleries, asked.device)


def visible(admission: Admission) -> Callable[[SubjectId], bool]:
    """Duplicates are sought everywhere; the caller learns the names of those that the key reaches."""

    def may_see(subject: SubjectId) -> bool:
        try:
            return admission.reaches(admission.store.subject(subject))
        except BiometricServiceError:  # erased meanwhile
            return False

    return may_see
