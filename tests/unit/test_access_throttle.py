"""A caller's rate and what it has in progress are limited, each caller by itself."""

from pathlib import Path

import pytest

from biometric_service.api.access.levels import WAYS, Levels
from biometric_service.api.access.throttle import Slots, TokenBuckets
from biometric_service.errors import BiometricServiceError, ErrorCode


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_is_allowed_and_then_the_rate() -> None:
    clock = Clock()
    buckets = TokenBuckets(2, 3, clock=clock)
    assert [buckets.take("a") for _ in range(3)] == [0, 0, 0]
    assert buckets.take("a") == pytest.approx(0.5)
    clock.now = 0.5
    assert buckets.take("a") == 0
    assert buckets.take("a") > 0


def test_one_caller_takes_nothing_from_another() -> None:
    buckets = TokenBuckets(1, 1, clock=Clock())
    assert [buckets.take("a"), buckets.take("b")] == [0, 0]
    assert buckets.take("a") > 0


def test_a_bucket_never_holds_more_than_its_burst() -> None:
    clock = Clock()
    buckets = TokenBuckets(100, 2, clock=clock)
    buckets.take("a")
    clock.now = 1000
    assert [buckets.take("a") > 0 for _ in range(3)] == [False, False, True]


def test_waiting_takes_nothing() -> None:
    buckets = TokenBuckets(1, 1, clock=Clock())
    assert [buckets.wait("a") for _ in range(5)] == [0] * 5
    assert buckets.take("a") == 0
    assert buckets.wait("a") == pytest.approx(1)


def test_whoever_was_seen_last_is_remembered_however_many_strangers_come() -> None:
    clock = Clock()
    buckets = TokenBuckets(1e-6, 1, Levels(sets=1), clock=clock)
    for number in range(1000):
        clock.now += 1
        assert buckets.take(str(number)) == 0
    assert [buckets.wait(str(number)) > 0 for number in range(1000 - WAYS, 1000)] == [True] * WAYS
    assert buckets.take("0") == 0


def test_processes_count_together(tmp_path: Path) -> None:
    one, other = (TokenBuckets(1, 2, Levels(tmp_path / "rates"), "requests", Clock()) for _ in range(2))
    assert [one.take("a"), other.take("a")] == [0, 0]
    assert [one.take("a"), other.take("a")] == [pytest.approx(1)] * 2
    assert TokenBuckets(1, 2, Levels(tmp_path / "rates"), "failures", Clock()).take("a") == 0


def test_places_are_given_back_also_when_something_goes_wrong() -> None:
    slots = Slots(1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), slots.held("a"):
            1 / 0  # noqa: B018
    with slots.held("a"):
        with pytest.raises(BiometricServiceError) as refused, slots.held("a"):
            pytest.fail("let in")
        assert refused.value.code is ErrorCode.RATE_LIMITED
        with slots.held("b"):
            pass
