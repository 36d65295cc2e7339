"""From every kind of device to a decision: who is laid on it is enrolled, passes a checkpoint, and nobody else does."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from typer.testing import CliRunner

from biometric_service.cli import app
from device_drivers.protocol import Characteristic
from tests.emulators.benches.all import BENCHES
from tests.emulators.benches.bench import Bench
from tests.live_service import synthetic_fingers

pytestmark = [pytest.mark.models, pytest.mark.shared_data]


@dataclass(frozen=True)
class Pictures:
    """Two of one person, and one of another."""

    first: NDArray[np.uint8]
    second: NDArray[np.uint8]
    other: NDArray[np.uint8]


def read(path: Path) -> NDArray[np.uint8]:
    with Image.open(path) as image:
        return np.asarray(image) if image.mode == "L" else np.asarray(image)[:, :, ::-1]


@pytest.fixture(scope="module")
def fingers(tmp_path_factory: pytest.TempPathFactory) -> Pictures:
    folder = tmp_path_factory.mktemp("fingers")
    synthetic_fingers(folder, 2, impressions=2)
    return Pictures(*(read(folder / f"{name}.png") for name in ("00001_1", "00001_2", "00002_1")))


@pytest.fixture(scope="module")
def faces(shared_data: Path) -> Pictures:
    folder = shared_data / "faces" / "lfw_half"
    names = ("Amelie_Mauresmo_0001", "Amelie_Mauresmo_0002", "Alexander_Downer_0001")
    return Pictures(*(read(folder / name[:-5] / f"{name}.jpg") for name in names))


@pytest.fixture(params=BENCHES)
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    made = BENCHES[request.param](tmp_path)
    yield made
    made.close()


def typed(bench: Bench, picture: NDArray[np.uint8], *words: str) -> dict[str, object]:
    """What the command answers while the picture is on the device."""
    bench.load(picture)
    bench.show()
    modality, url = bench.characteristic.value, bench.url
    done = CliRunner().invoke(app, [*words, "--modality", modality, "--device", url, "--json"], catch_exceptions=False)
    bench.hide()
    assert done.exit_code == 0, done.output
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def test_whoever_a_device_enrolled_passes_and_nobody_else(
    bench: Bench, fingers: Pictures, faces: Pictures, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BIOMETRIC_DATA_DIR", str(tmp_path / "service"))
    finger = bench.characteristic is Characteristic.FINGERPRINT
    monkeypatch.setenv("BIOMETRIC_FACE_MODEL" if finger else "BIOMETRIC_FINGERPRINT_MODEL", "")
    shown = fingers if finger else faces
    assert typed(bench, shown.first, "enrol", "--subject", "P-1")["summary"] == {"enrolled": 1}
    moving = ("movement", "--checkpoint", "gate", "--direction", "out", "--gallery", "inmates")
    passed = typed(bench, shown.second, *moving)
    assert (passed["passage"], passed["subject"]) == ("pass", "P-1")
    stopped = typed(bench, shown.other, *moving)
    assert stopped["passage"] != "pass"
    assert stopped["subject"] is None
