"""One question to an SBI device and its answer: JSON over HTTP with verbs of its own."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from http.client import HTTPException

from device_drivers.camera.http import Question, got
from device_drivers.errors import DeviceError, Reason
from device_drivers.protocol import Advice, Characteristic, Retry
from device_drivers.sbi.claims import Claims

FAULTS = {
    "100": Reason.PERMISSION,
    "103": Reason.PERMISSION,
    "104": Reason.PERMISSION,
    "106": Reason.UNPLUGGED,
    "107": Reason.PERMISSION,
    "108": Reason.PERMISSION,
    "109": Reason.UNSUPPORTED,
    "110": Reason.BUSY,
    "111": Reason.BUSY,
    "202": Reason.UNPLUGGED,
}
NOTHING_SEEN, SUCCESS = "101", "0"
SPEC_VERSION, REGISTRATION = "0.9.5", "Registration"
ANY_TYPE = "Biometric Device"
TYPES = {Characteristic.FINGERPRINT: "Finger", Characteristic.FACE: "Face"}
TIME = "%Y-%m-%dT%H:%M:%SZ"
ADVICE = {
    "102": Retry("The picture could not be used: clean the platen and put the finger there again.", Advice.UNCLEAR),
    "105": Retry("The picture lies askew: put the finger or face upright.", Advice.ASKEW),
}


@dataclass(frozen=True, slots=True)
class Service:
    """Where an SBI service listens."""

    host: str
    port: int

    async def ask(self, verb: str, path: str, question: object, seconds: float) -> list[Claims]:
        """The answer's objects; DeviceError(NOT_FOUND) where nobody answers, PROTOCOL for what is no answer."""
        content = json.dumps(question).encode()
        url = f"http://{self.host}:{self.port}/{path}"
        try:
            async with got(url, Question(verb, content, "application/json", seconds)) as body:
                answer = json.loads(await body.whole())
            return [Claims(each) for each in (answer if isinstance(answer, list) else [answer])]
        except (ValueError, asyncio.LimitOverrunError, HTTPException) as fault:
            raise unreadable(fault) from None


def unreadable(fault: Exception) -> DeviceError:
    """The device does not answer as an SBI device does."""
    return DeviceError(Reason.PROTOCOL, f"The device does not answer as SBI has it ({fault}): update its service.")


def error_in(answer: Claims) -> str:
    """The code of the error in an answer, ``0`` where there is none; the specification writes its name in two ways."""
    error = answer.inner("error")
    return error.text("errorCode", error.text("errorcode", SUCCESS))


def fault_of(code: str, said: str) -> DeviceError:
    """The fault that an error code stands for."""
    return DeviceError(FAULTS.get(code, Reason.PROTOCOL), f"The device reports error {code} ({said}): look at it.")


def capture_question(purpose: str, transaction: str, milliseconds: int, wanted: object, env: str) -> object:
    """What RCAPTURE is asked with."""
    return {
        "env": env,
        "purpose": purpose,
        "specVersion": SPEC_VERSION,
        "timeout": str(milliseconds),
        "captureTime": datetime.now(UTC).strftime(TIME),
        "transactionId": transaction,
        "bio": [wanted],
        "customOpts": None,
    }


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which part of the body, and of how good a picture. ``sub``: the device's part that captures it."""

    kind: str
    device: str
    sub: str
    count: int
    positions: Sequence[str]
    score: int

    def question(self, previous: str) -> object:
        """The ``bio`` of a question."""
        return {
            "type": self.kind,
            "count": str(self.count),
            "bioSubType": list(self.positions),
            "exception": [],
            "requestedScore": str(self.score),
            "deviceId": self.device,
            "deviceSubId": self.sub,
            "previousHash": previous,
        }
