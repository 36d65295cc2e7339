"""The samples of a request on all cores: in their order, in their context, with their faults."""

import threading
from contextvars import ContextVar

import pytest

from biometric_service.recognition.side_by_side import OnCores, SideBySide, one_by_one

REQUEST = ContextVar("REQUEST", default="none")
WAYS: list[SideBySide] = [one_by_one, OnCores(2)]


@pytest.mark.parametrize("way", WAYS)
def test_results_keep_the_order_of_what_they_were_made_from(way: SideBySide) -> None:
    assert list(way(lambda number: number * number, range(50))) == [number * number for number in range(50)]
    assert list(way(len, [])) == []


@pytest.mark.parametrize("way", WAYS)
def test_the_first_fault_is_the_callers(way: SideBySide) -> None:
    def work(number: int) -> int:
        if number > 2:
            raise ValueError(str(number))
        return number

    with pytest.raises(ValueError, match="3"):
        way(work, range(6))


def test_two_really_run_at_once() -> None:
    together = threading.Barrier(2, timeout=10)
    assert list(OnCores(2)(lambda _: together.wait() >= 0, [1, 2])) == [True, True]


def test_one_alone_stays_in_the_callers_thread() -> None:
    assert list(OnCores(2)(lambda _: threading.get_ident(), [1])) == [threading.get_ident()]


def test_work_knows_whose_it_is() -> None:
    token = REQUEST.set("mine")
    try:
        assert list(OnCores(2)(lambda _: REQUEST.get(), [1, 2, 3])) == ["mine"] * 3
    finally:
        REQUEST.reset(token)
