"""An encounter, and the ids that name one."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import Field, JsonValue

from biometric_service.api.osia.schemas.biometrics import BiometricData
from biometric_service.api.osia.schemas.model import Different, Model, Moment
from biometric_service.api.osia.schemas.protection import Encryption, Integrity


class EncounterStatus(StrEnum):
    """Whether an encounter is searched in its galleries."""

    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"


Galleries = Annotated[tuple[str, ...], Field(min_length=1), Different]
"""At least one gallery and none twice."""


class Encounter(Model):
    """One capture occasion; ``encounter_id`` is only read, ``client_data`` is base64."""

    encounter_id: str | None = None
    status: EncounterStatus
    encounter_type: str
    created_date: Moment | None = None
    updated_date: Moment | None = None
    galleries: Galleries
    client_data: str | None = None
    contextual_data: Mapping[str, JsonValue] | None = None
    biographic_data: Mapping[str, JsonValue] | None = None
    biometric_data: tuple[BiometricData, ...]
    encryption: Encryption | None = None
    integrity: tuple[Integrity, ...] | None = None


class PersonIds(Model):
    """Names one encounter."""

    person_id: str
    encounter_id: str


class ExtendablePersonIds(PersonIds):
    """Names an encounter that was just kept; ``others``: what became of its biometric items."""

    others: Mapping[str, JsonValue] | None = None
