"""A short coverage-guided run over every target, with a fixed seed; and what the harness makes of broken ones."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from benchmarks.fuzz import targets
from benchmarks.fuzz.__main__ import main
from benchmarks.fuzz.child import compiled_modules
from benchmarks.fuzz.run import Limits, fuzz
from benchmarks.fuzz.targets import faces
from biometric_service.recognition.requests import GivenImage
from biometric_service.vocabulary.samples import LocatedSample, Modality

app = typer.Typer()
app.command()(main)


FACES = "benchmarks.fuzz.targets.faces"


def few(module: str, runs: int, folder: Path) -> None:
    outcome = fuzz(module, Limits(runs=runs), folder)
    assert outcome.passed, outcome.report
    assert outcome.inputs == runs
    assert not list(folder.iterdir())


@pytest.mark.parametrize("module", [name for name in targets.names() if name != FACES])
def test_a_few_hundred_damaged_inputs_are_taken_or_refused(module: str, tmp_path: Path) -> None:
    few(module, 400, tmp_path)


@pytest.mark.models
def test_damaged_pictures_pass_through_the_face_extractor(tmp_path: Path) -> None:
    few(FACES, 100, tmp_path)


@pytest.mark.models
@pytest.mark.shared_data
def test_the_pictures_that_face_fuzzing_begins_with_show_faces() -> None:
    stages = faces._stages()
    shown = [
        stages.extractors[Modality.FACE].locate(stages.decode(GivenImage(seed, Modality.FACE)))
        for seed in faces.seeds()
    ]
    assert sum(isinstance(each, LocatedSample) for each in shown) >= faces.REAL


@pytest.mark.parametrize(
    ("name", "said"), [("crashing", "IndexError"), ("hanging", "timeout after"), ("hungry", "out-of-memory")]
)
def test_a_crash_a_hang_and_greed_are_findings(name: str, said: str, tmp_path: Path) -> None:
    limits = Limits(runs=200_000, seconds=1 if name == "hanging" else 60, megabytes=700)
    outcome = fuzz(f"tests.fuzz_targets.{name}", limits, tmp_path / "found")
    assert not outcome.passed
    assert said in outcome.report
    assert outcome.finding is not None
    assert outcome.finding.name.startswith(name)
    if name == "crashing":
        assert outcome.finding.read_bytes().startswith(b"FMR")


def test_a_typed_refusal_is_no_finding_and_the_corpus_is_kept(tmp_path: Path) -> None:
    outcome = fuzz("tests.fuzz_targets.refusing", Limits(runs=300), tmp_path / "found", tmp_path / "corpus")
    assert (outcome.passed, outcome.inputs, outcome.finding) == (True, 300, None)
    assert (tmp_path / "corpus" / "refusing" / "seed-0").read_bytes() == b"ab"


def test_what_numba_compiles_is_left_alone() -> None:
    found = set(compiled_modules())
    assert {"device_drivers.wsq.huffman", "biometric_service.comparison.fingerprint.edges"} <= found
    assert "biometric_service.templates.minutiae_records" not in found


def test_the_command_says_what_came_of_it() -> None:
    done = CliRunner().invoke(app, ["native_templates", "--runs", "50", "--json"])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["targets"][0]["inputs"] == 50
    assert CliRunner().invoke(app, ["no_such_target"]).exit_code == 2
