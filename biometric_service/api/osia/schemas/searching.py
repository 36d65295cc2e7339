"""What is searched for or compared, and what is found."""

from collections.abc import Mapping

from pydantic import ConfigDict, Field, JsonValue

from biometric_service.api.osia.schemas.biometrics import BiometricData
from biometric_service.api.osia.schemas.encounter import Galleries
from biometric_service.api.osia.schemas.kinds import BiometricSubType, BiometricType
from biometric_service.api.osia.schemas.model import Model
from biometric_service.api.osia.schemas.protection import Encryption, Integrity


class Filter(Model):
    """Who and what is searched: modalities, and attributes of the biographic data (see ``filtering``)."""

    model_config = ConfigDict(extra="allow")

    biometric_type: tuple[BiometricType, ...] | None = None
    biometric_sub_type: tuple[BiometricSubType, ...] | None = None


class Protected(Model):
    """Parts of a request may be encrypted or hashed."""

    encryption: Encryption | None = None
    integrity: tuple[Integrity, ...] | None = None


class IdentifyRequest(Protected):
    """Search for this."""

    filter: Filter
    biometric_data: tuple[BiometricData, ...]


class VerifyFromIdRequest(Protected):
    """Compare this with the person in the path."""

    biometric_data: tuple[BiometricData, ...]


class VerifyFromBioRequest(Protected):
    """Compare the one with the other."""

    biometric_data1: tuple[BiometricData, ...] = Field(alias="biometricData1")
    biometric_data2: tuple[BiometricData, ...] = Field(alias="biometricData2")


class ScoreDetail(Model):
    """One comparison; ``score``: -log10 FMR, higher is more alike."""

    score: float
    encounter_id: str | None = None
    galleries: Galleries | None = None
    biometric_type: BiometricType | None = None
    biometric_sub_type: BiometricSubType | None = None
    instance: str | None = None
    others: Mapping[str, JsonValue] | None = None


class Candidate(Model):
    """Somebody the probe may be of; ``rank`` from 1, ``score``: -log10 FMR over all comparisons."""

    person_id: str
    rank: int
    score: float
    scores: tuple[ScoreDetail, ...] | None = None
    others: Mapping[str, JsonValue] | None = None


class Verification(Model):
    """Whether they are of one person."""

    decision: bool
    scores: tuple[ScoreDetail, ...] | None = None
