"""One of our own devices, as a service offers it: opened only while somebody captures with it or looks through it."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import cast

from device_drivers.arrivals import Arrivals
from device_drivers.errors import DeviceError, Reason
from device_drivers.protocol import CaptureDevice, CaptureRequest, CaptureSession, Characteristic, Frame, Retry

SHOWN_SECONDS, HANDOVER_SECONDS, LONGEST_SECONDS = 0.3, 1.0, 86_400.0
Assess = Callable[[Frame, Characteristic], float | None]
"""How good a picture is of what it was taken for, 0 to 100, None where nobody can say."""


def said_quality(frame: Frame, _: Characteristic) -> float | None:
    """The quality that the device itself said, 0 to 100, None where it said none."""
    said = dict(frame.settings).get("quality", "")
    return float(said) if said.replace(".", "", 1).isdecimal() else None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be captured. ``positions``: which fingers, by their numbers, any where empty.

    ``count``: how many pictures, each of another finger. ``score``: a picture this good is taken at once; otherwise the
    best is, when the time is over. ``seconds``: the time.
    """

    positions: tuple[int, ...]
    count: int
    score: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Taken:
    """``position``: of the finger, 0 where unknown. ``quality``: 0 to 100, None where nobody said."""

    frame: Frame
    position: int
    quality: float | None

    @property
    def worth(self) -> float:
        """For choosing the best."""
        return -1.0 if self.quality is None else self.quality


class Offered:
    """A device and what it captures here: one kind, since SBI has a device for each."""

    def __init__(self, device: CaptureDevice, characteristic: Characteristic, assess: Assess = said_quality) -> None:
        self.device, self.characteristic = device, characteristic
        self._assess = assess
        self._capturing, self._showing = asyncio.Lock(), asyncio.Lock()
        self._looking: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        """Whether somebody captures; who looks gives way."""
        return self._capturing.locked()

    async def taken(self, wanted: Wanted) -> list[Taken]:
        """The pictures; DeviceError: BUSY while another capture runs, TIMEOUT where there are not as many in time."""
        if self.busy:
            raise DeviceError(Reason.BUSY, f"{self.device.info.url} is capturing already: wait for that.")
        async with self._capturing:
            await self._end_looking()
            async with self.device.open() as session:
                return await self._chosen(session, wanted)

    async def shown(self) -> AsyncGenerator[Frame | None, None]:
        """Live pictures, three times a second at the least, None where there is none; nobody else's while capturing.

        DeviceError(BUSY) where somebody else looks and goes on looking.
        """
        await self._be_shown()
        try:
            while True:
                async with self._capturing:
                    arrivals = Arrivals[Frame]()
                    self._looking = asyncio.create_task(self._look(arrivals))
                while not self._looking.cancelled():  # by a capture, which goes first
                    yield await _next(arrivals)
        finally:
            await self._end_looking()
            self._looking = None
            self._showing.release()

    async def _be_shown(self) -> None:
        try:
            async with asyncio.timeout(HANDOVER_SECONDS):
                await self._showing.acquire()
        except TimeoutError:
            what = f"{self.device.info.url} shows itself to somebody already: end that first."
            raise DeviceError(Reason.BUSY, what) from None

    async def _look(self, arrivals: Arrivals[Frame]) -> None:
        try:
            async with self.device.open() as session, self._frames(session) as seen:
                async for each in seen:
                    if isinstance(each, Frame):
                        arrivals.put(each)
        except DeviceError as fault:
            arrivals.end(fault)

    async def _end_looking(self) -> None:
        if self._looking:
            self._looking.cancel()
            await asyncio.wait({self._looking})

    def _frames(self, session: CaptureSession) -> aclosing[AsyncGenerator[Retry | Frame, None]]:
        captured = session.capture(CaptureRequest(self.characteristic, LONGEST_SECONDS))
        return aclosing(cast("AsyncGenerator[Retry | Frame, None]", captured))

    async def _chosen(self, session: CaptureSession, wanted: Wanted) -> list[Taken]:
        """The best of each finger."""
        best: dict[int, Taken] = {}
        advice = "nothing was seen"
        with suppress(TimeoutError):
            async with asyncio.timeout(wanted.seconds), self._frames(session) as seen:
                async for each in seen:
                    if isinstance(each, Retry):
                        advice = each.advice
                        continue
                    await self._keep(best, each, wanted)
                    if _is_enough(best, wanted):
                        break
        if len(best) < wanted.count:
            raise DeviceError(Reason.TIMEOUT, f"{len(best)} of {wanted.count} pictures came in time: {advice}")
        return [best[position] for position in sorted(best)]

    async def _keep(self, best: dict[int, Taken], frame: Frame, wanted: Wanted) -> None:
        position = _position(frame, wanted)
        if position is None or (position not in best and len(best) == wanted.count):
            return
        taken = Taken(frame, position, await asyncio.to_thread(self._assess, frame, self.characteristic))
        if position not in best or taken.worth > best[position].worth:
            best[position] = taken


def _is_enough(best: Mapping[int, Taken], wanted: Wanted) -> bool:
    """Whether there are all, each good enough as far as anybody can tell."""
    good = all(each.quality is None or each.quality >= wanted.score for each in best.values())
    return good and len(best) == wanted.count


def _position(frame: Frame, wanted: Wanted) -> int | None:
    """Which finger it is, None where it is not one that is wanted; DeviceError(UNSUPPORTED) where it must be said."""
    said = int(dict(frame.settings).get("position", "0"))
    if said:
        return said if said in wanted.positions or not wanted.positions else None
    if wanted.count > 1:
        what = f"{frame.device.url} does not tell fingers apart: ask for one at a time."
        raise DeviceError(Reason.UNSUPPORTED, what)
    return wanted.positions[0] if len(wanted.positions) == 1 else 0


async def _next(arrivals: Arrivals[Frame]) -> Frame | None:
    try:
        async with asyncio.timeout(SHOWN_SECONDS):
            return await arrivals.next()
    except TimeoutError:
        return None
