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

app = typer.Typer()
app.command()(main)


@pytest.mark.parametrize("module", targets.names())
def test_a_few_hundred_damaged_inputs_are_taken_or_refused(module: str, tmp_path: Path) -> None:
    outcome = fuzz(module, Limits(runs=400), tmp_path)
    assert outcome.passed, outcome.report
    assert outcome.inputs == 400
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "said"), [("crashing", "IndexError"), ("hanging", "timeout after"), ("hungry", "out-of-memory")]
)
def test_a_crash_a_hang_and_greed_are_findings(name: str, said: str, tmp_path: Path) -> None:
    limits = Limits(runs=200_000, seconds=1, megabytes=700 if name == "hungry" else 6000)  # the parent is counted in
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
