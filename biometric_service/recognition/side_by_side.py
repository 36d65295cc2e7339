"""The samples of one request on all cores: ten prints are not read one after the other while a core stands idle."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Protocol, TypeVar

Given = TypeVar("Given")
Made = TypeVar("Made")


class SideBySide(Protocol):
    """Does the same work for each of several things, in whatever order, and gives the results in theirs."""

    def __call__(self, work: Callable[[Given], Made], each: Sequence[Given]) -> Sequence[Made]:
        """What ``work`` makes of each; raises what it raises for the first that it raises for."""


def one_by_one(work: Callable[[Given], Made], each: Sequence[Given]) -> Sequence[Made]:
    """In this thread, in order (see ``SideBySide``)."""
    return [work(one) for one in each]


class OnCores:
    """On threads that all requests share, so that many at once do not crowd out one another (see ``SideBySide``).

    Decoders, OpenCV and onnxruntime work without the interpreter lock. A single thing stays in the caller's thread.
    """

    def __init__(self, threads: int) -> None:
        self._threads = ThreadPoolExecutor(threads, "samples")

    def __call__(self, work: Callable[[Given], Made], each: Sequence[Given]) -> Sequence[Made]:
        """In the context of the caller, so that what traces requests knows whose work it is."""
        if len(each) < 2:  # noqa: PLR2004
            return one_by_one(work, each)
        futures = [self._threads.submit(copy_context().run, work, one) for one in each]
        return [future.result() for future in futures]
