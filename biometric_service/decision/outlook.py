"""What a policy means at a site: error rates, false positives a day, and how many mates are missed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from biometric_service.decision.policy import DecisionPolicy, Question, thresholds
from biometric_service.vocabulary.candidates import ScoreCurve
from biometric_service.vocabulary.samples import Modality


@dataclass(frozen=True, slots=True)
class Served:
    """A modality here: how its scores were measured, and how many references there are to search."""

    scores: ScoreCurve
    references: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """One operating point for one sample of a modality, searched among, or compared with, so many ``references``.

    ``fmr``: of each comparison, ``false_positives_a_day`` and ``reviews_a_day``: strangers taken for somebody and
    strangers to be looked at, if everybody who is asked about were one. ``missed``: share of mated probes that are no
    match (FNIR or FNMR), ``missed_by_review``: of those that not even an officer sees; None where the model's card has
    no curve. ``extrapolated``: the threshold lies beyond the data of the calibration.
    """

    purpose: str
    question: Question
    modality: Modality
    references: int
    rate: float
    fmr: float
    threshold: float
    review_threshold: float
    a_day: float
    false_positives_a_day: float
    reviews_a_day: float
    missed: float | None
    missed_by_review: float | None
    extrapolated: bool


def outlook(policy: DecisionPolicy, served: Mapping[Modality, Served]) -> Iterator[Outlook]:
    """Every operating point with every modality, purposes in the order of the file."""
    for (purpose, question), point in policy.points.items():
        a_day = policy.a_day.get((purpose, question), 0.0)
        for modality, here in served.items():
            references = 1 if question is Question.VERIFICATION else here.references
            needed = thresholds(point, references)
            yield Outlook(
                purpose,
                question,
                modality,
                references,
                point.match,
                point.match / max(references, 1),
                needed.match,
                needed.review,
                a_day,
                point.match * a_day,
                (point.review - point.match) * a_day,
                here.scores.fnmr_at(needed.match),
                here.scores.fnmr_at(min(needed.review, here.scores.highest)),
                needed.match > here.scores.data_limit,
            )
