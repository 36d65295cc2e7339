"""The parts of ``evaluate``: who is worst, how groups differ, what is kept of a run, what reviewers found."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks.synthesis.templates import FORMAT
from biometric_service.app.service import settings_store
from biometric_service.cli import app
from biometric_service.cli.evaluating import thrown_away
from biometric_service.comparison.calibration import Calibration
from biometric_service.comparison.fingerprint.cylinder import CylinderComparator
from biometric_service.console.statistics import missed_of
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.evaluation.adjudicated import adjudicated
from biometric_service.evaluation.differences import differences
from biometric_service.evaluation.findings import Named, worst
from biometric_service.evaluation.identification import Asked, Identified, Probe, experiment
from biometric_service.evaluation.kept import KeptLines, KeptRows
from biometric_service.evaluation.labels import Labels, read_labels, sample_name
from biometric_service.evaluation.matrix import score_matrix
from biometric_service.evaluation.open_set import cmc
from biometric_service.evaluation.probe_differences import probe_differences
from biometric_service.evaluation.rates import Experiment
from biometric_service.evaluation.samples import ComparedSet
from biometric_service.evaluation.subjects import SampleFile, Subject, faces, fingerprints
from biometric_service.evaluation.template_cache import TemplateCache
from biometric_service.evaluation.verification import experiment as verification
from biometric_service.evaluation.verification import mated_samples
from biometric_service.settings import Settings
from biometric_service.vocabulary.adjudication import Case, Origin, Review, Verdict
from biometric_service.vocabulary.decisions import Outcome
from biometric_service.vocabulary.samples import Modality
from biometric_service.vocabulary.statements import read_statement
from tests.adjudication import new_case
from tests.template_walk import calibration, template, template_walk


def subject(name: str, count: int = 2) -> Subject:
    files = tuple(SampleFile(Path(f"set/{name}_{at}.png"), Modality.FINGERPRINT, 500.0) for at in range(1, count + 1))
    return Subject(name, files, name)


def compared() -> ComparedSet:
    """A misses itself, B does not; C is taken for A. Two samples each, threshold 5."""
    samples = np.repeat(np.arange(3, dtype=np.int32), 2)
    scores = np.full((6, 6), 2.0, np.float32)
    for first in (0, 2, 4):
        scores[first + 1, first] = 9.0
    scores[1, 0], scores[4, 0] = 1.0, 6.0
    subjects = tuple(map(subject, "ABC"))
    return ComparedSet("set", subjects, samples, 0, verification(scores, samples), mated_samples(samples))


def test_the_worst_are_named() -> None:
    found = worst(Named(("A", "B", "C"), compared().pairs, 5.0))
    assert found["goats"] == [{"subject": "A", "rate": 1.0, "comparisons": 1}]
    assert [(each["subject"], each["rate"]) for each in found["lambs"]] == [("A", 0.125), ("C", 0.125)]


def test_groups_of_subjects_are_told_apart_at_one_threshold() -> None:
    labels = Labels({"sex": {"A": "f", "B": "m", "C": "f"}}, {})
    found = differences([compared()], labels, 5.0)["sex"]
    assert (found["f"]["subjects"], found["f"]["samples"], found["f"]["mated"], found["f"]["fnmr"]) == (2, 4, 2, 0.5)
    assert found["f"]["interval"] == [0.0, 1.0]
    assert (found["f"]["nonmated"], found["f"]["fmr"]) == (4, 0.25)
    assert (found["m"]["mated"], found["m"]["fnmr"], found["m"]["nonmated"], found["m"]["fmr"]) == (1, 0.0, 0, None)


def test_a_label_of_a_sample_goes_before_that_of_its_subject_and_pairs_across_values_are_told_apart() -> None:
    of_samples = {"sensor": {"set/A_2.png": "swipe"}}
    labels = Labels({"sensor": dict.fromkeys("AB", "optical")}, of_samples)
    found = differences([compared()], labels, 5.0)["sensor"]
    assert list(found) == ["optical", "swipe", "optical / swipe"]
    assert (found["optical"]["mated"], found["swipe"]["mated"], found["optical / swipe"]["mated"]) == (1, 0, 1)
    assert (found["optical / swipe"]["fnmr"], found["swipe"]["fnmr"]) == (1.0, None)


def test_sets_are_not_compared_across() -> None:
    labels = Labels({"sex": dict.fromkeys("ABC", "f")}, {})
    one, two = (differences([compared()] * count, labels, 5.0)["sex"]["f"] for count in (1, 2))
    assert (two["mated"], two["nonmated"]) == (2 * one["mated"], 2 * one["nonmated"])
    assert (two["fnmr"], two["fmr"]) == (one["fnmr"], one["fmr"])


def test_probes_are_told_apart_at_one_threshold() -> None:
    inside, outside = [subject("A"), subject("B")], [subject(f"X{at}", 60) for at in range(2)]
    mated = np.array([9.0, 1.0])
    nonmated = np.linspace(0, 5, 120)
    found = Identified(inside, outside, 0, 10, probes(mated, [0, 1]), probes(nonmated, np.repeat([0, 1], 60).tolist()))
    labels = Labels({"sex": {"A": "f", "B": "m", "X0": "f", "X1": "m"}}, {})
    of_sex = probe_differences(found, labels, 1)["sex"]
    assert [of_sex[sex]["fnir"]["rate"] for sex in "fm"] == [0.0, 1.0]
    assert [of_sex[sex]["fpir"]["rate"] for sex in "fm"] == [0.0, pytest.approx(1 / 60)]


def probes(scores: Iterable[float], subjects: Sequence[int]) -> list[Probe]:
    return [Probe(who, float(score), Outcome.MATCH, 1) for score, who in zip(scores, subjects, strict=True)]


def test_cmc_counts_those_found_so_far() -> None:
    assert cmc([1, 1, 2, 0], 3) == [0.5, 0.75, 0.75]
    assert cmc([], 3) == []


def test_labels_are_read_by_subject_and_by_sample(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("subject,sample,sex,sensor\nA,,f,\n,set/A_2.png,,swipe\nA,set/A_1.png,,optical\n", "utf-8")
    labels = read_labels(path)
    assert labels.columns == ("sex", "sensor")
    one = subject("A")
    assert [labels.of("sensor", one, file) for file in one.samples] == ["optical", "swipe"]
    assert [labels.of("sex", one, file) for file in one.samples] == ["f", "f"]
    assert sample_name(one.samples[0]) == "set/A_1.png"


@pytest.mark.parametrize("text", ["who,sex\nA,f\n", "", "subject\n"])
def test_a_file_without_subjects_holds_no_labels(tmp_path: Path, text: str) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(text)
    with pytest.raises(BiometricServiceError) as caught:
        read_labels(path)
    assert caught.value.code is ErrorCode.REQUEST_INVALID


def test_a_face_is_known_by_its_folder(tmp_path: Path) -> None:
    for person in ("Ann", "Bob"):
        (tmp_path / person).mkdir()
        (tmp_path / person / "1.jpg").touch()
    assert [(each.name, each.known_as) for each in faces([tmp_path])] == [("P0", "Ann"), ("P1", "Bob")]


def test_rows_and_lines_that_were_half_written_are_made_again(tmp_path: Path) -> None:
    rows = [np.array([at, at + 0.5], np.float32) for at in range(3)]
    with KeptRows(tmp_path / "rows", 2) as kept:
        assert [kept.get(lambda row=row: row).tolist() for row in rows[:2]] == [[0, 0.5], [1, 1.5]]  # type: ignore[misc]
    with (tmp_path / "rows").open("ab") as torn:
        torn.write(b"\x00\x00\x00\x40\x01")
    with KeptRows(tmp_path / "rows", 2) as kept:
        found = [kept.get(never).tolist(), kept.get(never).tolist(), kept.get(lambda: rows[2]).tolist()]
    assert found == [row.tolist() for row in rows]
    with KeptLines(tmp_path, "Some work") as lines:
        assert lines.get(lambda: (1.25, "match", 1)) == (1.25, "match", 1)
    with (tmp_path / "some-work.jsonl").open("a") as torn_line:
        torn_line.write('[0.5, "ma')
    with KeptLines(tmp_path, "Some work") as lines:
        assert [lines.get(never), lines.get(lambda: (None, "review", 0))] == [(1.25, "match", 1), (None, "review", 0)]
    with KeptLines(tmp_path, "Some work") as lines:
        assert [lines.get(never) for _ in range(2)] == [(1.25, "match", 1), (None, "review", 0)]


def never() -> Any:  # noqa: ANN401
    return pytest.fail("it was kept")


class _BrokenOffError(Exception):
    pass


def test_a_run_that_was_broken_off_goes_on_and_finds_the_same(tmp_path: Path) -> None:
    subjects = [subject(f"F{finger}", 3) for finger in range(1, 7)]
    made = {
        file: template(finger, at) for finger, each in enumerate(subjects, 1) for at, file in enumerate(each.samples, 1)
    }

    without = {subjects[3].samples[1]: None}

    def run(name: str, kept: Path | None, most: int) -> Identified:
        chosen = Settings(data_dir=tmp_path / name)
        with settings_store(chosen) as opened:
            return experiment(
                template_walk(opened, chosen), subjects, {**made, **without}, Asked(1, 1, kept), broken_off_after(most)
            )

    kept = tmp_path / "kept"
    with pytest.raises(_BrokenOffError):
        run("first", kept, 4)
    asked = sum(len(path.read_text().splitlines()) for path in kept.rglob("*.jsonl"))
    assert asked == 4
    again = run("second", kept, 99)
    assert again == run("third", None, 99)
    assert {probe.rank for probe in again.mated} == {1}
    assert [probe.outcome for probe in (*again.mated, *again.nonmated)].count(Outcome.RECAPTURE) == 1


def test_answers_are_kept_for_the_curve_that_they_were_scored_by(tmp_path: Path) -> None:
    subjects = [subject(f"F{finger}", 2) for finger in range(1, 5)]
    made = {
        file: template(finger, at) for finger, each in enumerate(subjects, 1) for at, file in enumerate(each.samples, 1)
    }

    def run(name: str, curve: Calibration, kept: Path | None) -> Identified:
        chosen = Settings(data_dir=tmp_path / name)
        with settings_store(chosen) as opened:
            walk = template_walk(opened, chosen)
            by_curve = replace(walk, comparators={Modality.FINGERPRINT: CylinderComparator(FORMAT, curve)})
            return experiment(by_curve, subjects, made, Asked(1, 1, kept), lambda work, _: work)

    shipped, kept = calibration(), tmp_path / "kept"
    lower = replace(shipped, raw=tuple(2 * raw for raw in shipped.raw))
    before = run("shipped", shipped, kept)
    assert run("again", shipped, kept) == before
    assert run("lower", lower, kept) == run("afresh", lower, None) != before


def test_the_store_of_an_evaluation_is_under_a_key_that_is_nowhere(tmp_path: Path) -> None:
    folder, mine = tmp_path / "scratch", tmp_path / "mine"
    own = thrown_away(Settings(data_dir=mine, master_key_file=mine / "master.key"), folder)
    with settings_store(own) as opened:
        assert opened.store.galleries() == []
    assert {path.name for path in folder.iterdir() if path.stat().st_size} == {"biometric.db"}
    assert not mine.exists()
    again = thrown_away(Settings(data_dir=mine), folder)
    with pytest.raises(BiometricServiceError) as caught, settings_store(again):
        pytest.fail("another key opens it")
    assert caught.value.code is ErrorCode.KEY_WRONG


def broken_off_after(most: int) -> Any:  # noqa: ANN401
    def watch(work: Sequence[Any], said: str) -> Iterable[Any]:
        for at, each in enumerate(work):
            if said != "Enrolling" and at == most:
                raise _BrokenOffError
            yield each

    return watch


def test_comparisons_are_kept_too(tmp_path: Path) -> None:
    chosen = Settings(data_dir=tmp_path / "data")
    templates = [template(finger, at) for finger in (1, 2) for at in (1, 2)]
    with settings_store(chosen) as opened:
        comparator = template_walk(opened, chosen).comparators[Modality.FINGERPRINT]
    with pytest.raises(_BrokenOffError):
        score_matrix(comparator, templates, lambda work: broken_off_after(2)(work, ""), tmp_path)
    [kept] = tmp_path.glob("compared-*.f32")
    assert kept.stat().st_size == 2 * 4 * 4
    whole = score_matrix(comparator, templates).scores
    assert (score_matrix(comparator, templates, kept=tmp_path).scores == whole).all()
    assert kept.stat().st_size == 4 * 4 * 4
    assert (score_matrix(comparator, templates[:3], kept=tmp_path).scores == whole[:3, :3]).all()


def test_templates_that_are_kept_are_their_users_alone(tmp_path: Path) -> None:
    (tmp_path / "1_1.png").write_bytes(b"a print")
    file, made = SampleFile(tmp_path / "1_1.png", Modality.FINGERPRINT), template(1, 1)
    cache = TemplateCache(tmp_path / "kept", made.format)
    assert cache.get(file, lambda: made) is made
    assert cache.get(file, lambda: None) is not None
    assert cache.missed == 1
    [kept] = (path for path in (tmp_path / "kept").rglob("*") if path.is_file())
    assert [oct(path.stat().st_mode & 0o777) for path in (tmp_path / "kept", kept)] == ["0o700", "0o600"]


def case(number: int, score: float, outcome: Verdict, *, reviewers: int = 2, origin: Origin = Origin.REFUSED) -> Case:
    made = new_case(f"C{number}", "inmates", score=score)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    reviews = tuple(Review(f"r{at}", now, outcome) for at in range(reviewers))
    likeness = replace(made.likeness, score=score)
    return Case(
        number, made.id, origin, None, made.candidate, made.galleries, likeness, now, "o", reviews, outcome, now
    )


def test_adjudicated_cases_say_how_often_a_likeness_was_the_same_person() -> None:
    overdue = case(6, 4.9, Verdict.UNSURE)
    found = adjudicated(
        [
            case(1, 4.2, Verdict.DIFFERENT_PEOPLE),
            case(2, 4.7, Verdict.SAME_PERSON, reviewers=3),
            case(3, 6.1, Verdict.SAME_PERSON, origin=Origin.SEARCHED),
            case(4, 4.9, Verdict.UNSURE, reviewers=3),
            case(5, 4.9, Verdict.UNSURE, reviewers=1),
            replace(overdue, reviews=(overdue.reviews[0], replace(overdue.reviews[1], verdict=Verdict.SAME_PERSON))),
        ]
    )
    assert found["outcomes"] == {"unsure": 3, "same_person": 2, "different_people": 1}
    assert (found["agreed_at_once"]["count"], found["agreed_at_once"]["cases"]) == (2, 5)
    assert [(band["from"], band["cases"], band["share"]) for band in found["bands"]] == [(4.0, 2, 0.5), (6.0, 1, 1.0)]
    assert {name: each["count"] for name, each in found["origins"].items()} == {"refused": 1, "searched": 1}
    assert found["told_apart"]["eer"] == pytest.approx(0.0)
    assert adjudicated([])["cases"] == 0


def test_mates_that_were_missed_are_those_of_the_days_whose_matches_are_counted() -> None:
    since = date(2026, 1, 1)
    before = datetime(2025, 12, 31, 23, 59, tzinfo=UTC)
    searched = [case(at, 6.1, Verdict.SAME_PERSON, origin=Origin.SEARCHED) for at in (1, 2)]
    others = [case(3, 6.1, Verdict.SAME_PERSON), case(4, 6.1, Verdict.DIFFERENT_PEOPLE, origin=Origin.SEARCHED)]
    found = missed_of([replace(searched[0], opened_at=before), searched[1], *others], 19, since)
    assert (found.same, found.matches, found.share) == (1, 19, 0.05)
    assert found.interval is not None
    assert found.interval[0] < 0.05 < found.interval[1]
    assert missed_of([], 0, since).share is None


def test_evidence_of_the_store_is_reported_and_reading_it_is_in_the_audit_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIOMETRIC_DATA_DIR", str(tmp_path / "data"))
    words = ["evaluate", "--adjudicated", "--report", str(tmp_path / "report")]
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    fields = read_statement((tmp_path / "report" / "report.json").read_text()).fields
    assert fields["adjudicated"]["cases"] == 0
    assert "0 closed cases: none." in (tmp_path / "report" / "report.html").read_text()
    with settings_store(Settings(data_dir=tmp_path / "data")) as opened:
        assert [each.event.kind.value for each in opened.store.events(0, 9)] == ["adjudication.listed"]


def test_without_folders_and_cases_there_is_nothing_to_evaluate() -> None:
    assert CliRunner().invoke(app, ["evaluate"]).exit_code == 2


def test_an_experiment_without_errors_has_no_worst() -> None:
    pairs = Experiment(np.array([9.0]), np.array([0]), np.array([1.0]), np.array([[0, 1]]))
    assert worst(Named(("A", "B"), pairs, 5.0)) == {"goats": [], "lambs": []}


@pytest.mark.parametrize("said", [b"five hundred", b"\xff", b""])
def test_a_resolution_that_is_no_number_is_refused(tmp_path: Path, said: bytes) -> None:
    (tmp_path / "dpi").write_bytes(said)
    with pytest.raises(BiometricServiceError) as refused:
        fingerprints([tmp_path])
    assert refused.value.code is ErrorCode.RESOLUTION_UNUSABLE
