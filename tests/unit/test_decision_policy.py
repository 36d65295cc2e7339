"""The policy file: what it refuses and how it says so, that it is followed while the service runs, what it means."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from biometric_service.app.policy import policy_source
from biometric_service.app.service import settings_store
from biometric_service.decision.outlook import Served, outlook
from biometric_service.decision.policy import DecisionPolicy, Question
from biometric_service.decision.policy_file import DEFAULT_POLICY, read_policy
from biometric_service.decision.policy_reload import PolicyChange, ReloadingPolicy
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.settings import Settings
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.samples import Modality

DEFAULT_TEXT = DEFAULT_POLICY.read_text(encoding="utf-8")
SMALLEST = """version = "7"
[default.identification]
fpir = 0.001
review_fpir = 0.05
a_day = 100
[default.verification]
fmr = 0.0001
review_fmr = 0.01
[default.duplicates]
fpir = 0.00001
review_fpir = 0.001
"""


def written(folder: Path, text: str) -> Path:
    """Written as an editor does it, so that the file's time or identity changes."""
    path, new = folder / "policy.toml", folder / "new"
    new.write_text(text, encoding="utf-8")
    new.replace(path)
    return path


def test_the_default_policy_answers_every_question_for_every_purpose() -> None:
    policy = read_policy(DEFAULT_POLICY)
    for question in Question:
        assert policy.point("a purpose that nobody thought of", question) == policy.point("default", question)
    release = policy.point("release", Question.VERIFICATION)
    assert release.match < policy.point("movement", Question.VERIFICATION).match
    assert release.policy == policy.stamp
    assert len(policy.stamp.digest) == 64


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("fpir = 0.001", "fpir = 1.5", "line 3, default.identification.fpir: Input should be less than 1"),
        ("fpir = 0.001", "fpir = 0.5", "line 2, default.identification: the rate of a match is larger"),
        ("review_fmr = 0.01", "review_fmr = 0", "line 8, default.verification.review_fmr"),
        ("a_day = 100", "colour = 1", "line 5, default.identification.colour: Extra inputs"),
        ("a_day = 100", "margin = -1", "line 5, default.identification.margin"),
        ("a_day = 100", "quality = 101", "line 5, default.identification.quality"),
        ("[default.duplicates]", "[default.duplications]", "line 9, default.duplications: Extra inputs"),
        ("[default.duplicates]", "[other.duplicates]", "no operating point default.duplicates"),
        ('version = "7"', "", "version: Input should be a valid string"),
        ('version = "7"', "version = 7", "line 1, version"),
        ("fmr = 0.0001", "fmr = ", "is not TOML"),
        ("fmr = 0.0001", "", "line 6, default.verification.fmr: Field required"),
        ("[default.duplicates]", '[sensors]\n"gate" = "a b"\n[default.duplicates]', "line 10, sensors.gate"),
        ("fmr = 0.0001", "fmr = nan", "line 7, default.verification.fmr"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(tmp_path: Path, before: str, after: str, said: str) -> None:
    assert before in SMALLEST
    with pytest.raises(BiometricServiceError) as refusal:
        read_policy(written(tmp_path, SMALLEST.replace(before, after, 1)))
    assert refusal.value.code is ErrorCode.SETTINGS_INVALID
    assert said in refusal.value.message
    assert refusal.value.action


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BiometricServiceError, match="cannot be read"):
        read_policy(tmp_path / "none.toml")


def test_a_changed_file_is_taken_at_once_and_a_bad_one_is_not(tmp_path: Path) -> None:
    changes: list[PolicyChange] = []
    source = ReloadingPolicy(written(tmp_path, SMALLEST), changes.append)
    first = source.current()
    assert source.current() is first
    written(tmp_path, SMALLEST.replace('"7"', '"8"'))
    assert source.current().stamp.version == "8"
    written(tmp_path, "fpir = ")
    assert source.current().stamp.version == "8"
    assert source.current().stamp.version == "8"
    (tmp_path / "policy.toml").unlink()
    assert source.current().stamp.version == "8"
    assert [bool(change.fault) for change in changes] == [False, True, True]
    written(tmp_path, SMALLEST)
    assert source.current() == first


def test_a_file_that_is_touched_is_read_again(tmp_path: Path) -> None:
    changes: list[PolicyChange] = []
    path = written(tmp_path, SMALLEST)
    source = ReloadingPolicy(path, changes.append)
    os.utime(path, ns=(1, 1))
    source.current()
    assert len(changes) == 1


def test_every_change_is_an_audit_event_with_version_and_digest(tmp_path: Path) -> None:
    path = written(tmp_path, SMALLEST)
    settings = Settings(data_dir=tmp_path / "data", policy_file=path)
    with settings_store(settings) as opened:
        source = policy_source(settings, opened.store)
        first = source.current().stamp
        written(tmp_path, SMALLEST.replace('"7"', '"8"'))
        second = source.current().stamp
        written(tmp_path, "nonsense")
        source.current()
        events = [each.event for each in opened.store.events(0, 100)]
    changed = next(each for each in events if each.kind is EventKind.POLICY_CHANGED)
    refused = next(each for each in events if each.kind is EventKind.POLICY_REFUSED)
    expected = {"version": "8", "digest": second.digest, "previous_digest": first.digest}
    assert changed.details == expected
    assert "not TOML" in refused.details["fault"]
    assert refused.details["digest"] == second.digest


@dataclass(frozen=True)
class Curve:
    """FNMR of a tenth for each score."""

    data_limit: float = 5.0
    highest: float = 9.0

    def fnmr_at(self, score: float) -> float | None:
        return min(score / 10, 1.0)

    def interval_at(self, score: float) -> tuple[float, float] | None:
        return (score, score)


def explained(policy: DecisionPolicy, references: int) -> Mapping[Question, tuple[float, float, float, bool]]:
    served = {Modality.FINGERPRINT: Served(Curve(), references)}
    return {
        line.question: (line.fmr, line.false_positives_a_day, line.missed or 0.0, line.extrapolated)
        for line in outlook(policy, served)
    }


def test_in_the_largest_gallery_whoever_is_at_the_end_of_the_scale_is_seen(tmp_path: Path) -> None:
    served = {Modality.FINGERPRINT: Served(Curve(), 10_000_000)}
    [line] = [
        each
        for each in outlook(read_policy(written(tmp_path, SMALLEST)), served)
        if each.question is Question.DUPLICATES
    ]
    assert line.review_threshold > Curve.highest
    assert (line.missed, line.missed_by_review) == (1.0, 0.9)


def test_what_a_point_means_follows_from_the_size_of_the_gallery(tmp_path: Path) -> None:
    policy = read_policy(written(tmp_path, SMALLEST))
    small, large = explained(policy, 10), explained(policy, 10_000)
    assert small[Question.IDENTIFICATION] == pytest.approx((1e-4, 0.1, 0.4, False))
    assert large[Question.IDENTIFICATION] == pytest.approx((1e-7, 0.1, 0.7, True))
    assert small[Question.VERIFICATION] == large[Question.VERIFICATION] == pytest.approx((1e-4, 0.0, 0.4, False))
