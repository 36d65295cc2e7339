"""What a service of ours says of its devices and of what they captured, as SBI words it."""

import base64
import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from device_drivers.errors import DeviceError, Reason
from device_drivers.protocol import Characteristic
from device_drivers.records import face_images, finger_images
from device_drivers.sbi import hashing, wire
from device_drivers.sbi.fingers import NAMES, UNKNOWN
from device_drivers.sbi.keys import SigningKey
from device_drivers.sbi.offering import Offered, Taken

SERVICE_VERSION, CERTIFICATION = "1.0.0", "L0"
PROVIDER = "biometric-device-drivers"
COLOUR_DIMENSIONS = 3
CODES = {
    Reason.NOT_FOUND: "106",
    Reason.BUSY: "111",
    Reason.UNPLUGGED: "202",
    Reason.TIMEOUT: wire.NOTHING_SEEN,
    Reason.PROTOCOL: "500",
    Reason.PERMISSION: "501",
    Reason.UNSUPPORTED: "109",
    Reason.BAD_ADDRESS: "502",
}
MALFORMED, OTHER_PURPOSE, OTHER_ENVIRONMENT = "503", "504", "100"
"""5xx are a maker's own: what each means here stands in the how-to."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a capture was asked for, to be said again in its answer. ``previous``: the hash to go on from, hex."""

    environment: str
    transaction: str
    registration: str
    score: str
    previous: str


def error(code: str = wire.SUCCESS, what: str = "Success") -> dict[str, str]:
    """The error of an answer, which is there where there is none."""
    return {"errorCode": code, "errorInfo": what}


def error_of(fault: DeviceError) -> dict[str, str]:
    """The error that a fault of a device is."""
    return error(CODES[fault.reason], fault.message)


def encoded(data: bytes) -> str:
    """Base64 for URLs (RFC 4648, section 5) without padding, as SBI has all its bytes."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def refused(fault: dict[str, str]) -> dict[str, object]:
    """A capture that came to nothing."""
    return {"specVersion": wire.SPEC_VERSION, "data": "", "hash": "", "error": fault}


class Teller:
    """Speaks for the devices with one key. ``environment``: of the deployment that they are registered with."""

    def __init__(self, key: SigningKey, environment: str, address: str) -> None:
        self._key = key
        self._environment, self._address = environment, address

    def discovered(self, offered: Offered) -> dict[str, object]:
        """What MOSIPDISC is told: nothing of it signed."""
        digital = encoded(json.dumps(_digital(offered)).encode())
        return {**self._described(offered), "digitalId": digital, "error": error()}

    def info(self, offered: Offered) -> dict[str, object]:
        """What MOSIPDINFO is told."""
        said = {
            **self._described(offered),
            "digitalId": self._key.signed(_digital(offered)),
            "firmware": SERVICE_VERSION,
            "env": self._environment,
        }
        return {"deviceInfo": self._key.signed(said), "error": error()}

    def captured(self, offered: Offered, taken: Sequence[Taken], question: Question) -> list[dict[str, object]]:
        """Every picture as a signed record, each hash made from the one before."""
        told: list[dict[str, object]] = []
        previous = question.previous
        for each in taken:
            record = record_of(offered, each)
            previous = hashing.linked(previous, record)
            said = self._biometric(offered, each, question) | {"bioValue": encoded(record)}
            told.append(
                {
                    "specVersion": wire.SPEC_VERSION,
                    "data": self._key.signed(said),
                    "hash": previous.upper(),
                    "error": error(),
                }
            )
        return told

    def _described(self, offered: Offered) -> dict[str, object]:
        return {
            "deviceId": id_of(offered),
            "deviceStatus": "Busy" if offered.busy else "Ready",
            "certification": CERTIFICATION,
            "serviceVersion": SERVICE_VERSION,
            "deviceSubId": ["0"],
            "callbackId": self._address,
            "deviceCode": id_of(offered),
            "specVersion": [wire.SPEC_VERSION],
            "purpose": wire.REGISTRATION,
        }

    def _biometric(self, offered: Offered, taken: Taken, question: Question) -> dict[str, object]:
        quality = {} if taken.quality is None else {"qualityScore": f"{taken.quality:.0f}"}
        asked = {"transactionId": question.transaction, "registrationId": question.registration}
        return {
            "digitalId": self._key.signed(_digital(offered)),
            "deviceCode": id_of(offered),
            "deviceServiceVersion": SERVICE_VERSION,
            "bioType": wire.TYPES[offered.characteristic],
            "bioSubType": NAMES.get(taken.position, UNKNOWN) if _is_finger(offered) else "",
            "purpose": wire.REGISTRATION,
            "env": question.environment,
            "timestamp": taken.frame.captured_at.isoformat(timespec="milliseconds"),
            "requestedScore": question.score,
            **quality,
            **{name: value for name, value in asked.items() if value},
        }


def id_of(offered: Offered) -> str:
    """The same for the same URL and kind of picture, and says neither."""
    return hashlib.sha256(f"{offered.characteristic} {offered.device.info.url}".encode()).hexdigest()[:24]


def record_of(offered: Offered, taken: Taken) -> bytes:
    """ISO/IEC 19794-4 of a finger, 19794-5 of a face, without loss.

    DeviceError(UNSUPPORTED) for a finger whose resolution nobody knows.
    """
    frame = taken.frame
    if not _is_finger(offered):
        height, width = frame.pixels.shape[:2]
        return face_images.written(_picture(frame.pixels, "JPEG2000"), width, height, frame.captured_at)
    if frame.dpi is None:
        what = f"Nobody knows the resolution of {frame.device.url}: measure it and give it as dpi= in the URL."
        raise DeviceError(Reason.UNSUPPORTED, what)
    return finger_images.written(
        np.asarray(_image(frame.pixels).convert("L")), frame.dpi, taken.position, frame.captured_at
    )


def jpeg(pixels: NDArray[np.uint8]) -> bytes:
    """A picture, grey or BGR, for looking at."""
    return _picture(pixels, "JPEG")


def _picture(pixels: NDArray[np.uint8], form: str) -> bytes:
    """A file; Pillow's JPEG 2000 is without loss where nothing is said."""
    file = io.BytesIO()
    _image(pixels).save(file, form)
    return file.getvalue()


def _image(pixels: NDArray[np.uint8]) -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(pixels[:, :, ::-1] if pixels.ndim == COLOUR_DIMENSIONS else pixels))


def _is_finger(offered: Offered) -> bool:
    return offered.characteristic is Characteristic.FINGERPRINT


def _digital(offered: Offered) -> dict[str, str]:
    info = offered.device.info
    return {
        "serialNo": info.serial,
        "make": info.family,
        "model": info.model,
        "type": wire.TYPES[offered.characteristic],
        "deviceSubType": "Single" if _is_finger(offered) else "Full face",
        "deviceProvider": PROVIDER,
        "deviceProviderId": PROVIDER,
        "dateTime": datetime.now(UTC).isoformat(timespec="milliseconds"),
    }
