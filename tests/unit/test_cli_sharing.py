"""Agreements on the command line."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from biometric_service.cli import app
from biometric_service.references.terms import pack_terms
from biometric_service.vocabulary.sharing import RecordForm
from tests.sharing import terms

LACKS = "2.010 (Family name, given names), mandatory in ENR, UPD"


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BIOMETRIC_DATA_DIR", str(tmp_path))
    return tmp_path


def run(*words: str) -> Any:  # noqa: ANN401 - what the runner returns
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, (done.output, done.exception)
    return done


def written(data: Path, *fields: str) -> str:
    file = data / "terms.json"
    said = terms(form=RecordForm.ANSI_NIST_ITL, profile="belize", fields=("encounter.at", *fields))
    file.write_text(pack_terms(said), "utf-8")
    return str(file)


def test_whoever_draws_up_or_signs_is_warned_of_mandatory_fields_that_are_left_out(data: Path) -> None:
    drawn_up = run("sharing", "propose", "police", written(data, "biographic.sex", "biographic.date_of_birth"))
    assert LACKS in drawn_up.stderr
    assert "'belize' demands" in drawn_up.stderr
    assert "waits for two signatures" in drawn_up.stdout
    assert LACKS in run("sharing", "sign", "police:1").stderr
    [told] = json.loads(run("sharing", "agreements", "--json").stdout)["agreements"]
    assert [(each["number"], each["kinds"]) for each in told["lacks"]] == [(10, ["ENR", "UPD"])]
    assert "2.010" in run("sharing", "agreements").stdout


def test_nobody_is_warned_of_an_agreement_that_names_all_of_them(data: Path) -> None:
    named = (f"biographic.{each}" for each in ("name", "sex", "date_of_birth"))
    assert not run("sharing", "propose", "police", written(data, *named)).stderr
