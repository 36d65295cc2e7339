"""What is said to and by a reader's own process."""

import asyncio
import sys

import pytest

from device_drivers.errors import DeviceError, Reason
from device_drivers.workers import Message, worker
from tests.emulators.slow_worker import PAYLOAD

SLOW = "tests.emulators.slow_worker"


def test_a_message_given_up_in_the_middle_comes_whole_the_next_time() -> None:
    async def said() -> list[Message]:
        async with worker(sys.executable, SLOW) as serving:
            serving.ask("one")
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(serving.message(), 0.3)
            serving.ask("two")
            whole = await serving.message()
            serving.ask("three")
            return [whole, await serving.message()]

    first, second = asyncio.run(said())
    assert first == ("frame", ("one",), PAYLOAD)
    assert second == ("frame", ("two",), PAYLOAD)


def test_a_fault_is_raised_as_the_worker_says_it_and_its_end_is_an_unplugged_reader() -> None:
    async def said() -> tuple[DeviceError, DeviceError]:
        async with worker(sys.executable, SLOW, "fault") as serving:
            with pytest.raises(DeviceError) as first:
                await serving.message()
            with pytest.raises(DeviceError) as second:
                await serving.message()
            return first.value, second.value

    first, second = asyncio.run(said())
    assert (first.reason, first.message) == (Reason.BUSY, "Used elsewhere.")
    assert second.reason is Reason.UNPLUGGED


def test_a_python_that_is_not_there_is_told() -> None:
    async def started() -> None:
        async with worker("/usr/bin/no-such-python", SLOW):
            pass

    with pytest.raises(DeviceError, match=r"unsupported.*install it"):
        asyncio.run(started())


def test_secrets_of_this_process_are_not_seen_by_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIOMETRIC_MASTER_KEY", "secret")
    monkeypatch.setenv("FP_VIRTUAL_IMAGE", "socket")

    async def environment() -> bytes:
        async with worker(sys.executable, SLOW) as serving:
            with open(f"/proc/{serving.pid}/environ", "rb") as file:  # noqa: PTH123, ASYNC230 (of the kernel)
                return file.read()

    seen = asyncio.run(environment())
    assert b"FP_VIRTUAL_IMAGE=socket" in seen
    assert b"secret" not in seen
