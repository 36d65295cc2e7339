"""A folder of synthetic fingerprints can be broken off, resumed and extended, and never mixes two seeds."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.synthesis.dataset import ManifestMismatchError, Order, fulfil
from benchmarks.synthesis.sensor import SENSORS


def pictures(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.png"))}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    list(fulfil(Order(folder, 2, 2, 7), workers=1))
    return folder


def test_names_pictures_and_manifest(whole: Path) -> None:
    assert list(pictures(whole)) == ["00001_1.png", "00001_2.png", "00002_1.png", "00002_2.png"]
    manifest = json.loads((whole / "manifest.json").read_text())
    assert (manifest["seed"], manifest["dpi"], len(manifest["fingers"])) == (7, 500, 2)
    assert len(manifest["fingers"][0]["impressions"]) == 2
    with Image.open(whole / "00001_1.png") as image:
        assert image.mode == "L"
        assert image.size == (SENSORS["optical"].width, SENSORS["optical"].height)
        assert round(image.info["dpi"][0]) == 500
        assert np.asarray(image).std() > 30


def test_resumes_with_the_same_pictures_and_leaves_the_rest(whole: Path, tmp_path: Path) -> None:
    list(fulfil(Order(tmp_path, 1, 2, 7), workers=1))
    (tmp_path / "00001_2.png").unlink()
    kept = (tmp_path / "00001_1.png").stat().st_mtime_ns
    made = list(fulfil(Order(tmp_path, 2, 2, 7), workers=1))
    assert [(finger.written, finger.skipped) for finger in made] == [(1, 1), (2, 0)]
    assert (tmp_path / "00001_1.png").stat().st_mtime_ns == kept
    assert pictures(tmp_path) == pictures(whole)
    assert {path.name for path in tmp_path.iterdir()} == {*pictures(whole), "manifest.json"}


def test_another_seed_or_sensor_is_refused(whole: Path) -> None:
    with pytest.raises(ManifestMismatchError):
        list(fulfil(Order(whole, 1, 1, 8), workers=1))
    with pytest.raises(ManifestMismatchError):
        list(fulfil(Order(whole, 1, 1, 7, "capacitive"), workers=1))


def test_other_resolution_is_told(tmp_path: Path) -> None:
    list(fulfil(Order(tmp_path, 1, 1, 7, "optical-569"), workers=1))
    assert float((tmp_path / "dpi").read_text()) == 569


def test_command_prints_one_json_object_and_refuses_in_one_line(whole: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.synthesis"]
    arguments = ["--fingers", "2", "--impressions", "1", "--seed", "7", "--workers", "2", "--json"]
    done = subprocess.run([*command, str(tmp_path), *arguments], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["written"] == 2
    assert pictures(tmp_path) == {name: image for name, image in pictures(whole).items() if name.endswith("_1.png")}
    refused = subprocess.run([*command, str(tmp_path), "--seed", "8"], capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert refused.stderr.count("\n") == 1
