"""``sbi://host:4501?trust=/etc/biometric/sbi.pem``: a device behind MOSIP's Secure Biometric Interface.

``trust``: a PEM file of the certificates that may answer for it. ``sub``, ``count``, ``positions``: which part of a
device that has several, how many fingers, and which (``positions=Left IndexFinger,Left MiddleFinger``): each comes as a
frame of its own. ``score``: the least quality, 1 to 100, at which the device itself ends a capture. ``env``: of the
MOSIP deployment that the device is registered with.
"""

import asyncio
import base64
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from device_drivers.addresses import number, without_credentials
from device_drivers.errors import DeviceError, Reason
from device_drivers.frames import Moment, frame_of, now, together
from device_drivers.pictures import DamagedPictureError, decoded
from device_drivers.protocol import Advice, CaptureRequest, Characteristic, DeviceInfo, Frame, Retry, Setting
from device_drivers.records.files import images
from device_drivers.records.image import RecordImage
from device_drivers.sbi import hashing, wire
from device_drivers.sbi.claims import Claims
from device_drivers.sbi.fingers import POSITIONS
from device_drivers.sbi.streaming import streamed
from device_drivers.sbi.trust import Trust, anchors_in

PORT, ASKED_SECONDS, ANSWER_SECONDS, PAUSE_SECONDS = 4501, 5.0, 5.0, 0.05
LET_GO_SECONDS = 2.0
"""Time in which a device ends a capture that was given up here; until then it may say that it is busy."""
DAMAGED = Retry("A picture came damaged: stay where you are, the next is being taken.", Advice.DAMAGED)


@dataclass(frozen=True, slots=True)
class Identity:
    """What a device signs of itself. ``kind``: Finger, Face or Iris; ``status``: Ready, Busy, Not Ready or another."""

    id: str
    kind: str
    make: str
    model: str
    serial: str
    status: str


@dataclass(frozen=True, slots=True)
class Options:
    """What the URL says besides the address."""

    sub: str
    count: int
    positions: tuple[str, ...]
    score: int
    env: str


class SbiSession:
    """Captures by RCAPTURE, each verified before it is looked at, each tied to the one before by its hash."""

    def __init__(
        self, service: wire.Service, trust: Trust, devices: list[Identity], options: Options, info: DeviceInfo
    ) -> None:
        self._service, self._trust, self._devices = service, trust, devices
        self._options, self._info = options, info
        self._previous = hashing.FIRST
        self._given_up = -LET_GO_SECONDS

    async def capture(self, request: CaptureRequest) -> AsyncIterator[Retry | Frame]:
        """As the protocol says; a slap comes as a frame a finger."""
        device = self._of(request.characteristic)
        deadline = time.monotonic() + request.timeout
        while True:
            for each in await self._taken(device, request.characteristic, deadline):
                yield each
                deadline = time.monotonic() + request.timeout

    async def preview(self, request: CaptureRequest) -> AsyncGenerator[NDArray[np.uint8], None]:
        """What the device streams (STREAM); neither signed nor tied to a capture, so it is for looking at alone."""
        device = self._of(request.characteristic)
        try:
            async with streamed(self._service, device.id, self._options.sub, ASKED_SECONDS) as stream:
                while True:
                    with suppress(DamagedPictureError):
                        async with asyncio.timeout(request.timeout):
                            picture = await asyncio.to_thread(decoded, await stream.next())
                        yield picture.pixels
        except TimeoutError:
            raise DeviceError(Reason.TIMEOUT, f"{self._info.url} streamed no picture in time.") from None
        except (OSError, EOFError):
            raise self._gone() from None
        except (ValueError, asyncio.LimitOverrunError, HTTPException) as fault:
            raise wire.unreadable(fault) from None

    def _of(self, characteristic: Characteristic) -> Identity:
        found = [each for each in self._devices if each.kind == wire.TYPES[characteristic]]
        if not found:
            what = f"{self._info.url} captures no {characteristic}: use another device."
            raise DeviceError(Reason.UNSUPPORTED, what)
        return found[0]

    async def _taken(self, device: Identity, asked: Characteristic, deadline: float) -> list[Retry | Frame]:
        left = max(0.0, deadline - time.monotonic())
        transaction = str(uuid4())
        try:
            async with asyncio.timeout(left):
                answers = await self._answers(device, transaction, left)
        except TimeoutError:
            self._given_up = time.monotonic()
            raise DeviceError(Reason.TIMEOUT, f"{self._info.url} captured nothing in time.") from None
        try:
            return together([found for answer in answers for found in self._read(answer, device, transaction, asked)])
        except ValueError as fault:
            raise wire.unreadable(fault) from None
        except DeviceError as fault:
            if fault.reason is not Reason.BUSY or time.monotonic() - self._given_up > LET_GO_SECONDS:
                raise
            await asyncio.sleep(PAUSE_SECONDS)
            return []

    async def _answers(self, device: Identity, transaction: str, left: float) -> list[Claims]:
        options = self._options
        wanted = wire.Wanted(device.kind, device.id, options.sub, options.count, options.positions, options.score)
        bio = wanted.question(self._previous)
        question = wire.capture_question(wire.REGISTRATION, transaction, max(1, int(left * 1000)), bio, options.env)
        try:
            [answer] = await self._service.ask("RCAPTURE", "capture", question, left + ANSWER_SECONDS)
            await asyncio.sleep(0 if wire.error_in(answer) == wire.SUCCESS else PAUSE_SECONDS)
            return answer.many("biometrics")
        except ValueError as fault:
            raise wire.unreadable(fault) from None
        except TimeoutError:
            raise
        except (OSError, EOFError):
            raise self._gone() from None
        except DeviceError as fault:
            raise self._gone() if fault.reason is Reason.NOT_FOUND else fault from None

    def _gone(self) -> DeviceError:
        return DeviceError(Reason.UNPLUGGED, f"{self._info.url} has gone: check cable and power.")

    def _read(self, answer: Claims, device: Identity, transaction: str, asked: Characteristic) -> list[Retry | Frame]:
        code = wire.error_in(answer)
        if code == wire.NOTHING_SEEN:
            return []
        if code in wire.ADVICE:
            return [wire.ADVICE[code]]
        if code != wire.SUCCESS:
            raise wire.fault_of(code, answer.inner("error").text("errorInfo", ""))
        said = self._trust.claims(answer.text("data"))
        data = base64.urlsafe_b64decode(said.text("bioValue") + "==")
        self._require_own(said, device, transaction)
        if not hashing.is_linked(answer.text("hash"), self._previous, data):
            raise ValueError("its hash does not follow the one before: something was left out or put in")
        self._previous = answer.text("hash").lower()
        return self._frames(data, said, device, asked)

    def _require_own(self, said: Claims, device: Identity, transaction: str) -> None:
        """ValueError for what another device took, or this one at another time."""
        if said.text("transactionId") != transaction:
            raise ValueError("it answers another question than was asked")
        if self._trust.claims(said.text("digitalId")).text("serialNo") != device.serial:
            raise ValueError("another device than was opened took it")

    def _frames(self, data: bytes, said: Claims, device: Identity, asked: Characteristic) -> list[Retry | Frame]:
        moment = now()
        settings = (
            Setting("make", device.make),
            Setting("model", device.model),
            Setting("serial number", device.serial),
            Setting("quality", said.text("qualityScore", "") or "unknown"),
        )
        try:
            found = [each for each in images(data, asked) if each.characteristic is asked]
        except DamagedPictureError:
            return [DAMAGED]
        return [self._frame(each, POSITIONS.get(said.text("bioSubType", ""), 0), settings, moment) for each in found]

    def _frame(self, image: RecordImage, named: int, settings: tuple[Setting, ...], moment: Moment) -> Frame:
        if image.position and named and image.position != named:
            raise ValueError(f"it names finger {named}, its record finger {image.position}")
        said = (*settings, Setting("position", str(image.position or named)))
        return frame_of(image.picture.pixels, image.picture.dpi, self._info, said, moment)


class SbiDevice:
    """All devices behind one SBI service; the kind that is asked for captures."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._service = wire.Service(parts.hostname or "127.0.0.1", parts.port or PORT)
        said = {name: values[0] for name, values in parse_qs(parts.query).items()}
        positions = tuple(filter(None, said.get("positions", "").split(",")))
        count, score = int(number(url, "count") or len(positions) or 1), int(number(url, "score") or 1)
        self._options = Options(said.get("sub", "0"), count, positions, score, said.get("env", "Staging"))
        self._trust = said.get("trust", "")
        shown = without_credentials(url)
        self.info = DeviceInfo(shown, "sbi", "MOSIP SBI", shown, frozenset(Characteristic), None)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[SbiSession]:
        """Ask what is there, and verify it.

        DeviceError: NOT_FOUND where nobody answers, PERMISSION for a device that no anchor answers for, BUSY for one
        that is not ready, BAD_ADDRESS without anchors.
        """
        if not self._trust:
            raise DeviceError(Reason.BAD_ADDRESS, "Say with trust= which certificates may answer for the device.")
        trust = anchors_in(Path(self._trust))
        try:
            devices = await self._devices(trust)
        except (ValueError, EOFError, OSError) as fault:
            raise wire.unreadable(fault) from None
        yield SbiSession(self._service, trust, devices, self._options, self.info)

    async def _devices(self, trust: Trust) -> list[Identity]:
        kind = {"type": wire.ANY_TYPE}
        ids = dict(map(_unsigned, await self._service.ask("MOSIPDISC", "device", kind, ASKED_SECONDS)))
        answers = await self._service.ask("MOSIPDINFO", "info", {}, ASKED_SECONDS)
        found = [_identity(trust.claims(each.text("deviceInfo")), trust, ids) for each in answers]
        ready = [each for each in found if each.status == "Ready"]
        if not ready:
            raise DeviceError(Reason.BUSY, f"{self.info.url} has no device that is ready: wait, or start it anew.")
        return ready


def device(url: str) -> SbiDevice:
    """The service at the URL."""
    return SbiDevice(url)


def _unsigned(discovered: Claims) -> tuple[str, str]:
    """Serial number and id of a discovered device, which only names what MOSIPDINFO then signs."""
    digital = Claims(json.loads(base64.urlsafe_b64decode(discovered.text("digitalId") + "==")))
    return digital.text("serialNo"), discovered.text("deviceId")


def _identity(said: Claims, trust: Trust, ids: dict[str, str]) -> Identity:
    digital = trust.claims(said.text("digitalId"))
    serial = digital.text("serialNo")
    kind, make, model = (digital.text(name) for name in ("type", "make", "model"))
    return Identity(
        said.text("deviceId", ids.get(serial, serial)), kind, make, model, serial, said.text("deviceStatus")
    )
