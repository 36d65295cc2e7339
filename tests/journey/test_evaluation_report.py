"""``evaluate`` on real fingers and faces: its figures are those of the benchmarks, and its report can be read."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, sync_playwright
from typer.testing import CliRunner, Result

from benchmarks.accuracy import face as face_benchmark
from benchmarks.accuracy import fingerprint as fingerprint_benchmark
from benchmarks.accuracy import identification
from biometric_service.cli import app, evaluating
from biometric_service.errors import ErrorCode
from biometric_service.evaluation.identification import Asked
from biometric_service.evaluation.subjects import faces, fingerprints
from biometric_service.vocabulary.samples import Modality
from biometric_service.vocabulary.statements import read_statement

pytestmark = [pytest.mark.models, pytest.mark.shared_data, pytest.mark.browser]

SETS = ("fvc2002_db3", "fvc2004_db2")
FINGERS, IMPRESSIONS = range(103, 107), (1, 3, 5)
PEOPLE = ("Amelie_Mauresmo", "Alexander_Downer", "Atal_Bihari_Vajpayee", "Ana_Palacio")
BLUE = np.array([11, 87, 208])


@dataclass(frozen=True)
class Evaluated:
    """What ``evaluate`` wrote, and the folders that it was given."""

    folders: list[Path]
    report: Path
    cache: Path
    fields: dict[str, Any]


def run(*words: object) -> Result:
    done = CliRunner().invoke(app, list(map(str, words)), catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done


def evaluated(folder: Path, folders: list[Path], *words: object) -> Evaluated:
    report, cache = folder / "report", folder / "cache"
    run("evaluate", *folders, "--report", report, "--cache", cache, *words)
    return Evaluated(folders, report, cache, dict(read_statement((report / "report.json").read_text()).fields))


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("evaluation")
        patch.setenv("BIOMETRIC_DATA_DIR", str(folder / "data"))
        yield folder


@pytest.fixture(scope="module")
def of_fingers(scratch: Path, shared_data: Path) -> Evaluated:
    """Twelve impressions of each of two sensors; of one finger the second impression is blank."""
    folders = [scratch / name for name in SETS]
    for folder in folders:
        folder.mkdir()
        for finger in FINGERS:
            for impression in IMPRESSIONS:
                name = f"{finger}_{impression}.png"
                (folder / name).symlink_to(shared_data / "fingerprints" / folder.name / name)
    blank = folders[0] / "103_5.png"
    blank.unlink()
    Image.new("L", (300, 300), 255).save(blank)
    labels = scratch / "labels.csv"
    rows = [
        f"{folder.name}.{finger},sensor {at},{'fm'[finger % 2]}"
        for at, folder in enumerate(folders)
        for finger in FINGERS
    ]
    labels.write_text("\n".join(["subject,sensor,sex", *rows]))
    return evaluated(scratch / "fingers", folders, "--labels", labels)


@pytest.fixture(scope="module")
def of_faces(scratch: Path, shared_data: Path) -> Evaluated:
    people = scratch / "people"
    for person in PEOPLE:
        (people / person).mkdir(parents=True)
        for at in (1, 2):
            name = f"{person}_{at:04d}.jpg"
            (people / person / name).symlink_to(shared_data / "faces" / "lfw_half" / person / name)
    return evaluated(scratch / "faces", [people], "--modality", "face")


@pytest.fixture
def page() -> Iterator[Page]:
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("no chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        yield browser.new_page(viewport={"width": 1000, "height": 1400})
        browser.close()


def as_json(fields: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps({name: fields[name] for name in names}))
    return made


def test_the_figures_of_fingers_equal_those_of_the_benchmarks(of_fingers: Evaluated, tmp_path: Path) -> None:
    walk = fingerprint_benchmark.fingerprint_walk(tmp_path)
    expected = fingerprint_benchmark.benchmark(walk, of_fingers.folders, of_fingers.cache)
    names = ("model", "comparator", "pooled", "sets", "calibration", "fte")
    assert as_json(of_fingers.fields, names) == as_json(expected, names)
    with identification.empty_walk(Modality.FINGERPRINT) as empty:
        searched = identification.benchmark(empty, fingerprints(of_fingers.folders), Asked(), of_fingers.cache)
    searched.pop("search_ms")
    assert as_json(of_fingers.fields["identification"], tuple(searched)) == as_json(searched, tuple(searched))
    assert of_fingers.fields["fte"] == of_fingers.fields["acquisition"]["fta"] == pytest.approx(1 / 24)
    assert list(of_fingers.fields["acquisition"]["reasons"]) == ["no_finger"]


def test_the_figures_of_faces_equal_those_of_the_benchmarks(of_faces: Evaluated, tmp_path: Path) -> None:
    expected = face_benchmark.benchmark(face_benchmark.face_walk(tmp_path), of_faces.folders[0])
    expected["pooled"].pop("tar")
    names = ("model", "pooled", "fte")
    assert as_json(of_faces.fields, names) == as_json(expected, names)
    with identification.empty_walk(Modality.FACE) as empty:
        searched = identification.benchmark(empty, faces(of_faces.folders), Asked(), of_faces.cache)
    searched.pop("search_ms")
    assert as_json(of_faces.fields["identification"], tuple(searched)) == as_json(searched, tuple(searched))


def test_groups_are_told_apart_by_each_label(of_fingers: Evaluated) -> None:
    sensors, sexes = of_fingers.fields["labels"]["sensor"], of_fingers.fields["labels"]["sex"]
    assert [each["mated"] for each in sensors.values()] == [12, 12]
    assert [each["subjects"] for each in sexes.values()] == [4, 4]
    assert sensors["sensor 0"]["fnmr"] >= 2 / 12


def test_the_page_shows_every_figure_and_chart(of_fingers: Evaluated, page: Page) -> None:
    page.goto(f"file://{of_fingers.report / 'report.html'}")
    headings = page.locator("h2").all_inner_texts()
    assert headings[:4] == [
        "In short",
        "Verification: is it who is claimed?",
        "Identification: who is it?",
        "Samples that could not be used",
    ]
    assert {"By sensor", "By sex", "Single subjects", "How it was measured"} <= set(headings)
    text = page.inner_text("body")
    pooled = of_fingers.fields["pooled"]
    assert f"{100 * pooled['fnmr']['0.01']:.3g} %" in text
    assert f"1 of {of_fingers.fields['samples']}" in text
    assert "fvc2002_db3.103" in text
    charts = page.get_by_role("img")
    assert charts.count() >= 4
    for at in range(charts.count()):
        assert blue(Image.open(BytesIO(charts.nth(at).screenshot()))) > 20, charts.nth(at).get_attribute("aria-label")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_document_shows_the_same(of_fingers: Evaluated, tmp_path: Path) -> None:
    document = of_fingers.report / "report.pdf"
    assert {oct(path.stat().st_mode & 0o777) for path in of_fingers.report.iterdir()} == {"0o600"}
    text = " ".join(
        subprocess.run(["pdftotext", document, "-"], capture_output=True, text=True, check=True).stdout.split()
    )
    assert "How well fingers are told apart" in text
    assert "By sensor" in text
    assert re.search(rf"{100 * of_fingers.fields['pooled']['fnmr']['0.01']:.3g} %", text)
    subprocess.run(["pdftoppm", "-r", "50", "-png", document, tmp_path / "page"], check=True)
    pages = [Image.open(path) for path in sorted(tmp_path.glob("page*.png"))]
    assert 2 <= len(pages) <= 6
    assert all(each.size == pages[0].size for each in pages)
    assert sum(map(blue, pages)) > 200
    margins = [np.asarray(each.convert("L"))[:, :20] for each in pages]
    assert all((margin > 250).all() for margin in margins)


def blue(picture: Image.Image) -> int:
    """How many pixels have the colour of curves and dots."""
    away = np.abs(np.asarray(picture.convert("RGB")).astype(int) - BLUE)
    return int((away.max(axis=-1) < 60).sum())


def test_without_the_extra_one_line_says_what_to_install(
    of_fingers: Evaluated, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluating, "find_spec", lambda name: None if name == "reportlab" else object())
    done = run("evaluate", *of_fingers.folders, "--report", tmp_path, "--cache", of_fingers.cache)
    assert "pip install 'biometric-service[reports]'" in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html", "report.json"]


def test_a_folder_without_pairs_is_refused(of_faces: Evaluated, tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "1_1.png").symlink_to(next(of_faces.folders[0].rglob("*.jpg")))
    done = CliRunner().invoke(app, ["evaluate", str(tmp_path / "one")])
    assert getattr(done.exception, "code", None) is ErrorCode.REQUEST_INVALID
