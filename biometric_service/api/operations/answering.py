"""From what the use cases say to what is written on the wire."""

from collections.abc import Callable, Iterable
from typing import Literal

from biometric_service.api.operations.answers import (
    AdviceAnswer,
    AttackAnswer,
    CandidateAnswer,
    ConsentAnswer,
    DecisionAnswer,
    EncounterAnswer,
    ErrorRatesAnswer,
    EventAnswer,
    ExceptionAnswer,
    KeptSampleAnswer,
    LikeFingersAnswer,
    PartAnswer,
    PolicyAnswer,
    QualityAnswer,
    ReasonAnswer,
    SampleAnswer,
    ScoreAnswer,
    SubjectAnswer,
)
from biometric_service.api.operations.positions import finger_of
from biometric_service.recognition.requests import LikeFingers, SampleReport
from biometric_service.vocabulary.candidates import Candidate, ComparisonScore, PartScore
from biometric_service.vocabulary.decisions import Decision
from biometric_service.vocabulary.events import RecordedEvent
from biometric_service.vocabulary.quality import INSTRUCTIONS, AttackAssessment, Defect, QualityAssessment
from biometric_service.vocabulary.references import (
    Consent,
    EnrolledSample,
    GalleryId,
    KeptEncounter,
    SubjectId,
    SubjectSummary,
)

RateKind = Literal["fmr", "fpir"]


def score_answer(score: ComparisonScore) -> ScoreAnswer:
    """A score."""
    return ScoreAnswer(
        value=score.value,
        raw=score.raw,
        comparator=score.comparator,
        extrapolated=score.extrapolated,
        capped=score.capped,
        interval=score.interval,
    )


def decision_answer(
    decision: Decision, kind: RateKind, may_see: Callable[[SubjectId], bool] = lambda _: True
) -> DecisionAnswer:
    """A decision; candidates that the caller may not see keep their scores and lose their names."""
    subject = decision.subject if decision.subject is not None and may_see(decision.subject) else None
    point = decision.operating_point
    return DecisionAnswer(
        outcome=decision.outcome,
        subject=subject,
        threshold=decision.threshold,
        review_threshold=decision.review_threshold,
        error_rates=ErrorRatesAnswer(kind=kind, match=point.match, review=point.review),
        margin=decision.margin,
        candidates=tuple(_candidate(candidate, may_see(candidate.subject)) for candidate in decision.candidates),
        searched=decision.searched,
        complete=decision.complete,
        reasons=decision.reasons,
        why=tuple(ReasonAnswer(code=each.code, figures=each.figures) for each in decision.why),
        policy=PolicyAnswer(version=point.policy.version, digest=point.policy.digest),
    )


def sample_answers(reports: Iterable[SampleReport]) -> tuple[SampleAnswer, ...]:
    """What became of each image."""
    return tuple(_sample(report) for report in reports)


def like_fingers_answer(alike: LikeFingers) -> LikeFingersAnswer:
    """Two images of what seems one finger."""
    first, second = alike.positions
    return LikeFingersAnswer(images=alike.samples, positions=(finger_of(first), finger_of(second)), score=alike.score)


def subject_answer(summary: SubjectSummary, may_search: Callable[[GalleryId], bool]) -> SubjectAnswer:
    """A subject, as far as its encounters are in galleries that the caller reaches."""
    told = summary.within(may_search)
    return SubjectAnswer(
        subject=told.subject,
        galleries=tuple(sorted(told.galleries)),
        encounters=len(told.encounters),
        enrolled_at=told.enrolled_at,
        status=told.status,
        merged_into=told.merged_into,
    )


def encounter_answer(kept: KeptEncounter, may_search: Callable[[GalleryId], bool]) -> EncounterAnswer:
    """An encounter without images and templates."""
    encounter, circumstances = kept.encounter, kept.encounter.circumstances
    return EncounterAnswer(
        subject=encounter.subject,
        encounter=encounter.encounter,
        version=kept.version,
        at=encounter.at,
        changed_at=kept.changed_at,
        status=circumstances.status,
        kind=circumstances.kind,
        galleries=tuple(sorted(filter(may_search, encounter.galleries))),
        legal_basis=circumstances.legal_basis,
        keep_until=circumstances.keep_until,
        consents=tuple(_consent(consent) for consent in circumstances.consents),
        exceptions=tuple(
            ExceptionAnswer(position=finger_of(each.position), kind=each.kind, since=each.since)
            for each in encounter.exceptions
        ),
        contextual=circumstances.contextual,
        biographic=circumstances.biographic,
        samples=tuple(_kept_sample(sample) for sample in encounter.samples),
    )


def _consent(consent: Consent) -> ConsentAnswer:
    return ConsentAnswer(purpose=consent.purpose, given_at=consent.given_at, withdrawn_at=consent.withdrawn_at)


def _kept_sample(enrolled: EnrolledSample) -> KeptSampleAnswer:
    return KeptSampleAnswer(
        modality=enrolled.sample.modality,
        position=finger_of(enrolled.sample.position),
        quality=enrolled.quality,
        captured_at=enrolled.sample.source.captured_at,
        device=enrolled.sample.source.device,
        models=tuple(str(template.format) for template in enrolled.templates),
    )


def event_answer(recorded: RecordedEvent) -> EventAnswer:
    """An event of the audit log."""
    event = recorded.event
    return EventAnswer(
        number=recorded.number,
        kind=event.kind,
        at=event.at,
        actor=event.caller.actor,
        owner=event.caller.owner,
        purpose=event.caller.purpose,
        device=event.caller.device,
        transaction=event.caller.transaction,
        subject=event.subject,
        gallery=event.gallery,
        details=event.details,
        evidence=event.evidence,
        previous=recorded.previous,
        digest=recorded.digest,
    )


def _candidate(candidate: Candidate, seen: bool) -> CandidateAnswer:  # noqa: FBT001 - one of two forms
    parts = tuple(_part(part) for part in candidate.parts)
    return CandidateAnswer(subject=candidate.subject if seen else None, score=candidate.score, parts=parts)


def _part(part: PartScore) -> PartAnswer:
    return PartAnswer(modality=part.modality, position=finger_of(part.position), score=score_answer(part.score))


def _sample(report: SampleReport) -> SampleAnswer:
    return SampleAnswer(
        modality=report.modality,
        position=finger_of(report.position),
        usable=report.usable,
        quality=_quality(report.quality) if report.quality else None,
        attack=_attack(report.attack) if report.attack else None,
        failure=_advice(report.failure) if report.failure else None,
    )


def _quality(quality: QualityAssessment) -> QualityAnswer:
    return QualityAnswer(
        score=quality.score,
        acceptable=quality.acceptable,
        measures=quality.measures,
        components=quality.components,
        advice=tuple(_advice(defect) for defect in quality.defects),
        notes=quality.notes,
    )


def _attack(attack: AttackAssessment) -> AttackAnswer:
    return AttackAnswer(score=attack.score, suspected=attack.suspected, method=attack.method)


def _advice(defect: Defect) -> AdviceAnswer:
    return AdviceAnswer(defect=defect, instruction=INSTRUCTIONS[defect])
