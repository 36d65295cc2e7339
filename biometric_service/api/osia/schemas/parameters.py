"""Parameters of path and query, one class for each set of them that OSIA's contract has."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat
from pydantic.alias_generators import to_camel

from biometric_service.api.osia.schemas.encounter import EncounterStatus
from biometric_service.api.osia.schemas.kinds import BiometricSubType, BiometricType
from biometric_service.references.refusals import is_name
from biometric_service.vocabulary.references import EncounterId, GalleryId, SubjectId

LONGEST_PAGE = 10_000
PAGE = 1_000


def _name(value: str) -> str:
    if not is_name(value):
        raise ValueError("must be 1 to 255 printable characters with no blank at either end")
    return value


Person = Annotated[SubjectId, AfterValidator(_name)]
EncounterName = Annotated[EncounterId, AfterValidator(_name)]
Gallery = Annotated[GalleryId, AfterValidator(_name)]


class Parameters(BaseModel):
    """What every operation has."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, validate_by_name=True, validate_by_alias=True)

    transaction_id: Annotated[str, Field(max_length=1024)]


class Task(Parameters):
    """Names a task."""

    task_id: str


class Deferrable(Parameters):
    """What every operation has that can answer later; ``priority`` orders tasks, 9 first."""

    callback: str | None = None
    priority: Annotated[int, Field(ge=0, le=9)] = 4


class Creation(Deferrable):
    """``algorithm``: a hint that is not needed here."""

    algorithm: str | None = None


class PersonCreation(Creation):
    """A further encounter of a person."""

    person_id: Person


class OfPerson(Deferrable):
    """Names a person."""

    person_id: Person


class OfEncounter(OfPerson):
    """Names an encounter."""

    encounter_id: EncounterName


class EncounterCreation(OfEncounter):
    """Keeps or replaces a named encounter."""

    algorithm: str | None = None


class StatusChange(OfEncounter):
    """Sets the status of an encounter."""

    status: EncounterStatus


class TemplateReading(OfEncounter):
    """Which templates to read, and how."""

    biometric_type: BiometricType | None = None
    biometric_sub_type: BiometricSubType | None = None
    instance: str | None = None
    template_format: str | None = None
    quality_format: str | None = None


class Merge(Deferrable):
    """Names who gives encounters to whom."""

    person_id_target: Person
    person_id_source: Person


class Move(Merge):
    """Names the encounter that is given."""

    encounter_id: EncounterName


class Comparison(Deferrable):
    """How strictly and how fast to decide (see ``profiles``)."""

    threshold: Annotated[FiniteFloat, Field(ge=0)] | None = None
    accuracy_level: str | None = None
    service_level: Annotated[int, Field(ge=0, le=9)] | None = None


class Search(Comparison):
    """Where to search, and for how many."""

    gallery_id: Gallery
    max_nb_cand: Annotated[int, Field(ge=1)] | None = None


class SearchFromPerson(Search):
    """Search with what is kept of a person."""

    person_id: Person


class SearchFromEncounter(SearchFromPerson):
    """Search with what is kept of an encounter."""

    encounter_id: EncounterName


class Claim(Comparison):
    """Whom to compare with."""

    gallery_id: Gallery
    person_id: Person


class GalleryReading(Deferrable):
    """Which stretch of a gallery to read."""

    gallery_id: Gallery
    offset: Annotated[int, Field(ge=0)] = 0
    limit: Annotated[int, Field(ge=0)] = PAGE
