"""The contract's longest case, of every family: a device can be opened for years."""

import asyncio
import gc
import os
import threading
import time
from contextlib import suppress
from pathlib import Path

from device_drivers.errors import Reason
from device_drivers.registry import device
from tests.contract.test_devices import HASTY, PATIENT, bench, fault_of, frames, pytest_generate_tests
from tests.emulators.benches.bench import Bench

__all__ = ["bench", "pytest_generate_tests"]  # as the other cases have them

CYCLES, CAPTURES_AMONG_THEM = 100, 5


def test_a_hundred_times_opened_and_closed_leaks_nothing(bench: Bench) -> None:
    async def cycles(count: int) -> None:
        bench.show()
        for number in range(count):
            async with device(bench.url).open() as session:
                if number < CAPTURES_AMONG_THEM:
                    await frames(bench, session)
        bench.hide()
        async with device(bench.url).open() as session:
            assert await fault_of(frames(bench, session, within=0.001)) is Reason.TIMEOUT

    asyncio.run(cycles(CAPTURES_AMONG_THEM))
    time.sleep(HASTY)
    before = resources()
    asyncio.run(cycles(CYCLES))
    settle(before)


def resources() -> tuple[int, int, int]:
    """File descriptors, threads, child processes; what nobody holds any more is gone, and not when chance has it."""
    gc.collect()
    processes = 0
    for children in Path(f"/proc/{os.getpid()}/task").glob("*/children"):
        with suppress(FileNotFoundError, ProcessLookupError):  # the thread ended since it was listed
            processes += len(children.read_text(encoding="ascii").split())
    return len(list(Path("/proc/self/fd").iterdir())), threading.active_count(), processes


def settle(before: tuple[int, int, int]) -> None:
    """Wait for the emulator's own threads to notice that their client went."""
    deadline = time.monotonic() + PATIENT
    while any(now > then for now, then in zip(resources(), before, strict=True)) and time.monotonic() < deadline:
        time.sleep(0.05)
    for what, now, then in zip(("file descriptors", "threads", "processes"), resources(), before, strict=True):
        assert now <= then, what
