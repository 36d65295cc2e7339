"""The drivers are a distribution of their own: built, installed where nothing else is, and used."""

import json
import shutil
import subprocess
import sys
import tomllib
import venv
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from packaging.requirements import Requirement
from PIL import Image

ROOT = Path(__file__).parents[2]
DRIVERS = ROOT / "device_drivers"
NEEDED = ("numpy", "numpy.libs", "PIL", "pillow.libs")

THIRD_PARTY = """
from device_drivers.registry import Family
from device_drivers.virtual.device import device
FAMILY = Family("acme", "acme", "acme:///dev/acme0", "grey fingerprints")
"""
USE = """
import asyncio, json, sys
from importlib.util import find_spec
import device_drivers
from device_drivers.errors import DeviceError
from device_drivers.protocol import CaptureRequest, Characteristic
from device_drivers.registry import device, families

async def first(url):
    async with device(url).open() as session:
        async for frame in session.capture(CaptureRequest(Characteristic.FINGERPRINT)):
            return int(frame.pixels.sum()), frame.dpi

def refused(url):
    try:
        device(url)
    except DeviceError as fault:
        return str(fault)

print(json.dumps({
    "from": device_drivers.__file__,
    "service": find_spec("biometric_service") is not None,
    "modules": sorted({"cv2", "numba", "onvif"} & set(sys.modules)),
    "folder": asyncio.run(first(sys.argv[1])),
    "acme": asyncio.run(first(sys.argv[2])),
    "families": [(family.scheme, family.gives) for family in families()],
    "worn": refused("worn://anything"),
    "missing": refused("rtsp://camera/stream"),
}))
"""


def metadata(folder: Path) -> dict[str, dict[str, object]]:
    return tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))


def names(requirements: object) -> set[str]:
    assert isinstance(requirements, list)
    return {Requirement(each).name for each in requirements}


@pytest.fixture(scope="module")
def station(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a machine that has the drivers, what they need, one driver of a third party, and nothing else."""
    folder = tmp_path_factory.mktemp("station")
    shutil.copytree(DRIVERS, folder / "source", ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info"))
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input"]
    build = ["wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(folder / "source")]
    subprocess.run([*pip, *build], check=True)
    [wheel] = folder.glob("*.whl")
    venv.create(folder / "venv")
    python = folder / "venv" / "bin" / "python"
    subprocess.run([*pip, "--python", str(python), "install", "--no-deps", "--no-index", str(wheel)], check=True)
    [site] = (folder / "venv").glob("lib/python*/site-packages")
    numpy = find_spec("numpy")
    assert numpy
    assert numpy.origin
    for name in NEEDED:
        (site / name).symlink_to(Path(numpy.origin).parents[1] / name)
    (site / "acme.py").write_text(THIRD_PARTY)
    (site / "acme-1.0.dist-info").mkdir()
    (site / "acme-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    (site / "acme-1.0.dist-info" / "entry_points.txt").write_text(
        "[device_drivers.families]\nacme = acme:FAMILY\nworn = acme:NO\n"
    )
    return python


def test_the_wheel_works_where_nothing_else_is(station: Path, tmp_path: Path) -> None:
    scan = tmp_path / "scan.png"
    Image.fromarray(np.full((80, 60), 7, np.uint8)).save(scan)
    urls = [f"folder://{tmp_path}?dpi=500", f"acme://{scan}?dpi=508"]
    done = subprocess.run([station, "-I", "-c", USE, *urls], capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert Path(told["from"]).is_relative_to(station.parents[1])
    assert told["service"] is False
    assert told["modules"] == []
    assert told["folder"] == [80 * 60 * 7, 500.0]
    assert told["acme"] == [80 * 60 * 7, 508.0]
    assert told["families"][-2:-1] == [["acme", "grey fingerprints"]]
    assert told["families"][-1][0] == "worn"
    assert "is broken" in told["families"][-1][1]
    assert told["worn"].startswith("unsupported: The driver acme:NO is broken")
    assert told["missing"].startswith("unsupported: rtsp needs ")
    assert "the extra rtsp of biometric-device-drivers" in told["missing"]


def test_every_package_and_file_of_the_drivers_is_in_the_wheel(station: Path) -> None:
    [installed] = station.parents[1].glob("lib/python*/site-packages/device_drivers")
    source = {path.relative_to(DRIVERS) for path in DRIVERS.rglob("*.py")} | {Path("py.typed")}
    built = {path.relative_to(installed) for path in installed.rglob("*") if path.suffix in {".py", ".typed"}}
    assert {path for path in source if path.parts[0] != "build"} == built


def test_the_service_brings_all_that_the_drivers_need_at_the_same_version() -> None:
    ours, theirs = metadata(ROOT)["project"], metadata(DRIVERS)["project"]
    assert ours["version"] == theirs["version"]
    assert names(theirs["dependencies"]) <= names(ours["dependencies"])
    extras = theirs["optional-dependencies"]
    optional = ours["optional-dependencies"]
    assert isinstance(extras, dict)
    assert isinstance(optional, dict)
    for extra, needed in extras.items():
        assert names(needed) <= names(ours["dependencies"]) | names(optional.get(extra, []))
