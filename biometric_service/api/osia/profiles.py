"""How strictly a caller wants a decision made, and how long it wants to wait for it.

``threshold`` below 1 is an error rate (FPIR of a search, FMR of a comparison); from 1 on it is a score, -log10 FMR,
that is needed whatever the size of the gallery: it decides a claim, and of a search it says who is listed, and the
policy who is a match. ``accuracyLevel`` names an error rate. Without either the policy decides.
"""

import math
from collections.abc import Mapping
from dataclasses import replace

from biometric_service.api.osia.schemas.parameters import Comparison, Search
from biometric_service.api.osia.schemas.searching import Filter
from biometric_service.decision.policy import FixedPolicy, PolicySource
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.recognition.walk import Walk
from biometric_service.vocabulary.decisions import OperatingPoint

MOST_CANDIDATES = 200
LONGEST_TERM = 200
FEWEST_CANDIDATES = 2
"""A decision needs the second best as well."""

LEVELS: Mapping[str, OperatingPoint | None] = {
    "low": OperatingPoint(1e-2, 1e-1),
    "medium": None,
    "high": OperatingPoint(1e-5, 1e-3),
}
"""Error rates by ``accuracyLevel``; medium is as the policy has it."""

SECONDS: Mapping[int, float] = {7: 10, 8: 5, 9: 2}
"""Longest time an answer takes by ``serviceLevel``; below 7 it is that of the settings."""


def walk_of_search(walk: Walk, asked: Search) -> Walk:
    """The walk with the error rates and the number of candidates that the search asks for; REQUEST_INVALID."""
    wanted = asked.max_nb_cand or walk.candidate_limit
    limit = max(FEWEST_CANDIDATES, min(max(wanted, walk.candidate_limit), MOST_CANDIDATES))
    return replace(walk, policy=_policy(walk.policy, asked), candidate_limit=limit)


def walk_of_claim(walk: Walk, asked: Comparison, loosest: float) -> Walk:
    """The walk with the score or error rate that the caller wants the claim decided by.

    ``loosest``: the FMR beyond which no caller may have a claim believed. REQUEST_INVALID.
    """
    score = score_needed(asked)
    if score is None:
        point = _point(asked)
        if point and point.match > loosest:
            raise _too_loose(loosest)
        return replace(walk, policy=_policy(walk.policy, asked))
    if score < -math.log10(loosest):
        raise _too_loose(loosest)
    return replace(walk, policy=FixedPolicy(walk.policy.current().at_score(score)))


def terms_of(asked: Comparison, wanted: Filter | None = None) -> Mapping[str, str]:
    """What the caller set itself, for the audit log; of a filter what it names, and never what it asks for."""
    named = sorted(wanted.model_dump(by_alias=True, exclude_none=True)) if wanted else []
    terms = {
        "asked_threshold": "" if asked.threshold is None else f"{asked.threshold:g}",
        "asked_accuracy": asked.accuracy_level or "",
        "asked_filter": " ".join(named),
    }
    return {name: said[:LONGEST_TERM] for name, said in terms.items() if said}


def score_needed(asked: Comparison) -> float | None:
    """The score that the caller sets itself, None where error rates decide."""
    return asked.threshold if asked.threshold is not None and not 0 < asked.threshold < 1 else None


def seconds_for(asked: Comparison, otherwise: float) -> float:
    """How long the answer may take."""
    return min(SECONDS.get(asked.service_level or 0, otherwise), otherwise)


def _policy(policy: PolicySource, asked: Comparison) -> PolicySource:
    point = _point(asked)
    return FixedPolicy(policy.current().at_rates(point.match, point.review)) if point else policy


def _too_loose(loosest: float) -> BiometricServiceError:
    least = -math.log10(loosest)
    return BiometricServiceError(
        ErrorCode.REQUEST_INVALID,
        f"The threshold would have a claim believed at an error rate above {loosest:g}.",
        f"Ask for an error rate of {loosest:g} at the most, or for a score of {least:g} at least.",
    )


def _point(asked: Comparison) -> OperatingPoint | None:
    if asked.threshold is not None and score_needed(asked) is None:
        return OperatingPoint(asked.threshold, asked.threshold)
    level = (asked.accuracy_level or "medium").lower()
    if level not in LEVELS:
        raise BiometricServiceError(
            ErrorCode.REQUEST_INVALID, "The accuracyLevel is not known.", f"Use one of {', '.join(LEVELS)}."
        )
    return LEVELS[level]
