"""One suite for every family of devices: what a capture does, and what it does when something goes wrong."""

import asyncio
import shutil
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from device_drivers.errors import DeviceError, Reason
from device_drivers.pictures import decoded
from device_drivers.protocol import CaptureRequest, CaptureSession, Characteristic, Frame, Retry
from device_drivers.registry import device
from tests.emulators.http_camera import HttpCamera
from tests.emulators.zfm_module import Fault, ZfmModule

PATIENT, HASTY, SOON = 10.0, 0.3, 3.0


@dataclass(frozen=True)
class Bench:
    """A device and the hands on it. ``show`` presents something, ``hide`` takes it away; ``damage`` spoils the next."""

    url: str
    absent: str
    expected: NDArray[np.uint8]
    show: Callable[[], None]
    hide: Callable[[], None]
    damage: Callable[[], None]
    unplug: Callable[[], None]
    characteristic: Characteristic = Characteristic.FACE
    shared: bool = True


def folder_bench(folder: Path) -> Iterator[Bench]:
    watched = folder / "watched"
    watched.mkdir()
    pixels = np.arange(64 * 48, dtype=np.uint32).reshape(64, 48).astype(np.uint8)
    numbers = iter(range(10_000))

    def show() -> None:
        for _ in range(2):
            Image.fromarray(pixels).save(watched / f"{next(numbers):05}.png")

    def damage() -> None:
        Image.fromarray(pixels).save(watched / "first.png")
        whole = (watched / "first.png").read_bytes()
        (watched / "first.png").write_bytes(whole[: len(whole) // 2])

    def hide() -> None:
        for path in watched.iterdir():
            path.unlink()

    def unplug() -> None:
        shutil.rmtree(watched)

    yield Bench(f"folder://{watched}", f"folder://{folder}/none", pixels, show, hide, damage, unplug)


def camera_bench(scheme: str, path: str, **kind: bool) -> Iterator[Bench]:
    camera = HttpCamera(**kind)

    def damage() -> None:
        camera.damaged = 2  # opening a snapshot takes one

    def unplug() -> None:
        camera.plugged = False

    yield Bench(
        f"{scheme}://{camera.address}/{path}",
        f"{scheme}://127.0.0.1:9/{path}",
        decoded(camera.picture).pixels,
        camera.sending.set,
        camera.sending.clear,
        damage,
        unplug,
    )
    camera.close()


def zfm_bench(packet_bytes: int) -> Iterator[Bench]:
    module = ZfmModule(packet_bytes=packet_bytes)

    def lay(*, finger: bool) -> None:
        module.finger = finger

    def damage() -> None:
        module.fault = Fault.CHECKSUM

    def unplug() -> None:
        module.fault = Fault.HANG_UP

    yield Bench(
        f"zfm://{module.path}?baud=57600",
        "zfm:///dev/no-such-port",
        module.levels * np.uint8(17),
        lambda: lay(finger=True),
        lambda: lay(finger=False),
        damage,
        unplug,
        Characteristic.FINGERPRINT,
        shared=False,
    )
    module.close()


BENCHES: dict[str, Callable[[Path], Iterator[Bench]]] = {
    "folder": folder_bench,
    "mjpeg": lambda _: camera_bench("http+mjpeg", "stream?size=1"),
    "mjpeg without lengths": lambda _: camera_bench("http+mjpeg", "stream?size=1", part_lengths=False),
    "mjpeg in chunks": lambda _: camera_bench("http+mjpeg", "stream?size=1", part_lengths=False, chunked=True),
    "snapshot": lambda _: camera_bench("http+snapshot", "picture.jpg"),
    "zfm": lambda _: zfm_bench(packet_bytes=128),
    "zfm with long packets": lambda _: zfm_bench(packet_bytes=256),
}


@pytest.fixture(params=BENCHES)
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    yield from BENCHES[request.param](tmp_path)


async def frames(bench: Bench, session: CaptureSession, count: int = 1, within: float = PATIENT) -> list[Frame]:
    found = []
    async for each in session.capture(CaptureRequest(bench.characteristic, within)):
        if isinstance(each, Frame):
            found.append(each)
        if len(found) == count:
            break
    return found


async def fault_of(task: Awaitable[object]) -> Reason:
    with pytest.raises(DeviceError) as caught:
        await task
    assert caught.value.message.endswith(".")
    return caught.value.reason


def open_resources() -> tuple[int, int]:
    return len(list(Path("/proc/self/fd").iterdir())), threading.active_count()


def test_a_frame_says_what_when_and_by_which_device(bench: Bench) -> None:
    async def captured() -> Frame:
        async with device(bench.url).open() as session:
            return (await frames(bench, session))[0]

    bench.show()
    before = time.monotonic()
    frame = asyncio.run(captured())
    np.testing.assert_array_equal(frame.pixels, bench.expected)
    assert frame.pixels.dtype == np.uint8
    assert not frame.pixels.flags.writeable
    assert before <= frame.monotonic <= time.monotonic()
    assert frame.captured_at.utcoffset() is not None
    assert frame.device == device(bench.url).info
    assert bench.characteristic in frame.device.captures
    assert frame.digest == replace(frame).digest
    assert len(frame.digest) == 64


def test_two_captures_of_one_session(bench: Bench) -> None:
    async def captured() -> list[Frame]:
        async with device(bench.url).open() as session:
            return [*await frames(bench, session), *await frames(bench, session)]

    bench.show()
    first, second = asyncio.run(captured())
    assert first.monotonic < second.monotonic
    np.testing.assert_array_equal(first.pixels, second.pixels)


def test_two_frames_of_one_capture(bench: Bench) -> None:
    async def captured() -> list[Frame]:
        async with device(bench.url).open() as session:
            return await frames(bench, session, count=2)

    bench.show()
    assert len(asyncio.run(captured())) == 2


def test_a_cancelled_capture_ends_at_once_and_the_session_goes_on(bench: Bench) -> None:
    async def captured() -> float:
        async with device(bench.url).open() as session:
            task = asyncio.create_task(frames(bench, session))
            await asyncio.sleep(HASTY)
            asked = time.monotonic()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            ended = time.monotonic()
            bench.show()
            assert await frames(bench, session)
            return ended - asked

    assert asyncio.run(captured()) < SOON


def test_nothing_in_time_is_a_time_out_and_the_session_goes_on(bench: Bench) -> None:
    async def captured() -> None:
        async with device(bench.url).open() as session:
            asked = time.monotonic()
            assert await fault_of(frames(bench, session, within=HASTY)) is Reason.TIMEOUT
            assert HASTY <= time.monotonic() - asked < SOON
            bench.show()
            assert await frames(bench, session)

    asyncio.run(captured())


def test_what_is_not_there_is_not_found(bench: Bench) -> None:
    async def opened() -> None:
        async with device(bench.absent).open():
            pass

    assert asyncio.run(fault_of(opened())) is Reason.NOT_FOUND


def test_unplugged_in_mid_stream(bench: Bench) -> None:
    async def captured() -> None:
        async with device(bench.url).open() as session:
            assert await frames(bench, session)
            bench.unplug()
            assert await fault_of(frames(bench, session, count=1_000)) is Reason.UNPLUGGED

    bench.show()
    asyncio.run(captured())


def test_a_damaged_frame_is_never_given_and_the_next_is(bench: Bench) -> None:
    async def captured() -> AsyncIterator[Retry | Frame]:
        async with device(bench.url).open() as session:
            async for each in session.capture(CaptureRequest(bench.characteristic, PATIENT)):
                yield each

    async def both() -> tuple[list[Frame], list[Retry]]:
        good, bad = [], []
        async for each in captured():
            if isinstance(each, Frame):
                good.append(each)
            else:
                bad.append(each)
            if good and bad:
                break
        return good, bad

    bench.damage()
    bench.show()
    good, bad = asyncio.run(asyncio.wait_for(both(), PATIENT))
    assert bad[0].advice
    for frame in good:
        np.testing.assert_array_equal(frame.pixels, bench.expected)


def test_opened_twice_it_is_shared_or_busy(bench: Bench) -> None:
    async def captured() -> None:
        async with device(bench.url).open() as session:
            if bench.shared:
                async with device(bench.url).open() as other:
                    assert await frames(bench, other)
            else:
                assert await fault_of(frames_of_another()) is Reason.BUSY
            assert await frames(bench, session)

    async def frames_of_another() -> None:
        async with device(bench.url).open() as other:
            await frames(bench, other)

    bench.show()
    asyncio.run(captured())


def test_a_hundred_times_opened_and_closed_leaks_nothing(bench: Bench) -> None:
    async def once() -> None:
        async with device(bench.url).open() as session:
            with pytest.raises(DeviceError):
                await frames(bench, session, within=0.001)

    async def cycles(count: int) -> None:
        for _ in range(count):
            await once()

    asyncio.run(cycles(2))
    settle(before := open_resources())
    asyncio.run(cycles(100))
    settle(before)


def settle(before: tuple[int, int]) -> None:
    """Wait for the emulator's own threads to notice that their client went."""
    deadline = time.monotonic() + SOON
    while open_resources() > before and time.monotonic() < deadline:
        time.sleep(0.05)
    now = open_resources()
    assert now[0] <= before[0], "file descriptors"
    assert now[1] <= before[1], "threads"
