"""What a decision rests on, made visible: which samples were compared, and which minutiae agree."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import cast

import numpy as np
from numpy.typing import NDArray

from biometric_service.recognition.requests import GivenImage
from biometric_service.recognition.walk import Walk
from biometric_service.vocabulary.candidates import Candidate, PartScore
from biometric_service.vocabulary.protocols import Extractor
from biometric_service.vocabulary.quality import ExtractionFailure
from biometric_service.vocabulary.references import Reference, SubjectId
from biometric_service.vocabulary.samples import BiometricSample, FaceArea, LocatedSample, Modality
from biometric_service.vocabulary.templates import Template, position_of
from biometric_service.vocabulary.trace import SILENT, Trace

NO_PAIRS: NDArray[np.int64] = np.empty((0, 2), np.int64)


@dataclass(frozen=True, slots=True)
class Specimen:
    """A template with the sample that it was made from; ``face``: where the face is, None for a fingerprint."""

    template: Template
    sample: BiometricSample
    face: FaceArea | None


@dataclass(frozen=True, slots=True)
class ExplainedComparison:
    """One comparison that a decision rests on.

    ``pairs``: int64 (n, 2), indices of minutiae of the probe and of the reference that came together; none for a face.
    """

    subject: SubjectId
    part: PartScore
    probe: Specimen
    reference: Specimen
    pairs: NDArray[np.int64]


@dataclass(slots=True)
class _Compared:
    probe: Template
    reference: Reference
    pairs: NDArray[np.int64]


class Witness:
    """Looks on while one request is served: ``walk`` and ``trace`` are to be used for it, ``comparisons`` after it."""

    def __init__(self, walk: Walk) -> None:
        self._made: list[tuple[Template, LocatedSample]] = []
        self._compared: list[_Compared] = []
        watched = {modality: _Watched(extractor, self._made) for modality, extractor in walk.extractors.items()}
        self.walk = replace(walk, extractors=watched)
        self._walk = walk

    def trace(self, step: str, artefact: object) -> None:
        """Keep which templates were compared, and which of their minutiae came together."""
        if step == "compared":
            probe, reference = cast("tuple[Template, Reference]", artefact)
            self._compared.append(_Compared(probe, reference, NO_PAIRS))
        elif step == "matched_pairs" and self._compared:
            self._compared[-1].pairs = np.asarray(artefact)[:, :2].astype(np.int64)

    def comparisons(self, candidate: Candidate) -> Iterator[ExplainedComparison]:
        """The comparisons behind a candidate's score; SUBJECT_UNKNOWN where it was erased meanwhile."""
        for part in candidate.parts:
            compared = self._behind(part)
            if compared:
                reference = self._reference(compared.reference)
                probe = self._probe(compared.probe)
                yield ExplainedComparison(candidate.subject, part, probe, reference, compared.pairs)

    def _behind(self, part: PartScore) -> _Compared | None:
        found = (each for each in reversed(self._compared) if _is_behind(part, each))
        return next(found, None)

    def _probe(self, template: Template) -> Specimen:
        located = next(located for made, located in self._made if made is template)
        return _specimen(template, located)

    def _reference(self, reference: Reference) -> Specimen:
        template = reference.template
        modality = template.format.modality
        given = GivenImage(self._walk.store.image(reference.id), modality, position_of(template))
        sample = self._walk.decode(given)
        if modality is Modality.FINGERPRINT:
            return Specimen(template, sample, None)
        located = self._walk.extractors[modality].locate(sample)
        if isinstance(located, ExtractionFailure):
            return Specimen(template, sample, None)
        return _specimen(template, located)


class _Watched:
    """An extractor that notes down which sample each template was made from."""

    def __init__(self, extractor: Extractor, made: list[tuple[Template, LocatedSample]]) -> None:
        self.format = extractor.format
        self._extractor = extractor
        self._made = made

    def locate(self, sample: BiometricSample, trace: Trace = SILENT) -> LocatedSample | ExtractionFailure:
        """As the extractor."""
        return self._extractor.locate(sample, trace)

    def extract(self, located: LocatedSample, trace: Trace = SILENT) -> Template | ExtractionFailure:
        """As the extractor."""
        made = self._extractor.extract(located, trace)
        if not isinstance(made, ExtractionFailure):
            self._made.append((made, located))
        return made


def _specimen(template: Template, located: LocatedSample) -> Specimen:
    return Specimen(template, located.sample, located.area if isinstance(located.area, FaceArea) else None)


def _is_behind(part: PartScore, compared: _Compared) -> bool:
    same_probe = (compared.probe.format.modality, position_of(compared.probe)) == (part.modality, part.position)
    return same_probe and compared.reference.id == part.reference
