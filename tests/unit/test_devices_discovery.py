"""Which devices are there, and which come and go."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from benchmarks.service import listing_devices
from device_drivers import discovery, registry
from device_drivers.discovery import Change, Happening, changes, survey
from device_drivers.onvif import finding
from device_drivers.protocol import DeviceInfo
from device_drivers.registry import Family
from tests.emulators.benches.libfprint import LibfprintBench
from tests.emulators.benches.onvif import OnvifBench
from tests.emulators.benches.v4l2 import V4l2Bench

HEAVY = {"biometric_service.recognition", "cv2", "faiss", "fastapi", "numba", "onnxruntime", "onvif", "sqlalchemy"}


@pytest.fixture
def camera(tmp_path: Path) -> Iterator[V4l2Bench]:
    with closing(V4l2Bench(tmp_path, "MJPG")) as made:
        yield made


async def slow() -> list[DeviceInfo]:
    await asyncio.sleep(60)
    raise AssertionError


async def discover() -> list[DeviceInfo]:
    """What a family finds whose ``finder`` is this very module."""
    return await slow()


def test_what_is_there_is_found_in_all_families_at_once(
    tmp_path: Path, camera: V4l2Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "SECONDS", 4)
    with ExitStack() as opened:
        for number, kind in enumerate((LibfprintBench, OnvifBench)):
            (tmp_path / str(number)).mkdir()
            opened.enter_context(closing(kind(tmp_path / str(number))))
        before = time.monotonic()
        found = asyncio.run(survey(30))
        assert time.monotonic() - before < 20
    families = {info.family: info for info in found.devices}
    assert families["v4l2"].url == camera.url
    assert families["v4l2"].model == "Emulated camera"
    assert families["libfprint"].url == "libfprint://virtual_image/0"
    assert families["libfprint"].dpi == 500
    assert families["onvif"].model == "Gate camera"
    assert found.silent == ()


def test_a_family_that_is_slow_or_not_installed_does_not_hold_up_the_others(
    camera: V4l2Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = Family("late", "", "late:", "nothing", finder=__name__)
    missing = Family("missing", "", "missing:", "nothing", "extra", "no_such_library.finding")
    real = next(family for family in registry.families() if family.scheme == "v4l2")
    monkeypatch.setattr(discovery, "families", lambda: [late, missing, real])
    found = asyncio.run(survey(5))
    assert [info.url for info in found.devices] == [camera.url]
    said = {silence.scheme: str(silence.fault) for silence in found.silent}
    assert said["late"].startswith("timeout")
    assert "install the extra extra" in said["missing"]


def test_a_camera_comes_and_goes_and_comes_again(camera: V4l2Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    real = next(family for family in registry.families() if family.scheme == "v4l2")
    monkeypatch.setattr(discovery, "families", lambda: [real])

    async def watched() -> list[Change]:
        seen = []
        async for change in changes(period=0.05):
            seen.append(change)
            if len(seen) == 3:
                return seen
            (camera.unplug if len(seen) == 1 else camera.replug)()
        raise AssertionError

    seen = asyncio.run(asyncio.wait_for(watched(), 120))
    assert [change.happening for change in seen] == [Happening.PLUGGED, Happening.UNPLUGGED, Happening.PLUGGED]
    assert {change.device.url for change in seen} == {camera.url}


@pytest.mark.parametrize("words", [("list", "--json", "--seconds", "10"), ("watch", "--json", "--seconds", "8")])
def test_the_commands_print_what_is_there(camera: V4l2Bench, words: tuple[str, ...]) -> None:
    command = [sys.executable, "-m", "biometric_service", "devices", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    listed = words[0] == "list"
    said = json.loads(done.stdout)["devices"] if listed else [json.loads(line) for line in done.stdout.splitlines()]
    [found] = [each for each in said if each["url"] == camera.url]  # others on this machine come and go meanwhile
    assert found.get("happening") == (None if listed else "plugged")
    assert found["captures"] == ["face"]


def test_the_list_is_there_before_anybody_gets_impatient(capsys: pytest.CaptureFixture[str]) -> None:
    figures = listing_devices.measure(runs=2)
    with capsys.disabled():
        print(f" devices list: {figures.median_s} s, {figures.cpu_s} s of CPU ", end="")  # noqa: T201 (a figure)
    assert figures.cpu_s < 2  # a machine that does nothing else waits for a second besides
    assert figures.median_s < 15


def test_what_finding_devices_needs_is_imported_before_the_time_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    async def quick() -> list[DeviceInfo]:
        for _ in range(2):  # the loop looks at the clock meanwhile
            await asyncio.sleep(0)
        return []

    def slowly(_: Family) -> registry.Discoverer:
        time.sleep(0.3)
        return quick

    monkeypatch.setattr(Family, "discoverer", slowly)
    assert asyncio.run(survey(0.2)).silent == ()


def test_finding_devices_imports_no_library_of_a_family() -> None:
    code = (
        "import sys\n"
        "from device_drivers.registry import families\n"
        "[family.discoverer() for family in families() if family.finder]\n"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {*HEAVY, "jwt", "cryptography", "grpc"} & set(done.stdout.split())


def test_the_commands_for_devices_wait_for_nothing_of_the_service_to_be_imported() -> None:
    code = "import sys, biometric_service.cli.devices, device_drivers.discovery; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not HEAVY & set(done.stdout.split())
