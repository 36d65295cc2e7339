"""One capture session on a device: events as they come, until all is taken, time runs out, or somebody cancels."""

import asyncio
import math
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable
from contextlib import aclosing
from typing import Any, cast

from biometric_service.capture.session.events import Advised, Asked, CaptureEvent, Ended, Ending, Opened
from biometric_service.capture.session.judging import Judge
from biometric_service.capture.session.plan import Plan
from biometric_service.capture.session.progress import CaptureProgress
from biometric_service.capture.session.scans import SCANS
from biometric_service.capture.session.ticking import ticking
from device_drivers.errors import DeviceError, Reason
from device_drivers.protocol import CaptureDevice, CaptureRequest, Characteristic, Frame, Retry
from device_drivers.registry import device

TICK = 0.1
"""Seconds between two looks at the clock while the device gives nothing."""
CANCELLED = "Somebody cancelled it."
Given = Retry | Frame
Running = Callable[[Coroutine[Any, Any, Ended]], Ended]


class GuidedCapture:
    """Captures by a plan. ``progress``: what was taken so far, also where the session ended early.

    ``devices``: gives the device at a URL; DeviceError for one that no driver knows.
    """

    def __init__(self, url: str, plan: Plan, judge: Judge, devices: Callable[[str], CaptureDevice] = device) -> None:
        self._url, self._plan, self._devices = url, plan, devices
        self.progress = CaptureProgress(plan, judge)
        self._asked = 0
        self._cancelled = False
        self._fault: DeviceError | None = None
        self._last = time.monotonic()

    def cancel(self) -> None:
        """End at the next look at the clock; from any thread."""
        self._cancelled = True

    async def events(self) -> AsyncGenerator[CaptureEvent]:
        """Everything that happens; the last is ``Ended``. Closing the iterator closes the device.

        Faults of the device are an ``Ended`` as well: FAILED with what to do.
        """
        taken = 0
        try:
            found = self._devices(self._url)
            async with found.open() as session:
                yield Opened(found.info.url, self._plan.wanted())
                for event in self._asking():
                    yield event
                self._last = time.monotonic()
                capture = cast("AsyncGenerator[Given]", session.capture(self._request()))
                async with aclosing(ticking(capture, TICK)) as given:
                    async for each in given:
                        for event in await asyncio.to_thread(self._told, each):
                            yield event
                        taken = self._note_progress(taken)
                        for event in self._asking():
                            yield event
                        if self._is_over():
                            break
        except DeviceError as fault:
            self._fault = fault
        for event in self._ending():
            yield event

    def _request(self) -> CaptureRequest:
        return CaptureRequest(Characteristic(self._plan.modality.value), self._plan.seconds)

    def _told(self, given: Given | None) -> list[CaptureEvent]:
        events: list[CaptureEvent] = []
        if isinstance(given, Frame):
            events += self.progress.see(given)
        elif given is not None:
            events.append(Advised(given.kind, given.advice))
        return [*events, *self.progress.settle(time.monotonic())]

    def _note_progress(self, before: int) -> int:
        now = len(self.progress.taken)
        if now != before:
            self._last = time.monotonic()
        return now

    def _asking(self) -> Iterable[CaptureEvent]:
        """Which fingers are next, where the plan names fingers."""
        code = self.progress.next_scan()
        if self._plan.fingers and code not in {self._asked, 0}:
            self._asked = code
            yield Asked(tuple(each for each in SCANS[code] if each in self.progress.missing))

    def _is_over(self) -> bool:
        late = time.monotonic() - self._last > self._plan.seconds
        return self.progress.complete or bool(self.progress.refusal) or self._cancelled or late

    def _ending(self) -> Iterable[CaptureEvent]:
        if not self._cancelled and (self._fault is None or self._fault.reason is Reason.TIMEOUT):
            yield from self.progress.settle(math.inf)
        missing = self.progress.missing
        if self._cancelled:
            yield Ended(Ending.CANCELLED, missing, CANCELLED)
        elif self.progress.refusal:
            yield Ended(Ending.REFUSED, missing, self.progress.refusal)
        elif self.progress.complete:
            yield Ended(Ending.COMPLETE)
        elif self._fault and self._fault.reason is not Reason.TIMEOUT:
            yield Ended(Ending.FAILED, missing, self._fault.message, self._fault.reason)
        else:
            why = self._fault.message if self._fault else "Nothing good enough was captured in time."
            yield Ended(Ending.TIMED_OUT, missing, why, Reason.TIMEOUT)


def run(session: GuidedCapture, show: Callable[[CaptureEvent], None], within: Running = asyncio.run) -> Ended:
    """The session from beginning to end, each event shown; Ctrl-C cancels it. ``within``: in whose event loop."""
    try:
        return within(_run(session, show))
    except KeyboardInterrupt:
        ended = Ended(Ending.CANCELLED, session.progress.missing, CANCELLED)
        show(ended)
        return ended


async def _run(session: GuidedCapture, show: Callable[[CaptureEvent], None]) -> Ended:
    last = Ended(Ending.FAILED)
    async for event in session.events():
        show(event)
        last = event if isinstance(event, Ended) else last
    return last
