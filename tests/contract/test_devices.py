"""One suite for every family of devices: what a capture does, and what it does when something goes wrong.

``tests/emulators/benches/all.py`` lists the benches, and with the reason each case that has no meaning for one. The
case that takes longest is in a file of its own, ``test_devices_leaks.py``, so that it runs beside the others.
"""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest

from device_drivers.errors import DeviceError, Reason
from device_drivers.protocol import CaptureRequest, CaptureSession, Frame, Retry
from device_drivers.registry import FAMILIES, device
from tests.emulators.benches.all import BENCHES, NOT_MEANT
from tests.emulators.benches.bench import Bench, ridges

PATIENT, HASTY, SOON = 60.0, 0.2, 10.0
ON_THE_WAY = 1.0
"""So long a picture may be on its way out of a camera, on a machine that has much to do: a tenth of it as a rule."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every case for every bench that it has a meaning for."""
    if "bench" in metafunc.fixturenames:
        case = metafunc.function.__name__
        metafunc.parametrize("bench", [name for name in BENCHES if (case, name) not in NOT_MEANT], indirect=True)


@pytest.fixture
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bench]:
    made = BENCHES[request.param](tmp_path)
    yield made
    made.close()


async def frames(bench: Bench, session: CaptureSession, count: int = 1, within: float = PATIENT) -> list[Frame]:
    found = []
    async for each in session.capture(CaptureRequest(bench.characteristic, within)):
        if isinstance(each, Frame):
            found.append(each)
        if len(found) == count:
            break
    return found


async def opened_frames(bench: Bench, count: int = 1) -> list[Frame]:
    async with device(bench.url).open() as session:
        return await frames(bench, session, count)


async def fault_of(task: Awaitable[object]) -> Reason:
    with pytest.raises(DeviceError) as caught:
        await task
    assert caught.value.message.endswith(".")
    return caught.value.reason


def require_seen(bench: Bench, frame: Frame) -> None:
    expected = bench.expected()
    assert frame.pixels.shape == expected.shape
    assert np.abs(frame.pixels.astype(int) - expected).max() <= bench.tolerance


def test_every_family_is_held_to_the_contract(tmp_path: Path) -> None:
    schemes = set()
    for number, make in enumerate(BENCHES.values()):
        (tmp_path / str(number)).mkdir()
        bench = make(tmp_path / str(number))
        schemes.add(urlsplit(bench.url).scheme)
        bench.close()
    assert schemes == set(FAMILIES)


def test_every_exemption_is_of_a_case_and_a_bench_and_has_a_reason() -> None:
    for (case, name), reason in NOT_MEANT.items():
        assert callable(globals()[case])
        assert name in BENCHES
        assert len(reason) > 20


def test_a_frame_says_what_when_and_by_which_device(bench: Bench) -> None:
    bench.show()
    before = time.monotonic()
    [frame] = asyncio.run(opened_frames(bench))
    require_seen(bench, frame)
    assert frame.pixels.dtype == np.uint8
    assert not frame.pixels.flags.writeable
    assert before <= frame.monotonic <= time.monotonic()
    assert abs(frame.captured_at.timestamp() - time.time()) < SOON
    assert frame.device == device(bench.url).info
    assert bench.characteristic in frame.device.captures
    assert all(setting.name and setting.value for setting in frame.settings)
    assert frame.digest == hashlib.sha256(frame.pixels.tobytes()).hexdigest()


def test_two_captures_of_one_session(bench: Bench) -> None:
    async def captured() -> list[Frame]:
        async with device(bench.url).open() as session:
            return [*await frames(bench, session), *await frames(bench, session)]

    bench.show()
    first, second = asyncio.run(captured())
    assert first.monotonic < second.monotonic
    require_seen(bench, first)
    require_seen(bench, second)


def test_two_frames_of_one_capture(bench: Bench) -> None:
    bench.show()
    assert len(asyncio.run(opened_frames(bench, 2))) == 2


def test_a_capture_shows_what_is_there_now(bench: Bench) -> None:
    async def captured() -> Frame:
        async with device(bench.url).open() as session:
            await frames(bench, session)
            await asyncio.sleep(2 * HASTY)  # a camera sends on meanwhile
            bench.load(ridges(bench.expected().shape[0], bench.expected().shape[1], 3))
            await asyncio.sleep(ON_THE_WAY)
            return (await frames(bench, session))[0]

    bench.show()
    require_seen(bench, asyncio.run(captured()))


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


def test_a_slow_device_is_waited_for(bench: Bench) -> None:
    bench.slow()
    bench.show()
    before = time.monotonic()
    [frame] = asyncio.run(opened_frames(bench))
    require_seen(bench, frame)
    assert time.monotonic() - before > HASTY


def test_what_is_not_there_is_not_found(bench: Bench) -> None:
    async def opened() -> None:
        async with device(bench.absent).open() as session:
            await frames(bench, session)

    assert asyncio.run(fault_of(opened())) is Reason.NOT_FOUND


def test_what_may_not_be_opened_is_a_fault_of_permission(bench: Bench) -> None:
    async def opened(url: str) -> None:
        async with device(url).open():
            pass

    bench.show()
    with bench.forbidden() as url:
        assert asyncio.run(fault_of(opened(url))) is Reason.PERMISSION
    assert asyncio.run(opened_frames(bench))


def test_unplugged_in_mid_frame_and_plugged_in_again(bench: Bench) -> None:
    async def captured() -> None:
        async with device(bench.url).open() as session:
            assert await frames(bench, session)
            bench.unplug()
            assert await fault_of(frames(bench, session, count=1_000)) is Reason.UNPLUGGED
        bench.replug()
        [frame] = await opened_frames(bench)
        require_seen(bench, frame)

    bench.show()
    asyncio.run(captured())


def test_a_damaged_frame_is_never_given_and_a_whole_one_is(bench: Bench) -> None:
    async def captured() -> tuple[list[Retry], list[Frame]]:
        bad, good = [], []
        async with device(bench.url).open() as session:
            async for each in session.capture(CaptureRequest(bench.characteristic, PATIENT)):
                if isinstance(each, Frame):
                    good.append(each)
                else:
                    bad.append(each)
                    bench.mend()
                if good and bad:
                    break
        return bad, good

    bench.show()
    bench.damage()
    bad, good = asyncio.run(asyncio.wait_for(captured(), PATIENT))
    assert bad[0].advice
    for frame in good:
        require_seen(bench, frame)


def test_opened_twice_it_is_shared_or_busy(bench: Bench) -> None:
    async def captured() -> None:
        async with device(bench.url).open() as session:
            if bench.shared:
                assert await opened_frames(bench)
            else:
                assert await fault_of(opened_frames(bench)) is Reason.BUSY
            assert await frames(bench, session)

    bench.show()
    asyncio.run(captured())
