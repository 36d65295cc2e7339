"""The agent: it lists the devices of this machine and captures with them, for the one page that is paired with it.

    GET  /v1/station             whether it is there, and whether the page is paired
    POST /v1/pairings            the code on its terminal, for a token
    GET  /v1/devices             the devices
    POST /v1/captures            a capture session as lines of JSON (``stream``)

Devices are named by ids of the agent's own: a page can use those that are plugged in or were named when the agent was
started, and no other path or address of this machine.
"""

import asyncio
import hashlib
import json
import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from http import HTTPStatus

from biometric_service.capture.session.guided import GuidedCapture
from biometric_service.capture.session.judging import Judge
from biometric_service.capture.session.plan import Plan
from biometric_service.capture.station.gate import Gate, problem, told
from biometric_service.capture.station.pairing import Pairing
from biometric_service.capture.station.stream import SessionStream, name_of
from biometric_service.errors import BiometricServiceError
from biometric_service.vocabulary.references import CaptureException, ExceptionKind
from biometric_service.vocabulary.samples import FingerPosition, Modality
from device_drivers.discovery import Survey, survey
from device_drivers.errors import DeviceError, Reason
from device_drivers.listening import Answer, Asked
from device_drivers.protocol import DeviceInfo
from device_drivers.registry import device
from device_drivers.signing.signer import FrameSigner

LINES = "application/x-ndjson"
MOST_SECONDS = 300.0
Found = Mapping[str, DeviceInfo]


@dataclass(frozen=True, slots=True)
class StationParts:
    """``devices``: URLs beside those that are found. ``judge``: gives who judges pictures; may take seconds.

    ``find``: looks for devices that nobody named. ``show``: shows the code that a page is to be paired by.
    """

    devices: Sequence[str]
    pairing: Pairing
    judge: Callable[[Modality], Judge]
    signer: FrameSigner | None = None
    find: Callable[[], Awaitable[Survey]] = survey
    show: Callable[[str], None] = lambda _: None


@dataclass(slots=True)
class StationAgent:
    """Answers pages. ``gate`` is set once the port is known."""

    parts: StationParts
    gate: Gate
    _busy: set[str] = field(default_factory=set)

    async def answer(self, asked: Asked) -> Answer:
        """The answer to one question; whatever is wrong is told in JSON with what to do."""
        refusal = self.gate.refusal(asked)
        if refusal is not None:
            return refusal
        if asked.verb == "OPTIONS":
            return self.gate.opened(asked, self.gate.preflight(asked))
        try:
            return self.gate.opened(asked, await self._answered(asked))
        except DeviceError as fault:
            return self.gate.opened(asked, _device_problem(fault))
        except BiometricServiceError as fault:
            unusable = problem(HTTPStatus.SERVICE_UNAVAILABLE, fault.code.value, fault.message, fault.action)
            return self.gate.opened(asked, unusable)
        except (ValueError, KeyError, TypeError, RecursionError):
            what = "This is no question that the station understands."
            return self.gate.opened(asked, problem(HTTPStatus.BAD_REQUEST, "request_invalid", what, "Correct it."))

    async def _answered(self, asked: Asked) -> Answer:
        paired = self._is_paired(asked)
        if (asked.verb, asked.path) == ("GET", "/v1/station"):
            if not paired and not self.parts.pairing.waits:
                self.parts.show(self.parts.pairing.offer())
            return told({"station": 1, "paired": paired, "signs": self.parts.signer is not None})
        if (asked.verb, asked.path) == ("POST", "/v1/pairings"):
            return self._pair(asked)
        do: Mapping[tuple[str, str], Callable[[Asked], Awaitable[Answer]]] = {
            ("GET", "/v1/devices"): self._list,
            ("POST", "/v1/captures"): self._capture,
        }
        if (asked.verb, asked.path) not in do:
            return problem(HTTPStatus.NOT_FOUND, "not_found", "The station has nothing there.", "Update the page.")
        if not paired:
            action = "Pair it: type the code that its terminal shows."
            return problem(HTTPStatus.UNAUTHORIZED, "not_paired", "This page is not paired with the station.", action)
        return await do[asked.verb, asked.path](asked)

    def _is_paired(self, asked: Asked) -> bool:
        scheme, _, token = asked.headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and self.parts.pairing.admits(token)

    def _pair(self, asked: Asked) -> Answer:
        token = self.parts.pairing.accept(str(json.loads(asked.body)["code"]))
        if token is None:
            action = "Load the page again: another one is shown once this one is void."
            return problem(HTTPStatus.FORBIDDEN, "code_refused", "The code is wrong, used, or too old.", action)
        return told({"token": token}, HTTPStatus.CREATED)

    async def _list(self, _: Asked) -> Answer:
        found = await self.parts.find()
        silent = [{"family": each.scheme, "why": str(each.fault)} for each in found.silent]
        infos = [*map(_info, self.parts.devices), *found.devices]
        return told({"devices": [_shown(each) for each in infos], "silent": silent})

    async def _capture(self, asked: Asked) -> Answer:
        said = json.loads(asked.body)
        info, plan = await self._chosen(str(said["device"])), _plan(said)
        identity = _id(info)
        if identity in self._busy:
            return problem(HTTPStatus.CONFLICT, "busy", "The device captures already.", "End that first.")
        self._busy.add(identity)
        lines = self._alone(info, plan)
        await anext(lines)
        return Answer(b"", kind=LINES, stream=lines)

    async def _alone(self, info: DeviceInfo, plan: Plan) -> AsyncGenerator[bytes, None]:
        """Nothing once all is ready, then the lines; nobody else may use the device until it ends or is closed."""
        try:
            judge = await asyncio.to_thread(self.parts.judge, plan.modality)
            yield b""
            stream = SessionStream(GuidedCapture(info.url, plan, judge), info, self.parts.signer)
            async with aclosing(stream.lines()) as lines:
                async for line in lines:
                    yield line
        finally:
            self._busy.discard(_id(info))

    async def _chosen(self, identity: str) -> DeviceInfo:
        """The device of that id, named or found; DeviceError(NOT_FOUND)."""
        named = {_id(each): each for each in map(_info, self.parts.devices)}
        if identity in named:
            return named[identity]
        found = {_id(each): each for each in (await self.parts.find()).devices}
        if identity in found:
            return found[identity]
        what = "The device is not there any more: plug it in, and list the devices again."
        raise DeviceError(Reason.NOT_FOUND, what)


async def none_found() -> Survey:
    """What is found where devices are to be named."""
    return Survey((), ())


def _info(url: str) -> DeviceInfo:
    return device(url).info


def _id(info: DeviceInfo) -> str:
    return hashlib.sha256(info.url.encode()).hexdigest()[:16]


def _shown(info: DeviceInfo) -> Mapping[str, object]:
    captures = sorted(each.value for each in info.captures)
    return {"id": _id(info), "name": name_of(info), "model": info.model, "captures": captures, "dpi": info.dpi}


def _plan(said: Mapping[str, object]) -> Plan:
    """ValueError, KeyError or TypeError for what is no plan."""
    fingers, absent = said.get("fingers", []), said.get("exceptions", [])
    shows, seconds = said.get("shows", 0), said.get("seconds", 30)
    if not isinstance(fingers, list) or not isinstance(absent, list):
        raise TypeError("two lists")
    if not isinstance(shows, int) or not isinstance(seconds, int | float) or not math.isfinite(seconds):
        raise TypeError("two numbers")
    return Plan(
        Modality(str(said["modality"])),
        fingers=tuple(map(_finger, fingers)),
        exceptions=tuple(CaptureException(_finger(each), ExceptionKind.MISSING) for each in absent),
        shows=shows,
        seconds=min(max(float(seconds), 1.0), MOST_SECONDS),
    )


def _finger(name: object) -> FingerPosition:
    return FingerPosition[str(name).upper()]


def _device_problem(fault: DeviceError) -> Answer:
    message, _, action = fault.message.partition(": ")
    action = action or "Check the device and try again."
    return problem(HTTPStatus.SERVICE_UNAVAILABLE, fault.reason.value, message, action)
