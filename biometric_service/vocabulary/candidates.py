"""What a search finds: shortlists of references, comparison scores, and candidates."""

from dataclasses import dataclass
from typing import Protocol, Self

from biometric_service.vocabulary.references import ChangeNumber, GalleryId, ReferenceId, SubjectId
from biometric_service.vocabulary.samples import FingerPosition, Modality
from biometric_service.vocabulary.templates import Template


@dataclass(frozen=True, slots=True)
class Probe:
    """A template to search for, and the gallery to search (``ALL_GALLERIES`` for every one)."""

    template: Template
    gallery: GalleryId


@dataclass(frozen=True, slots=True)
class ShortlistEntry:
    """A reference and its raw comparison score (the comparator's own scale, higher is more alike)."""

    reference: ReferenceId
    subject: SubjectId
    raw: float


@dataclass(frozen=True, slots=True)
class Shortlist:
    """The best references for one probe, one a subject, best first.

    ``searched``: how many references the probe was in effect compared with. ``complete``: False where a part of the
    gallery was missing or the index lags behind the store, so that absence from the list proves nothing.
    """

    probe: Probe
    entries: tuple[ShortlistEntry, ...]
    searched: int
    complete: bool
    applied: ChangeNumber


@dataclass(frozen=True, slots=True)
class Conditions:
    """What may shift a comparison's scores: the sensor's class (empty where nobody knows) and the finger."""

    sensor: str = ""
    position: FingerPosition = FingerPosition.UNKNOWN

    @classmethod
    def of_finger(cls, name: str) -> Self:
        """Of a finger by its name, such as ``right_index``; raises KeyError where there is none of it."""
        return cls(position=FingerPosition[name.upper()])


ANY_CONDITIONS = Conditions()


@dataclass(frozen=True, slots=True)
class ComparisonScore:
    """A calibrated score: ``value`` is -log10 of the FMR at that score, 0 upwards, higher is more alike.

    ``raw`` is on the comparator's own scale. ``extrapolated``: True beyond the data that the calibration rests on.
    ``capped``: True beyond the end of the calibration, where a higher raw score says no more. ``interval``: 95 %
    interval of the value, None where it is not known. ``weight``: of the value in a fusion, above 0 and at most 1.
    """

    value: float
    raw: float
    comparator: str
    extrapolated: bool
    capped: bool = False
    interval: tuple[float, float] | None = None
    weight: float = 1.0


class ScoreCurve(Protocol):
    """What is known of a comparator's scores (see ``comparison.calibration``)."""

    @property
    def data_limit(self) -> float:
        """The score beyond which the curve is extrapolated."""

    @property
    def highest(self) -> float:
        """The score that the curve ends with."""

    def fnmr_at(self, score: float) -> float | None:
        """FNMR at a threshold, a fraction of 1, as it was measured; None where it was not."""

    def interval_at(self, score: float) -> tuple[float, float] | None:
        """95 % interval of what a calibrated score really is, -log10 FMR; None where it is not known."""


@dataclass(frozen=True, slots=True)
class PartScore:
    """How one sample of the probe compared with one reference; ``sample``: which sample, numbered from 0."""

    modality: Modality
    position: FingerPosition
    reference: ReferenceId
    score: ComparisonScore
    sample: int = 0


@dataclass(frozen=True, slots=True)
class Candidate:
    """A subject the probe may be of; ``score`` joins the parts on the same -log10 FMR scale."""

    subject: SubjectId
    score: float
    parts: tuple[PartScore, ...]


@dataclass(frozen=True, slots=True)
class CandidateList:
    """Candidates, best first, with what was searched to find them (see ``Shortlist``).

    ``incomparable``: there are people to search among, and none of them has a reference of what was captured.
    """

    candidates: tuple[Candidate, ...]
    searched: int
    complete: bool
    applied: ChangeNumber
    incomparable: bool = False
