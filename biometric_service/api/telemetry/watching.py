"""The walk with each stage timed and traced: every part stands behind one that looks at the clock and passes it on."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from biometric_service.api.telemetry.telemetry import Telemetry
from biometric_service.recognition.requests import GivenImage
from biometric_service.recognition.walk import Walk
from biometric_service.vocabulary.candidates import Probe, Shortlist
from biometric_service.vocabulary.protocols import AttackDetector, Extractor, GalleryIndex, QualityAssessor
from biometric_service.vocabulary.quality import AttackAssessment, ExtractionFailure, QualityAssessment
from biometric_service.vocabulary.references import Change, ChangeNumber
from biometric_service.vocabulary.samples import BiometricSample, LocatedSample
from biometric_service.vocabulary.templates import Template
from biometric_service.vocabulary.trace import SILENT, Trace


def watched(walk: Walk, telemetry: Telemetry) -> Walk:
    """The same walk, watched."""
    return replace(
        walk,
        decode=_watched_decode(walk.decode, telemetry),
        extractors={each: WatchedExtractor(extractor, telemetry) for each, extractor in walk.extractors.items()},
        assessors={each: WatchedAssessor(assessor, telemetry) for each, assessor in walk.assessors.items()},
        attack_detectors={
            each: WatchedAttackDetector(detector, telemetry) for each, detector in walk.attack_detectors.items()
        },
        indexes={each: WatchedIndex(index, telemetry) for each, index in walk.indexes.items()},
    )


class WatchedExtractor:
    """An extractor, watched."""

    def __init__(self, extractor: Extractor, telemetry: Telemetry) -> None:
        self.format = extractor.format
        self._extractor = extractor
        self._telemetry = telemetry

    def locate(self, sample: BiometricSample, trace: Trace = SILENT) -> LocatedSample | ExtractionFailure:
        """As the extractor."""
        with self._telemetry.stage("locate", self.format.modality):
            return self._extractor.locate(sample, trace)

    def extract(self, located: LocatedSample, trace: Trace = SILENT) -> Template | ExtractionFailure:
        """As the extractor."""
        with self._telemetry.stage("extract", self.format.modality):
            return self._extractor.extract(located, trace)


class WatchedAssessor:
    """A quality assessor, watched."""

    def __init__(self, assessor: QualityAssessor, telemetry: Telemetry) -> None:
        self._assessor = assessor
        self._telemetry = telemetry

    def assess(self, located: LocatedSample) -> QualityAssessment:
        """As the assessor; the score is counted."""
        modality = located.sample.modality
        with self._telemetry.stage("quality", modality):
            found = self._assessor.assess(located)
        self._telemetry.metrics.quality.labels(modality).observe(found.score)
        return found


class WatchedAttackDetector:
    """An attack detector, watched."""

    def __init__(self, detector: AttackDetector, telemetry: Telemetry) -> None:
        self._detector = detector
        self._telemetry = telemetry

    def assess(self, located: LocatedSample) -> AttackAssessment:
        """As the detector."""
        with self._telemetry.stage("attack", located.sample.modality):
            return self._detector.assess(located)


class WatchedIndex:
    """An index, watched."""

    def __init__(self, index: GalleryIndex, telemetry: Telemetry) -> None:
        self.format = index.format
        self._index = index
        self._telemetry = telemetry

    @property
    def applied(self) -> ChangeNumber:
        """As the index."""
        return self._index.applied

    def __len__(self) -> int:
        """As the index."""
        return len(self._index)

    def apply(self, number: ChangeNumber, change: Change) -> None:
        """As the index."""
        self._index.apply(number, change)

    def expect(self, number: ChangeNumber) -> None:
        """As the index."""
        self._index.expect(number)

    def search(self, probe: Probe, limit: int) -> Shortlist:
        """As the index."""
        with self._telemetry.stage("search", self.format.modality):
            return self._index.search(probe, limit)

    def search_together(self, probes: Sequence[Probe], limit: int) -> tuple[Shortlist, ...]:
        """As the index."""
        with self._telemetry.stage("search", self.format.modality):
            return self._index.search_together(probes, limit)


def _watched_decode(
    decode: Callable[[GivenImage], BiometricSample], telemetry: Telemetry
) -> Callable[[GivenImage], BiometricSample]:
    def watched_decode(given: GivenImage) -> BiometricSample:
        with telemetry.stage("capture", given.modality):
            return decode(given)

    return watched_decode
