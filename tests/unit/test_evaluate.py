"""The report of ``evaluate``: its figures are those of the benchmark, it is signed, and it tells groups apart."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmarks.accuracy.fingerprint import benchmark, fingerprint_walk
from biometric_service.cli import app
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.evaluation.findings import Labelled, by_label, read_labels, worst
from biometric_service.evaluation.page import det_curve
from biometric_service.evaluation.rates import Experiment
from biometric_service.vocabulary.statements import read_statement
from tests.live_service import synthetic_fingers

FINGERS = 4


def test_the_figures_equal_those_of_the_benchmark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIOMETRIC_DATA_DIR", str(tmp_path / "data"))
    prints, cache, report = (tmp_path / name for name in ("prints", "cache", "report"))
    prints.mkdir()
    synthetic_fingers(prints, FINGERS)
    (tmp_path / "labels.csv").write_text(
        "subject,sex\n" + "".join(f"prints.{n:05d},{'fm'[n % 2]}\n" for n in range(1, 5))
    )
    words = ["evaluate", str(prints), "--report", str(report), "--cache", str(cache)]
    done = CliRunner().invoke(app, [*words, "--labels", str(tmp_path / "labels.csv")], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    fields = read_statement((report / "report.json").read_text()).fields
    expected = benchmark(fingerprint_walk(tmp_path / "scratch"), [prints], cache)
    shared = ("model", "comparator", "pooled", "sets", "fte")
    assert {name: fields[name] for name in shared} == json.loads(json.dumps({name: expected[name] for name in shared}))
    assert (fields["subjects"], fields["samples"]) == (FINGERS, 2 * FINGERS)
    assert [of["subjects"] for of in fields["labels"]["sex"].values()] == [2, 2]
    html = (report / "report.html").read_text()
    assert f"{100 * fields['pooled']['eer']:.3g} %" in html
    assert "too few non-mated pairs to measure at an FMR of 1 %, 0.1 %, 0.01 %" in html
    assert "By sex" in html


def labelled() -> Labelled:
    """A misses itself once in two, B never; C is taken for A."""
    mated, of = np.array([9.0, 1.0, 9.0, 9.0]), np.array([0, 0, 1, 1])
    nonmated, pairs = np.array([2.0, 6.0, 2.0]), np.array([[0, 1], [0, 2], [1, 2]])
    return Labelled(("A", "B", "C"), Experiment(mated, of, nonmated, pairs), 5.0)


def test_the_worst_are_named() -> None:
    found = worst(labelled())
    assert found["goats"] == [{"subject": "A", "rate": 0.5, "comparisons": 2}]
    assert [(each["subject"], each["rate"]) for each in found["lambs"]] == [("A", 0.5), ("C", 0.5)]


def test_labels_are_told_apart_at_one_threshold() -> None:
    found = by_label(labelled(), {"A": "f", "B": "m", "C": "m"})
    assert found["f"] == {"subjects": 1, "mated": 2, "fnmr": 0.5, "interval": [0.5, 0.5]}
    assert (found["m"]["subjects"], found["m"]["mated"], found["m"]["fnmr"]) == (2, 2, 0.0)
    assert by_label(labelled(), {"C": "x"})["x"]["fnmr"] is None


def test_the_curve_falls_from_left_to_right_and_is_left_out_where_nothing_was_missed() -> None:
    drawn = det_curve([(0.001, 0.1), (0.1, 0.01)])
    assert 'points="290.0,82.0 510.0,154.0"' in drawn
    assert "<svg" not in det_curve([(0.001, 0.0), (1.0, 0.0)])


def test_a_file_without_subjects_holds_no_labels(tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("who,sex\nA,f\n")
    with pytest.raises(BiometricServiceError) as caught:
        read_labels(path)
    assert caught.value.code is ErrorCode.REQUEST_INVALID
