"""The stages of the walk, each taking what the one before it returned.

``identification.identify`` calls them in order; the other use cases call those that they need. What a deployer may
swap (models, comparators, indexes, the store) is handed in through ``Walk``; see ``vocabulary/protocols.py``.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from biometric_service.decision.policy import PolicySource, Question
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.recognition.requests import Given, GivenImage, GivenTemplate, SampleReport
from biometric_service.recognition.side_by_side import SideBySide, one_by_one
from biometric_service.references.refusals import gallery_unknown
from biometric_service.vocabulary.candidates import Probe, Shortlist
from biometric_service.vocabulary.day_stores import DayStores
from biometric_service.vocabulary.decisions import OperatingPoint
from biometric_service.vocabulary.events import Caller
from biometric_service.vocabulary.protocols import (
    AnswerStore,
    AttackDetector,
    CaseStore,
    Comparator,
    EncounterStore,
    Extractor,
    FrameVouching,
    GalleryIndex,
    QualityAssessor,
    ReferenceStore,
)
from biometric_service.vocabulary.quality import AttackAssessment, Defect, ExtractionFailure, QualityAssessment
from biometric_service.vocabulary.references import ALL_GALLERIES, GalleryId, SubjectId
from biometric_service.vocabulary.samples import BiometricSample, LocatedSample, Modality
from biometric_service.vocabulary.templates import Template, content_of, position_of
from biometric_service.vocabulary.trace import SILENT, Trace

Stage = TypeVar("Stage")


class Follower(Protocol):
    """Keeps the indexes in step with the store."""

    def catch_up(self) -> None:
        """Apply what the store has changed since the last time."""

    def before_search(self) -> None:
        """Have the next search see all that was committed before the call."""

    def behind(self) -> int:
        """How many changes the indexes lag behind the store."""


@dataclass(frozen=True, slots=True)
class Walk:
    """Who does what at each stage; the maps hold an entry for each modality that can be worked with."""

    decode: Callable[[GivenImage], BiometricSample]
    extractors: Mapping[Modality, Extractor]
    assessors: Mapping[Modality, QualityAssessor]
    attack_detectors: Mapping[Modality, AttackDetector]
    comparators: Mapping[Modality, Comparator]
    indexes: Mapping[Modality, GalleryIndex]
    follower: Follower
    store: ReferenceStore
    encounters: EncounterStore
    answers: AnswerStore
    cases: CaseStore
    day: DayStores
    policy: PolicySource
    candidate_limit: int
    vouching: FrameVouching
    side_by_side: SideBySide = one_by_one


@dataclass(frozen=True, slots=True)
class Observation:
    """What is known of one given image so far; a field is None until its stage is passed.

    A given template has neither sample nor quality: all stages before the search pass it by.
    """

    image: Given
    sample: BiometricSample | None
    located: LocatedSample | None = None
    quality: QualityAssessment | None = None
    attack: AttackAssessment | None = None
    template: Template | None = None
    failure: Defect | None = None

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the bytes that were handed in."""
        return self.image.digest if isinstance(self.image, GivenTemplate) else self.sample.digest if self.sample else ""

    @property
    def scanner(self) -> str:
        """Id of the registered device that signed it, empty where none did."""
        return self.image.signature.device if isinstance(self.image, GivenImage) and self.image.signature else ""

    def report(self) -> SampleReport:
        """What the caller is told of it."""
        return SampleReport(self.image.modality, self.image.position, self.quality, self.attack, self.failure)


def capture(walk: Walk, images: Sequence[Given]) -> tuple[Observation, ...]:
    """Decode each image, take each template as it is.

    Raises REQUEST_INVALID without any, TEMPLATE_VERSION_MISMATCH for a template of a format that is not compared here,
    and what ``capture.images`` raises.
    """
    if not images:
        raise BiometricServiceError(
            ErrorCode.REQUEST_INVALID, "The request holds no image.", "Give at least one fingerprint or face."
        )
    return tuple(walk.side_by_side(lambda image: _captured(walk, image), images))


def locate(walk: Walk, observed: Sequence[Observation], trace: Trace = SILENT) -> tuple[Observation, ...]:
    """Find the ridge area or the face in each sample."""

    def work(each: Observation) -> Observation:
        return _located(each, serving(walk.extractors, each).locate(each.sample, trace)) if each.sample else each

    return tuple(_spread(walk, trace)(work, observed))


def assess_quality(walk: Walk, observed: Sequence[Observation]) -> tuple[Observation, ...]:
    """Assess what was located; a sample that is not acceptable goes no further."""

    def work(each: Observation) -> Observation:
        return _assessed(each, serving(walk.assessors, each).assess(each.located)) if each.located else each

    return tuple(walk.side_by_side(work, observed))


def detect_attacks(walk: Walk, observed: Sequence[Observation]) -> tuple[Observation, ...]:
    """Assess how likely each located sample is a presentation attack; advisory."""
    return tuple(
        replace(each, attack=serving(walk.attack_detectors, each).assess(each.located)) if each.located else each
        for each in observed
    )


def extract(walk: Walk, observed: Sequence[Observation], trace: Trace = SILENT) -> tuple[Observation, ...]:
    """Make a template of every sample that got this far."""

    def work(each: Observation) -> Observation:
        if each.located is None or each.failure:
            return each
        return _extracted(each, serving(walk.extractors, each).extract(each.located, trace))

    return tuple(_spread(walk, trace)(work, observed))


def observe(walk: Walk, images: Sequence[Given], trace: Trace = SILENT) -> tuple[Observation, ...]:
    """All stages from the image to its template."""
    located = locate(walk, capture(walk, images), trace)
    return extract(walk, detect_attacks(walk, assess_quality(walk, located)), trace)


def search(walk: Walk, observed: Sequence[Observation], gallery: GalleryId) -> tuple[Shortlist, ...]:
    """A shortlist for every template, from an index that is in step with the store or says that it is not.

    All templates of a modality, which are of one person, are searched for together.
    """
    require_gallery(walk, gallery)
    walk.follower.before_search()
    of_modality: defaultdict[Modality, list[Observation]] = defaultdict(list)
    for each in with_template(observed):
        of_modality[each.image.modality].append(each)
    return tuple(
        shortlist
        for group in of_modality.values()
        for shortlist in serving(walk.indexes, group[0]).search_together(_probes(group, gallery), walk.candidate_limit)
    )


def operating_point(walk: Walk, caller: Caller, question: Question) -> OperatingPoint:
    """What the policy in force says for the caller's purpose."""
    return walk.policy.current().point(caller.purpose, question)


def best_quality(observed: Iterable[Observation]) -> float | None:
    """Quality of the best sample that a template was made of, 0 to 100; None where there is none.

    Of a given template nobody knows it; whoever made it is trusted to have looked.
    """
    return max((each.quality.score if each.quality else 100.0 for each in with_template(observed)), default=None)


def with_template(observed: Iterable[Observation]) -> tuple[Observation, ...]:
    """Those that a template could be made of."""
    return tuple(each for each in observed if each.template)


def require_gallery(walk: Walk, gallery: GalleryId) -> None:
    """GALLERY_UNKNOWN unless the store has the gallery or it is ALL."""
    if gallery != ALL_GALLERIES and gallery not in walk.store.galleries():
        raise gallery_unknown(gallery)


def require_member(walk: Walk, subject: SubjectId, gallery: GalleryId) -> SubjectId:
    """Who is known under the id today, where it was merged into another.

    SUBJECT_UNKNOWN unless the subject is searched in the gallery, or the gallery is ALL; GALLERY_UNKNOWN. A subject of
    another gallery reads like nobody, so that a caller of one gallery does not learn who is in the others.
    """
    require_gallery(walk, gallery)
    if not _is_member(walk, subject, gallery):
        raise BiometricServiceError(
            ErrorCode.SUBJECT_UNKNOWN,
            f"No subject {subject} is enrolled in gallery {gallery}.",
            "Check the id, or name the gallery that the subject is in.",
        )
    return present_subject(walk, subject)


def present_subject(walk: Walk, subject: SubjectId) -> SubjectId:
    """Who is known under the id today; SUBJECT_UNKNOWN."""
    return walk.store.subject(subject).merged_into or subject


def _is_member(walk: Walk, subject: SubjectId, gallery: GalleryId) -> bool:
    try:
        return gallery in walk.store.subject(subject).searched_in | {ALL_GALLERIES}
    except BiometricServiceError as fault:
        if fault.code is ErrorCode.SUBJECT_UNKNOWN:
            return False
        raise


def serving(stages: Mapping[Modality, Stage], observation: Observation) -> Stage:
    """Who serves the observation's modality; MODALITY_UNAVAILABLE where nobody does."""
    return serving_modality(stages, observation.image.modality)


def serving_modality(stages: Mapping[Modality, Stage], modality: Modality) -> Stage:
    """Who serves the modality; MODALITY_UNAVAILABLE where nobody does."""
    try:
        return stages[modality]
    except KeyError:
        raise BiometricServiceError(
            ErrorCode.MODALITY_UNAVAILABLE,
            f"This service has no model for a {modality.value}.",
            "Ask the deployer to supply one (biometric-service models list), or use another modality.",
        ) from None


def _spread(walk: Walk, trace: Trace) -> SideBySide:
    """Whoever looks on sees one sample after the other."""
    return walk.side_by_side if trace is SILENT else one_by_one


def _captured(walk: Walk, given: Given) -> Observation:
    if isinstance(given, GivenImage):
        return Observation(given, walk.decode(given))
    observation = Observation(given, None, template=given.template)
    compared = serving(walk.comparators, observation).format
    if given.template.format != compared:
        raise BiometricServiceError(
            ErrorCode.TEMPLATE_VERSION_MISMATCH,
            f"The template is of the format {given.template.format}, and {compared} is compared here.",
            "Make it again from the sample, or send the image.",
        )
    return observation


def _probes(observed: Sequence[Observation], gallery: GalleryId) -> list[Probe]:
    """Copies of a sample are searched for once."""
    templates = [each.template for each in observed if each.template]
    distinct = {(content_of(each), position_of(each)): each for each in templates}
    return [Probe(each, gallery) for each in distinct.values()]


def _located(each: Observation, found: LocatedSample | ExtractionFailure) -> Observation:
    if isinstance(found, ExtractionFailure):
        return replace(each, failure=found.defect)
    return replace(each, located=found)


def _assessed(each: Observation, quality: QualityAssessment) -> Observation:
    failure = None if quality.acceptable else next(iter(quality.defects), Defect.LOW_CONTRAST)
    return replace(each, quality=quality, failure=failure)


def _extracted(each: Observation, made: Template | ExtractionFailure) -> Observation:
    if isinstance(made, ExtractionFailure):
        return replace(each, failure=made.defect)
    return replace(each, template=made)
