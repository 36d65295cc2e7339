"""What the operations answer, as it is written on the wire: never a template, and an image only in an explanation."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from biometric_service.api.operations.positions import Finger
from biometric_service.errors import ErrorCode
from biometric_service.recognition.requests import EnrolmentOutcome
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.decisions import Outcome, Passage, ReasonCode
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.movements import Ground
from biometric_service.vocabulary.quality import Defect
from biometric_service.vocabulary.references import EncounterStatus, ExceptionKind
from biometric_service.vocabulary.rulings import RulingCode
from biometric_service.vocabulary.samples import Modality


class Answer(BaseModel):
    """Every answer is written from frozen values."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ScoreAnswer(Answer):
    """A comparison score."""

    value: float = Field(description="-log10 of the FMR at this score; higher is more alike.", examples=[5.2])
    raw: float = Field(description="The score on the comparator's own scale.", examples=[0.31])
    comparator: str = Field(description="Which comparator it is from.")
    extrapolated: bool = Field(description="True beyond the data that the calibration rests on.")
    capped: bool = Field(
        default=False, description="True beyond the end of the calibration, where a higher raw score says no more."
    )
    interval: tuple[float, float] | None = Field(
        default=None, description="95 % interval of the value; null where the calibration does not know it."
    )


class PartAnswer(Answer):
    """How one sample compared with the candidate's reference for it."""

    modality: Modality = Field(description="What was compared.")
    position: Finger = Field(description="Which finger, unknown for a face.")
    score: ScoreAnswer = Field(description="How alike they are.")


class CandidateAnswer(Answer):
    """Somebody the images may be of."""

    subject: str | None = Field(description="Who; null for a subject of galleries that the key does not reach.")
    score: float = Field(description="All parts together, on the same -log10 FMR scale; higher is more alike.")
    parts: tuple[PartAnswer, ...] = Field(description="What the score is made of.")


class ErrorRatesAnswer(Answer):
    """The error rates that a decision was made at (ISO/IEC 19795-1)."""

    kind: Literal["fmr", "fpir"] = Field(description="FMR for a verification, FPIR for an identification.")
    match: float = Field(description="The rate at which it says match, a fraction of 1.", examples=[0.001])
    review: float = Field(description="The rate at which it asks for a review, a fraction of 1.", examples=[0.05])


class PolicyAnswer(Answer):
    """Which policy a decision was made by."""

    version: str = Field(description="What the site calls it.", examples=["2026-11"])
    digest: str = Field(description="SHA-256 of the policy file, hexadecimal.")


class ReasonAnswer(Answer):
    """A reason as a code with its figures, for whoever says it in words of their own."""

    code: ReasonCode = Field(description="Which.")
    figures: Mapping[str, float] = Field(
        description="By name: scores are -log10 FMR, rate a fraction of 1, quality and least 0 to 100, others counts.",
        examples=[{"score": 8.3, "needed": 4.1, "rate": 0.001, "references": 1200}],
    )


class DecisionAnswer(Answer):
    """The answer with what it rests on."""

    outcome: Outcome = Field(description="Only match names somebody.")
    subject: str | None = Field(description="Who it is, on a match.")
    threshold: float = Field(description="The score that a match needed, -log10 FMR.")
    review_threshold: float = Field(description="The score that a review needed, -log10 FMR.")
    error_rates: ErrorRatesAnswer = Field(description="What the thresholds follow from.")
    margin: float | None = Field(description="Lead of the best candidate over the second, null where there is none.")
    candidates: tuple[CandidateAnswer, ...] = Field(description="Best first.")
    searched: int = Field(description="How many references the probe was compared with.")
    complete: bool = Field(description="False where a part of the gallery could not be searched.")
    reasons: tuple[str, ...] = Field(description="Why, in sentences, in English.")
    why: tuple[ReasonAnswer, ...] = Field(description="The same as codes.")
    policy: PolicyAnswer = Field(description="Where the error rates stand.")


class AdviceAnswer(Answer):
    """What is poor about a sample and what to do about it."""

    defect: Defect = Field(description="What is poor.")
    instruction: str = Field(description="What to do.")


class QualityAnswer(Answer):
    """How good a sample is."""

    score: float = Field(description="0 to 100, higher is better (ISO/IEC 29794-1).")
    acceptable: bool = Field(description="False where the sample was not used.")
    measures: Mapping[str, float] = Field(description="The figures behind the score.")
    components: Mapping[str, float] = Field(
        default_factory=dict, description="Measures by name as 0 to 100, higher is better, where they are graded."
    )
    advice: tuple[AdviceAnswer, ...] = Field(description="What to do better, worst first.")
    notes: tuple[str, ...] = Field(description="What there is to say of the assessment itself; empty as a rule.")


class AttackAnswer(Answer):
    """How likely a sample is a presentation attack (ISO/IEC 30107)."""

    score: float | None = Field(description="0 (bona fide) to 1 (attack); null where not assessed.")
    suspected: bool = Field(description="Whether an attack is suspected.")
    method: str = Field(description="How it was assessed.")


class SampleAnswer(Answer):
    """What became of one image."""

    modality: Modality = Field(description="What it shows.")
    position: Finger = Field(description="Which finger, unknown for a face.")
    usable: bool = Field(description="Whether it could be compared.")
    quality: QualityAnswer | None = Field(description="Null where nothing was found to assess.")
    attack: AttackAnswer | None = Field(description="Null where nothing was found to assess.")
    failure: AdviceAnswer | None = Field(description="Why it could not be used, null where it could.")


class ComparisonPicture(Answer):
    """One comparison in pictures: the probe on the left, the reference on the right."""

    subject: str = Field(description="Whose reference it is.")
    modality: Modality = Field(description="What was compared.")
    position: Finger = Field(description="Which finger, unknown for a face.")
    score: ScoreAnswer = Field(description="How alike they are.")
    description: str = Field(description="The picture in words.", examples=["24 minutiae were paired."])
    picture: str = Field(description="PNG as a data URI.", examples=["data:image/png;base64,iVBORw0KGgo="])


class RecognitionAnswer(Answer):
    """Answer to an identification or a verification."""

    decision: DecisionAnswer = Field(description="The answer with what it rests on.")
    samples: tuple[SampleAnswer, ...] = Field(description="What became of each image.")
    explanation: tuple[ComparisonPicture, ...] | None = Field(description="Null unless asked for.")
    event: int = Field(description="Number of the event in the audit log.")


class ComparisonAnswer(Answer):
    """Answer to a comparison of two subjects."""

    decision: DecisionAnswer = Field(description="The answer with what it rests on; a match names the second subject.")
    event: int = Field(description="Number of the event in the audit log.")


class ProbeFault(Answer):
    """Why one person of a batch could not be identified."""

    code: ErrorCode = Field(description="Stable name of the kind of fault.")
    detail: str = Field(description="What is wrong.")
    action: str = Field(description="What to do about it.")


class ProbeAnswer(Answer):
    """Answer to one person of a batch: a decision, or a fault of its images."""

    decision: DecisionAnswer | None = Field(None, description="The answer with what it rests on, null on a fault.")
    samples: tuple[SampleAnswer, ...] = Field((), description="What became of each image.")
    event: int | None = Field(None, description="Number of the event in the audit log, null on a fault.")
    fault: ProbeFault | None = Field(None, description="Why there is no decision, null where there is one.")


class BatchAnswer(Answer):
    """Answers to a batch."""

    answers: tuple[ProbeAnswer, ...] = Field(description="In the order of the request.")


class LikeFingersAnswer(Answer):
    """Two images that are said to be of different fingers and look like one."""

    images: tuple[int, int] = Field(description="Their numbers in the request, from 0.")
    positions: tuple[Finger, Finger] = Field(description="The fingers that they are said to be.")
    score: float = Field(description="How alike they are, -log10 of the FMR at that score.")


class EnrolmentAnswer(Answer):
    """Answer to an enrolment; only ``enrolled`` and ``encounter_added`` kept anything."""

    outcome: EnrolmentOutcome = Field(description="What became of it.")
    subject: str = Field(description="The id that was asked for.")
    encounter: str | None = Field(description="Id of the encounter that was kept.")
    change: int | None = Field(description="Number of the change in the store.")
    samples: tuple[SampleAnswer, ...] = Field(description="What became of each image.")
    duplicates: DecisionAnswer | None = Field(description="The search for the same person under another id.")
    claim: DecisionAnswer | None = Field(description="Whether a further encounter is of the subject it is said to be.")
    alike: tuple[LikeFingersAnswer, ...] = Field((), description="Fingers that seem captured twice, or swapped.")


class RulingReasonAnswer(Answer):
    """A reason of a movement check, to be said in any language."""

    code: RulingCode = Field(description="Which.")
    facts: Mapping[str, str] = Field(description="What it is about, by name.", examples=[{"subject": "B-1041"}])


class MovementAnswer(Answer):
    """Answer to a movement check."""

    passage: Passage = Field(description="Whether the person may pass.")
    ground: Ground = Field(description="Why, as a code.")
    subject: str | None = Field(description="Who it is, where that is certain.")
    zone: str | None = Field(default=None, description="Where the person is now; null unless they passed a post.")
    order: str | None = Field(default=None, description="The movement order that lets them pass, where there is one.")
    discrepancy: bool = Field(default=False, description="True where they are believed to be in another zone.")
    verification: DecisionAnswer | None = Field(description="The check of the claim, null without one.")
    identification: DecisionAnswer | None = Field(description="The search, null where the claim was enough.")
    samples: tuple[SampleAnswer, ...] = Field(description="What became of each image.")
    reasons: tuple[str, ...] = Field(description="Why, in sentences in English.")
    why: tuple[RulingReasonAnswer, ...] = Field((), description="The same, as codes with facts.")
    explanation: tuple[ComparisonPicture, ...] | None = Field(description="Null unless asked for.")
    event: int = Field(description="Number of the event in the audit log.")


class ReportAnswer(Answer):
    """The report was noted."""

    event: int = Field(description="Number of the event in the audit log.")
    subject: str | None = Field(description="Who is enrolled in the gallery as claimed; null where nobody is.")


class SubjectAnswer(Answer):
    """What may be told of a subject."""

    subject: str = Field(description="The subject's id.")
    galleries: tuple[str, ...] = Field(description="Those of its galleries that the key reaches.")
    encounters: int = Field(description="How many encounters in galleries that the key reaches there are.")
    enrolled_at: datetime = Field(description="When the subject was captured first, as far as the key reaches.")
    status: EncounterStatus = Field(description="Active where one of those encounters is, else that of the newest.")
    merged_into: str | None = Field(description="The subject that this one was merged into, which all else is told of.")


class SubjectsAnswer(Answer):
    """A page of subjects."""

    subjects: tuple[SubjectAnswer, ...] = Field(description="By id.")
    next: str | None = Field(description="Give it as after for the next page; null on the last.")


class ChangeAnswer(Answer):
    """It was done."""

    change: int = Field(description="Number of the change in the store.")


class ExceptionAnswer(Answer):
    """A finger that could not be captured."""

    position: Finger = Field(description="Which finger.")
    kind: ExceptionKind = Field(description="Why not.")
    since: date | None = Field(description="Since when, where that is known.")


class ConsentAnswer(Answer):
    """What the person agreed to."""

    purpose: str = Field(description="To what.")
    given_at: datetime = Field(description="When.")
    withdrawn_at: datetime | None = Field(description="When it was withdrawn; null while it stands.")


class KeptSampleAnswer(Answer):
    """A sample without its image."""

    modality: Modality = Field(description="What it shows.")
    position: Finger = Field(description="Which finger it is.")
    quality: float = Field(description="0 to 100, higher is better.")
    captured_at: datetime = Field(description="When.")
    device: str = Field(description="By what.")
    models: tuple[str, ...] = Field(description="The model versions that made a template of it.")


class EncounterAnswer(Answer):
    """One occasion on which a subject was captured."""

    subject: str = Field(description="Whose it is now.")
    encounter: str = Field(description="Its id.")
    version: int = Field(description="Grows with each change; the ETag of the encounter.")
    at: datetime = Field(description="When the person was captured.")
    changed_at: datetime = Field(description="When it was last changed.")
    status: EncounterStatus = Field(description="What became of the person.")
    kind: str = Field(description="The deployer's word for it.")
    galleries: tuple[str, ...] = Field(description="Those of its galleries that the key reaches.")
    legal_basis: str = Field(description="Why it may be kept.")
    keep_until: datetime | None = Field(description="Null for as long as the retention rules say.")
    consents: tuple[ConsentAnswer, ...] = Field(description="What the person agreed to.")
    exceptions: tuple[ExceptionAnswer, ...] = Field(description="Fingers that could not be captured.")
    contextual: Mapping[str, Any] = Field(description="What was said of the occasion.")
    biographic: Mapping[str, Any] = Field(description="What was said of the person.")
    samples: tuple[KeptSampleAnswer, ...] = Field(description="What was captured, without the images.")


class EncountersAnswer(Answer):
    """The encounters of a subject."""

    encounters: tuple[EncounterAnswer, ...] = Field(description="Oldest first.")


class ErasureAnswer(Answer):
    """A subject was erased."""

    subject: str = Field(description="Who was erased.")
    change: int = Field(description="Number of the change in the store.")


class GalleriesAnswer(Answer):
    """Galleries that the key reaches."""

    galleries: tuple[str, ...] = Field(description="By id.")


class GalleryAnswer(Answer):
    """A gallery."""

    gallery: str = Field(description="Its id.")


class EventAnswer(Answer):
    """One event of the audit log."""

    number: int = Field(description="Its place in the chain, from 1.")
    kind: EventKind = Field(description="What was done.")
    at: datetime = Field(description="When.")
    actor: str = Field(description="By whom: the id of the key.")
    owner: str = Field(description="The officer whose key it is, empty where nobody was named.")
    purpose: str = Field(description="What for.")
    device: str = Field(description="From where.")
    transaction: str = Field(description="In which transaction of the caller's own; empty where none was named.")
    subject: str | None = Field(description="To whom.")
    gallery: str | None = Field(description="In which gallery.")
    details: Mapping[str, str] = Field(description="Short facts.")
    evidence: tuple[str, ...] = Field(description="SHA-256 of the image files it rests on.")
    previous: str = Field(description="Digest of the event before.")
    digest: str = Field(description="SHA-256 over the digest before and this event.")


class EventsAnswer(Answer):
    """A page of events."""

    events: tuple[EventAnswer, ...] = Field(description="In order.")
    next: int | None = Field(description="Give it as after for the next page; null on the last.")


class ChainAnswer(Answer):
    """Whether the audit log is whole."""

    intact: bool = Field(description="True where every event follows from the one before.")
    events: int = Field(description="How many were looked at.")
    fault: str | None = Field(description="What is wrong, null where nothing is.")


class GalleryDeletionAnswer(Answer):
    """A gallery was deleted."""

    gallery: str = Field(description="Its id.")


class DeviceAnswer(Answer):
    """A device."""

    id: str = Field(description="Its id.")
    name: str = Field(description="What people call it.")
    fingerprint: str = Field(description="SHA-256 of its certificate, hex.")
    scopes: tuple[Scope, ...] = Field(description="What it may do.")
    galleries: tuple[str, ...] = Field(description="Where it may look; ALL for everywhere.")
    purposes: tuple[str, ...] = Field(description="What it may ask for; * for anything.")
    expires_at: datetime | None = Field(description="Until when: its certificate's end.")


class DevicesAnswer(Answer):
    """Devices in force."""

    devices: tuple[DeviceAnswer, ...] = Field(description="By id.")


class DeviceRevocationAnswer(Answer):
    """A device was revoked."""

    device: str = Field(description="Its id.")
