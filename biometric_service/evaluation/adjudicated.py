"""What closed cases of adjudication tell: labelled evidence of those whom the service likened to one another.

They are pairs that asked for a look, no random sample, so no rate of them is an FMR or FNMR of the gallery.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from biometric_service.evaluation.rates import Experiment, det, eer
from biometric_service.evaluation.resampling import share_interval
from biometric_service.vocabulary.adjudication import Case, Verdict
from biometric_service.vocabulary.protocols import CaseStore

PAGE = 500
WIDTH = 1.0
"""Of a band of scores, -log10 FMR."""


def closed_cases(cases: CaseStore) -> Iterator[Case]:
    """Every closed case, oldest first."""
    after = 0
    while page := cases.cases(after, PAGE, closed=True):
        yield from page
        after = page[-1].number


def adjudicated(cases: Sequence[Case]) -> dict[str, Any]:
    """Outcomes, how often reviewers agreed at once, and how many were the same person by score and by origin."""
    judged = [case for case in cases if case.outcome in {Verdict.SAME_PERSON, Verdict.DIFFERENT_PEOPLE}]
    return {
        "cases": len(cases),
        "outcomes": dict(Counter(case.outcome.value for case in cases if case.outcome).most_common()),
        "agreed_at_once": _agreed_at_once([case for case in cases if len(case.reviews) > 1]),
        "origins": {
            origin: _same([case for case in judged if case.origin == origin])
            for origin in sorted({case.origin.value for case in judged})
        },
        "bands": [
            {"from": low, "to": low + WIDTH, **_same(found)}
            for low in sorted({_band(case) for case in judged})
            for found in ([case for case in judged if _band(case) == low],)
        ],
        "told_apart": _told_apart(judged),
    }


def _agreed_at_once(cases: Sequence[Case]) -> dict[str, Any]:
    """Of those that two have judged: one that was closed because it was overdue need not be among them."""
    said = ([each.verdict for each in case.reviews] for case in cases)
    return _share(cases, [len(verdicts) == 2 and len(set(verdicts)) == 1 for verdicts in said])  # noqa: PLR2004


def _same(cases: Sequence[Case]) -> dict[str, Any]:
    return _share(cases, [case.outcome is Verdict.SAME_PERSON for case in cases])


def _share(cases: Sequence[Case], hits: Sequence[bool]) -> dict[str, Any]:
    """Cases of one candidate hang together."""
    if not cases:
        return {"cases": 0, "count": 0, "share": None, "interval": None}
    found = np.array(hits)
    interval = share_interval(found, np.array([case.candidate for case in cases]))
    return {"cases": len(cases), "count": int(found.sum()), "share": float(found.mean()), "interval": interval}


def _told_apart(judged: Sequence[Case]) -> dict[str, Any] | None:
    """How well the score parts the two among what reviewers saw; None where they saw only one of both."""
    same = [case for case in judged if case.outcome is Verdict.SAME_PERSON]
    different = [case for case in judged if case.outcome is Verdict.DIFFERENT_PEOPLE]
    if not same or not different:
        return None
    mated, nonmated = (np.array([case.likeness.score for case in each]) for each in (same, different))
    none = np.zeros(0, np.int64)
    found = Experiment(mated, none, nonmated, none)
    return {"eer": eer(found.mated, found.nonmated), "det": det(found.mated, found.nonmated).tolist()}


def _band(case: Case) -> float:
    return float(np.floor(case.likeness.score / WIDTH) * WIDTH)
