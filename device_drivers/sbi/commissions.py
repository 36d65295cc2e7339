"""What RCAPTURE asks of a service of ours, understood or refused."""

from collections.abc import Sequence
from dataclasses import dataclass

from device_drivers.protocol import Characteristic
from device_drivers.sbi import hashing, wire
from device_drivers.sbi.claims import Claims
from device_drivers.sbi.fingers import PARTS, positions_of
from device_drivers.sbi.offering import Offered, Wanted
from device_drivers.sbi.telling import OTHER_ENVIRONMENT, OTHER_PURPOSE, Question, error, id_of

LONGEST_MILLISECONDS, MOST_FINGERS, HASH_BYTES = 120_000, 10, 32
PURPOSES = ("", wire.REGISTRATION)
ANY_DEVICE = ("", "0")
KINDS = {
    "Finger": Characteristic.FINGERPRINT,
    "Fingerprint": Characteristic.FINGERPRINT,
    "FIR": Characteristic.FINGERPRINT,
    "Face": Characteristic.FACE,
}
"""Types of devices as the versions of the specification name them."""


class RefusedError(Exception):
    """A question that is understood and not answered: the error that says why."""

    def __init__(self, code: str, what: str) -> None:
        super().__init__(what)
        self.error = error(code, what)


@dataclass(frozen=True, slots=True)
class Commission:
    """A capture to be made: with which device, of what, and what its answer says again."""

    offered: Offered
    wanted: Wanted
    question: Question


def characteristic_of(kind: str) -> Characteristic:
    """What a type of device captures; ValueError for one that is not known here."""
    if kind not in KINDS:
        raise ValueError(f"{kind} is no type of device that is known here")
    return KINDS[kind]


def offered_as(identity: str, kind: Characteristic | None, devices: Sequence[Offered]) -> Offered:
    """The device of this id, or any of the kind; RefusedError where there is none."""
    for each in devices:
        if (identity in ANY_DEVICE or identity == id_of(each)) and kind in {None, each.characteristic}:
            return each
    raise RefusedError("106", f"There is no such device {identity}: ask anew which there are.")


def commissioned(asked: Claims, devices: Sequence[Offered], environment: str) -> Commission:
    """What is asked; RefusedError for another purpose or environment, ValueError for what is no question of SBI."""
    if asked.text("purpose", "") not in PURPOSES:
        raise RefusedError(OTHER_PURPOSE, "These devices are for registration: ask for that purpose.")
    if asked.text("env", environment) != environment:
        raise RefusedError(OTHER_ENVIRONMENT, f"These devices are registered for {environment}: ask for that.")
    [bio] = asked.many("bio")
    offered = offered_as(bio.text("deviceId", ""), characteristic_of(bio.text("type")), devices)
    milliseconds = min(_number(asked.text("timeout"), "timeout"), LONGEST_MILLISECONDS)
    return Commission(offered, _wanted(bio, milliseconds / 1000), _question(asked, bio, environment))


def _wanted(bio: Claims, seconds: float) -> Wanted:
    count = int(_number(bio.text("count", "1"), "count"))
    if not 1 <= count <= MOST_FINGERS:
        raise RefusedError("109", f"{count} pictures cannot be taken at once: ask for 1 to {MOST_FINGERS}.")
    part = PARTS.get(bio.text("deviceSubId", ""), ()) if count > 1 else ()
    missing = positions_of(bio.texts("exception"))
    named = positions_of(bio.texts("bioSubType")) or part
    positions = tuple(each for each in named if each not in missing)
    if named and not positions:
        raise RefusedError("109", "Every finger that is asked for is an exception: there is nothing to capture.")
    score = _number(bio.text("requestedScore", "0") or "0", "requestedScore")
    return Wanted(positions, min(count, len(positions)) if positions else count, score, seconds)


def _question(asked: Claims, bio: Claims, environment: str) -> Question:
    previous = bio.text("previousHash", "") or hashing.FIRST
    if len(bytes.fromhex(previous)) != HASH_BYTES:
        raise ValueError("previousHash is no SHA-256 in hexadecimal")
    transaction, registration = asked.text("transactionId", ""), asked.text("registrationId", "")
    return Question(environment, transaction, registration, bio.text("requestedScore", ""), previous)


def _number(text: str, name: str) -> float:
    value = float(text)
    if not 0 <= value < float("inf"):
        raise ValueError(f"{name} is no number from 0 on")
    return value
