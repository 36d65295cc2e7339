import asyncio
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest

from biometric_service.api.telemetry.metrics import Metrics
from biometric_service.api.workers import BoundedThreads, RecognitionWorkers
from biometric_service.errors import BiometricServiceError, ErrorCode


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    gate = threading.Event()
    yield gate
    gate.set()


def test_work_is_done_in_another_thread_and_its_faults_come_back() -> None:
    workers = RecognitionWorkers(1, 0, 5, Metrics())

    def fail() -> None:
        raise ValueError(threading.current_thread().name)

    with pytest.raises(ValueError, match="recognition"):
        asyncio.run(workers.run(fail))
    assert asyncio.run(workers.run(sum, [1, 2])) == 3
    workers.close()


def test_a_full_queue_refuses_and_the_loop_stays_free(gate: threading.Event) -> None:
    workers = RecognitionWorkers(1, 1, 5, Metrics())

    async def crowd() -> list[BaseException | bool]:
        asked = [asyncio.ensure_future(workers.run(gate.wait)) for _ in range(4)]
        await asyncio.sleep(0.05)  # the loop runs on while the only worker is busy
        gate.set()
        return await asyncio.gather(*asked, return_exceptions=True)

    done = asyncio.run(crowd())
    assert done[:2] == [True, True]
    assert [fault.code for fault in done[2:] if isinstance(fault, BiometricServiceError)] == [
        ErrorCode.RATE_LIMITED
    ] * 2
    workers.close()


def test_where_nothing_is_refused_work_waits_for_a_thread_and_is_dropped_once_nobody_waits(
    gate: threading.Event,
) -> None:
    threads = BoundedThreads("opening", 1, 0.2)
    begun: list[str] = []

    async def crowd() -> list[ErrorCode]:
        held = [threads.run(gate.wait), threads.run(begun.append, "never")]
        faults = await asyncio.gather(*held, return_exceptions=True)
        gate.set()
        threads._seconds = 60
        return [fault.code for fault in faults if isinstance(fault, BiometricServiceError)]

    async def two() -> None:
        await asyncio.gather(*(threads.run(begun.append, name) for name in "ab"))

    assert asyncio.run(crowd()) == [ErrorCode.TIMED_OUT] * 2
    asyncio.run(two())
    threads.close()
    assert begun == ["a", "b"]


def test_what_takes_too_long_times_out_and_keeps_its_place_until_it_is_done(gate: threading.Event) -> None:
    workers = RecognitionWorkers(1, 0, 0.5, Metrics())

    async def impatient() -> list[ErrorCode]:
        codes = []
        for _ in range(2):
            with pytest.raises(BiometricServiceError) as refused:
                await workers.run(gate.wait)
            codes.append(refused.value.code)
        gate.set()
        assert await once_free()
        return codes

    async def once_free() -> bool:
        for _ in range(200):
            with suppress(BiometricServiceError):
                return await workers.run(gate.wait)
            await asyncio.sleep(0.05)
        return False

    assert asyncio.run(impatient()) == [ErrorCode.TIMED_OUT, ErrorCode.RATE_LIMITED]
    workers.close()
