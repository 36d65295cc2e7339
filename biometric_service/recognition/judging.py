"""The stages of the walk as the judge of a capture session: what is taken is what the walk will use."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from biometric_service.capture.session.judging import Judgement
from biometric_service.recognition.walk import Walk, serving_modality
from biometric_service.vocabulary.candidates import Conditions
from biometric_service.vocabulary.protocols import Comparator, Extractor, QualityAssessor
from biometric_service.vocabulary.quality import ExtractionFailure
from biometric_service.vocabulary.samples import BiometricSample, LocatedSample, Modality
from biometric_service.vocabulary.templates import Template

ALIKE = 4.0
"""-log10 FMR from which on two fingers of one session are taken for one; the enrolment looks again, at its policy."""

Locate = Callable[[BiometricSample], LocatedSample | ExtractionFailure]


@dataclass(frozen=True, slots=True)
class QualityJudge:
    """Judges single pictures (see ``capture.session.judging.Judge``), and takes no two fingers for one: no models."""

    locate: Mapping[Modality, Locate]
    assessors: Mapping[Modality, QualityAssessor]

    def judge(self, sample: BiometricSample) -> Judgement:
        """How good the sample is; MODALITY_UNAVAILABLE."""
        located = serving_modality(self.locate, sample.modality)(sample)
        if isinstance(located, ExtractionFailure):
            return Judgement(0.0, acceptable=False, defects=(located.defect,))
        quality = serving_modality(self.assessors, sample.modality).assess(located)
        return Judgement(quality.score, quality.acceptable, quality.defects)

    def same_finger(self, one: BiometricSample, other: BiometricSample) -> bool:  # noqa: ARG002 (it cannot compare)
        """Never."""
        return False


@dataclass(frozen=True, slots=True)
class WalkJudge:
    """Judges pictures as the walk will, and compares fingers with one another."""

    quality: QualityJudge
    extractors: Mapping[Modality, Extractor]
    comparators: Mapping[Modality, Comparator]

    @classmethod
    def of(cls, walk: Walk) -> "WalkJudge":
        """By the stages of the walk."""
        locate = {modality: extractor.locate for modality, extractor in walk.extractors.items()}
        return cls(QualityJudge(locate, walk.assessors), walk.extractors, walk.comparators)

    def judge(self, sample: BiometricSample) -> Judgement:
        """How good the sample is; MODALITY_UNAVAILABLE."""
        return self.quality.judge(sample)

    def same_finger(self, one: BiometricSample, other: BiometricSample) -> bool:
        """Whether they look like one finger; no where nothing can be made of either."""
        probe, reference = self._template(one), self._template(other)
        if probe is None or reference is None:
            return False
        comparator = serving_modality(self.comparators, one.modality)
        score = comparator.calibrate(comparator.compare(probe, reference), Conditions(position=one.position))
        return score.value >= ALIKE

    def _template(self, sample: BiometricSample) -> Template | None:
        extractor = serving_modality(self.extractors, sample.modality)
        located = extractor.locate(sample)
        made = extractor.extract(located) if isinstance(located, LocatedSample) else located
        return None if isinstance(made, ExtractionFailure) else made
