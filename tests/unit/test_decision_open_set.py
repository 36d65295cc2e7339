"""Who is named, who is not, and what the officer is told."""

import math
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biometric_service.decision.candidates import rank
from biometric_service.decision.open_set import decide_identification, decide_verification
from biometric_service.decision.policy import DEFAULT, DecisionPolicy, Question, thresholds
from biometric_service.decision.reasons import told
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.recognition.adjudication import doubtful
from biometric_service.texts.speaking import LANGUAGES, say
from biometric_service.vocabulary.candidates import (
    Candidate,
    CandidateList,
    ComparisonScore,
    PartScore,
    Probe,
    Shortlist,
)
from biometric_service.vocabulary.decisions import Decision, OperatingPoint, Outcome, Reason, ReasonCode
from biometric_service.vocabulary.references import ChangeNumber, ReferenceId, SubjectId
from biometric_service.vocabulary.samples import FingerPosition, Modality

IDENTIFICATION, VERIFICATION = OperatingPoint(1e-3, 0.05), OperatingPoint(1e-4, 1e-2)
STRICT = OperatingPoint(1e-5, 5e-5)
SEARCHED = 1000  # so that an identification needs 6.0 for a match and 4.3 for a review
MATCHING, DOUBTFUL, LOW = 7.0, 5.0, 1.0
PROBE = Probe.__new__(Probe)
SCORES = {"score", "needed", "review", "lead", "margin"}
FIGURES = SCORES | {"rate", "quality", "least", "references", "comparisons", "subjects"}


def part(value: float, position: FingerPosition = FingerPosition.LEFT_THUMB, raw: float | None = None) -> PartScore:
    score = ComparisonScore(value, value if raw is None else raw, "test", extrapolated=False)
    return PartScore(Modality.FINGERPRINT, position, ReferenceId(1), score)


def found(*scores: float, complete: bool = True, searched: int = SEARCHED) -> CandidateList:
    ordered = sorted(scores, reverse=True)
    candidates = (Candidate(SubjectId(f"S{n}"), score, (part(score),)) for n, score in enumerate(ordered, start=1))
    return CandidateList(tuple(candidates), searched, complete, ChangeNumber(1))


def identified(
    *scores: float,
    complete: bool = True,
    quality: float | None = 50.0,
    searched: int = SEARCHED,
    point: OperatingPoint = IDENTIFICATION,
) -> Decision:
    return decide_identification(found(*scores, complete=complete, searched=searched), quality, point)


def verified(*scores: float, quality: float | None = 50.0, point: OperatingPoint = VERIFICATION) -> Decision:
    return decide_verification(SubjectId("S1"), [part(score) for score in scores], quality, point)


@pytest.mark.parametrize("complete", [True, False])
@pytest.mark.parametrize(
    ("scores", "when_complete", "when_not"),
    [
        ((), Outcome.UNKNOWN, Outcome.INCOMPLETE),
        ((LOW,), Outcome.UNKNOWN, Outcome.INCOMPLETE),
        ((LOW, LOW), Outcome.UNKNOWN, Outcome.INCOMPLETE),
        ((DOUBTFUL,), Outcome.REVIEW, Outcome.REVIEW),
        ((DOUBTFUL, DOUBTFUL), Outcome.REVIEW, Outcome.REVIEW),
        ((MATCHING,), Outcome.MATCH, Outcome.MATCH),
        ((MATCHING, DOUBTFUL), Outcome.MATCH, Outcome.MATCH),
        ((MATCHING, LOW), Outcome.MATCH, Outcome.MATCH),
        ((MATCHING, MATCHING), Outcome.REVIEW, Outcome.REVIEW),
        ((MATCHING, MATCHING, LOW), Outcome.REVIEW, Outcome.REVIEW),
    ],
)
def test_every_case_of_an_identification(
    scores: tuple[float, ...], when_complete: Outcome, when_not: Outcome, *, complete: bool
) -> None:
    decision = identified(*scores, complete=complete)
    assert decision.outcome is (when_complete if complete else when_not)
    assert decision.subject == ("S1" if decision.outcome is Outcome.MATCH else None)
    assert decision.complete is complete
    assert any("incomplete" in reason for reason in decision.reasons) is not complete
    assert decision.searched == SEARCHED
    assert len(decision.candidates) == len(scores)


@pytest.mark.parametrize("scores", [(), (LOW,), (MATCHING,)])
def test_without_a_usable_sample_it_is_captured_again(scores: tuple[float, ...]) -> None:
    assert identified(*scores, quality=None).outcome is Outcome.RECAPTURE
    assert identified(*scores, quality=None).subject is None
    assert verified(*scores, quality=None).outcome is Outcome.RECAPTURE


@pytest.mark.parametrize(
    ("score", "outcome"),
    [(6.0, Outcome.MATCH), (5.999, Outcome.REVIEW), (4.302, Outcome.REVIEW), (4.301, Outcome.UNKNOWN)],
)
def test_a_score_at_the_threshold_reaches_it(score: float, outcome: Outcome) -> None:
    assert identified(score).outcome is outcome


@pytest.mark.parametrize(
    ("score", "outcome"), [(4.0, Outcome.MATCH), (3.9, Outcome.REVIEW), (2.0, Outcome.REVIEW), (1.9, Outcome.NO_MATCH)]
)
def test_every_case_of_a_verification(score: float, outcome: Outcome) -> None:
    decision = verified(score)
    assert decision.outcome is outcome
    assert decision.subject == ("S1" if outcome is Outcome.MATCH else None)
    assert decision.candidates[0].subject == "S1"


def test_more_references_ask_for_a_higher_score() -> None:
    assert verified(4.1).outcome is Outcome.MATCH
    assert verified(4.1, 0.0, 0.0).outcome is Outcome.REVIEW
    assert identified(6.1).outcome is Outcome.MATCH
    assert identified(6.1, searched=2000).outcome is Outcome.REVIEW


def test_a_subject_without_a_reference_of_the_kind_proves_nothing() -> None:
    decision = verified()
    assert decision.outcome is Outcome.RECAPTURE
    assert "no reference" in decision.reasons[0]


def test_a_second_candidate_close_behind_is_for_an_officer() -> None:
    strict = OperatingPoint(1e-3, 0.05, margin=2.5)
    assert identified(MATCHING, DOUBTFUL).outcome is Outcome.MATCH
    decision = identified(MATCHING, DOUBTFUL, point=strict)
    assert (decision.outcome, decision.subject) == (Outcome.REVIEW, None)
    assert "only 2.0 behind" in decision.reasons[1]
    assert identified(MATCHING, LOW, point=strict).outcome is Outcome.MATCH
    assert identified(MATCHING, point=strict).outcome is Outcome.MATCH


@pytest.mark.parametrize("scores", [(), (LOW,)])
def test_nobody_is_unknown_by_a_poor_sample(scores: tuple[float, ...]) -> None:
    strict = OperatingPoint(1e-3, 0.05, quality=30)
    poor = identified(*scores, quality=29.0, point=strict)
    assert poor.outcome is Outcome.RECAPTURE
    assert "29 is below the 30" in poor.reasons[-1]
    assert identified(*scores, quality=30.0, point=strict).outcome is Outcome.UNKNOWN
    assert identified(*scores, quality=29.0, point=strict, complete=False).outcome is Outcome.INCOMPLETE
    assert identified(MATCHING, quality=1.0, point=strict).outcome is Outcome.MATCH


def test_nobody_is_refused_by_a_poor_sample() -> None:
    strict = OperatingPoint(1e-4, 1e-2, quality=30)
    assert verified(LOW, quality=29.0, point=strict).outcome is Outcome.RECAPTURE
    assert verified(LOW, quality=30.0, point=strict).outcome is Outcome.NO_MATCH


def test_thresholds_count_comparisons() -> None:
    assert thresholds(OperatingPoint(1e-3, 0.05), 1000).match == pytest.approx(6)
    assert thresholds(OperatingPoint(1e-3, 0.05), 1000).review == pytest.approx(3 - math.log10(0.05))
    assert thresholds(OperatingPoint(1e-3, 0.05), 0) == thresholds(OperatingPoint(1e-3, 0.05), 1)


def test_reasons_are_sentences_with_the_figures() -> None:
    assert identified(7.94, searched=1553).reasons == (
        "Score 7.9 reaches the 6.2 needed for an FPIR of 0.1 % among 1,553 references.",
    )
    assert "an officer should look" in identified(DOUBTFUL).reasons[0]
    assert "perhaps one person is enrolled under several ids" in identified(MATCHING, MATCHING).reasons[1]
    assert identified(searched=0).reasons == ("The gallery holds no reference of this kind.",)
    assert verified(5.0).reasons == ("Score 5.0 reaches the 4.0 needed for an FMR of 0.01 % in 1 comparison.",)


def test_reasons_are_said_in_the_language_of_the_reader() -> None:
    said = [told(each, "es") for each in identified(7.94, 7.0, searched=812).why]
    assert said == [
        "La puntuación 7,9 alcanza 5,9, la que exige un FPIR del 0,1 % entre 812 referencias.",
        "2 personas superan el umbral: quizá una misma persona está inscrita con varios identificadores.",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", ReasonCode)
def test_every_reason_has_a_sentence_whose_figures_are_filled_in(code: ReasonCode, language: str) -> None:
    names = re.findall(r"{(\w+)}", say(language, f"reason.{code.value}"))
    assert set(names) <= FIGURES
    said = told(Reason(code, dict.fromkeys(names, 1.0)), language)
    assert re.fullmatch(r"[A-Z0-9][^{}]+\.", said), said
    assert f"reason.{code.value}" not in said


def test_reasons_and_their_sentences_are_the_same_ones() -> None:
    for decision in (identified(DOUBTFUL, complete=False), identified(MATCHING, MATCHING), verified(1.0), verified()):
        assert decision.reasons == tuple(map(told, decision.why))
        assert {name for each in decision.why for name in each.figures} <= FIGURES


def test_the_margin_is_the_lead_over_the_second() -> None:
    assert identified(7.0, 2.5).margin == 4.5
    assert identified(7.0).margin is None


def test_whoever_is_at_the_end_of_the_scale_is_looked_at_however_large_the_gallery() -> None:
    """One sample among ten million needs 11.3 for a review here, and calibrations end at 9."""
    needed = thresholds(STRICT, 10_000_000)
    for capped, outcome in ((True, Outcome.REVIEW), (False, Outcome.UNKNOWN)):
        score = replace(part(9.0).score, capped=capped)
        alone = replace(part(9.0), score=score)
        candidates = replace(found(), candidates=(Candidate(SubjectId("S1"), 9.0, (alone,)),), searched=10_000_000)
        decision = decide_identification(candidates, 50.0, STRICT)
        assert (decision.outcome, decision.threshold) == (outcome, needed.match)
        assert decision.review_threshold == (9.0 if capped else needed.review)
        assert len(doubtful(decision)) == capped


lists = st.builds(
    lambda scores, complete, searched: found(*scores, complete=complete, searched=searched),
    st.lists(st.floats(0, 30), max_size=6),
    st.booleans(),
    st.integers(0, 10**9),
)


@given(
    lists,
    st.none() | st.floats(0, 100),
    st.builds(OperatingPoint, *[st.just(each) for each in (1e-3, 0.05)], st.floats(0, 5), st.floats(0, 100)),
)
def test_unknown_is_never_said_of_an_incomplete_search_and_only_a_match_names(
    candidates: CandidateList, quality: float | None, point: OperatingPoint
) -> None:
    decision = decide_identification(candidates, quality, point)
    assert decision.outcome is not Outcome.NO_MATCH
    assert not (decision.outcome is Outcome.UNKNOWN and not candidates.complete)
    assert (decision.subject is not None) == (decision.outcome is Outcome.MATCH)
    assert decision.reasons
    assert all(reason.endswith(".") for reason in decision.reasons)
    assert decision == decide_identification(candidates, quality, point)


RISING = [Outcome.UNKNOWN, Outcome.INCOMPLETE, Outcome.REVIEW, Outcome.MATCH]


@given(st.floats(0, 30), st.floats(0, 30), st.booleans(), st.integers(1, 10**9))
def test_a_higher_score_never_says_less(one: float, other: float, complete: bool, searched: int) -> None:  # noqa: FBT001
    low, high = (
        RISING.index(identified(score, complete=complete, searched=searched).outcome) for score in sorted((one, other))
    )
    assert low <= high


@given(st.floats(0, 30), st.floats(0, 30))
def test_a_higher_score_never_verifies_less(one: float, other: float) -> None:
    rising = [Outcome.NO_MATCH, Outcome.REVIEW, Outcome.MATCH]
    low, high = (rising.index(verified(score).outcome) for score in sorted((one, other)))
    assert low <= high


@pytest.mark.parametrize("point", [(0.0, 0.1), (0.1, 0.01), (0.1, 1.0), (float("nan"), 0.1), (-1.0, 0.1)])
def test_an_operating_point_that_is_none_is_refused(point: tuple[float, float]) -> None:
    with pytest.raises(BiometricServiceError) as raised:
        DecisionPolicy({(DEFAULT, question): OperatingPoint(*point) for question in Question})
    assert raised.value.code is ErrorCode.SETTINGS_INVALID


def shortlist(searched: int, applied: int, *, complete: bool = True) -> Shortlist:
    return Shortlist(PROBE, (), searched, complete, ChangeNumber(applied))


def test_candidates_are_ranked_and_cut_and_the_search_added_up() -> None:
    parts = {SubjectId("low"): [part(1.0)], SubjectId("high"): [part(5.0)], SubjectId("erased"): []}
    ranked = rank(parts, [shortlist(10, 7), shortlist(20, 5, complete=False)], 10)
    assert [candidate.subject for candidate in ranked.candidates] == ["high", "low"]
    assert (ranked.searched, ranked.complete, ranked.applied) == (30, False, 5)
    assert len(rank(parts, [shortlist(10, 7)], 1).candidates) == 1


def test_equal_scores_are_told_apart_by_the_raw_score_then_the_id() -> None:
    parts = {
        SubjectId("b"): [part(9.0, raw=0.7)],
        SubjectId("a"): [part(9.0, raw=0.7)],
        SubjectId("c"): [part(9, raw=0.8)],
    }
    assert [candidate.subject for candidate in rank(parts, [], 10).candidates] == ["c", "a", "b"]
