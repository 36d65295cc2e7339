"""Thirteen real USB readers, replayed from recordings of their wire: our driver gives the very pixels they gave."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.recorded.recordings import Recording, apt_is_here, recordings

# The recording, and libfprint's driver.
READERS = {
    "aes2501": "aes2501",
    "aes3500": "aes3500",
    "egis0570": "egis0570",
    "elan": "elan",
    "elan-cobo": "elan",
    "nb1010": "nb1010",
    "upektc_img": "upektc_img",
    "uru4000-4500": "uru4000",
    "uru4000-msv2": "uru4000",
    "vfs0050": "vfs0050",
    "vfs301": "vfs301",
    "vfs5011": "vfs5011",
    "vfs7552": "vfs7552",
}
ROOT = Path(__file__).parents[2]
AT_ONCE = 3


@pytest.fixture(scope="module")
def recorded() -> Path:
    if not apt_is_here():
        pytest.skip("Debian's apt and umockdev fetch and replay the recordings")
    return recordings()


def replayed(recording: Recording, *command: str) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"FP_DEVICE_EMULATION": "1", "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [*recording.replay, sys.executable, *command],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )


@pytest.fixture(scope="module")
def captured(recorded: Path, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """What each reader gave; several drivers at once, since replaying is mostly waiting."""
    folder = tmp_path_factory.mktemp("captured")

    def capture(name: str) -> None:
        path = folder / f"{name}.npy"
        url = f"libfprint://{READERS[name]}/0"
        done = replayed(Recording(recorded / name), str(ROOT / "tests/recorded/capturing.py"), url, str(path))
        assert path.exists(), done.stderr

    def capture_all(driver: str) -> None:
        for name, its_driver in READERS.items():
            if its_driver == driver:
                capture(name)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(capture_all, set(READERS.values())))
    return {name: folder / f"{name}.npy" for name in READERS}


@pytest.mark.parametrize("name", READERS)
def test_a_real_reader_is_replayed_pixel_for_pixel(captured: Mapping[str, Path], recorded: Path, name: str) -> None:
    with Image.open(Recording(recorded / name).expected) as image:
        expected = np.asarray(image.convert("RGB"))[:, :, 1]
    assert expected.std() > 5
    np.testing.assert_array_equal(np.load(captured[name]), expected)


def test_a_real_reader_is_listed_by_its_name_with_its_resolution(recorded: Path) -> None:
    done = replayed(
        Recording(recorded / "nb1010"), "-m", "biometric_service", "devices", "list", "--json", "--seconds", "10"
    )
    found = {each["url"]: each for each in json.loads(done.stdout)["devices"]}
    assert found["libfprint://nb1010/0"]["model"] == "NextBiometrics NB-1010-U"
    assert found["libfprint://nb1010/0"]["dpi"] == 385
