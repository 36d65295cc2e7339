"""Requests and answers as MOSIP writes them: every number is a string, and every failure has a number.

What is missing is looked for before what is unknown, since MOSIP tells the two apart.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final


class Operation(StrEnum):
    """What can be asked."""

    INSERT = "mosip.abis.insert"
    IDENTIFY = "mosip.abis.identify"
    DELETE = "mosip.abis.delete"
    PING = "mosip.abis.ping"
    PENDING_JOBS = "mosip.abis.pendingJobs"
    REFERENCE_COUNT = "mosip.abis.referenceCount"


class Failure(StrEnum):
    """Why a request came to nothing, as MOSIP numbers it."""

    INTERNAL = "1"
    ABORTED = "2"
    UNEXPECTED = "3"
    REQUEST_INVALID = "4"
    REFERENCE_ID_MISSING = "5"
    REQUEST_ID_MISSING = "6"
    NOT_FETCHED = "7"
    REFERENCE_URL_MISSING = "8"
    REQUEST_TIME_MISSING = "9"
    REFERENCE_EXISTS = "10"
    CBEFF_EMPTY = "11"
    REFERENCE_UNKNOWN = "12"
    VERSION_INVALID = "13"
    ID_INVALID = "14"
    REQUEST_TIME_INVALID = "15"
    CBEFF_INVALID = "16"
    SHARE_EXPIRED = "17"
    QUALITY = "18"


SUCCEEDED, FAILED = "1", "2"
ID, VERSION, REQUEST_ID, REQUEST_TIME = "id", "version", "requestId", "requesttime"
REFERENCE_ID, REFERENCE_URL, FLAGS, GALLERY = "referenceId", "referenceURL", "flags", "gallery"
COMMON: Final = frozenset({ID, VERSION, REQUEST_ID, REQUEST_TIME})
KEYS: Mapping[Operation, frozenset[str]] = {
    Operation.INSERT: COMMON | {REFERENCE_ID, REFERENCE_URL},
    Operation.IDENTIFY: COMMON | {REFERENCE_ID, REFERENCE_URL, FLAGS, GALLERY},
    Operation.DELETE: COMMON | {REFERENCE_ID},
    Operation.PING: COMMON,
    Operation.PENDING_JOBS: COMMON,
    Operation.REFERENCE_COUNT: COMMON,
}
"""What a request of each kind may say."""
NEEDED: Mapping[Operation, tuple[str, ...]] = {
    Operation.INSERT: (REFERENCE_ID, REFERENCE_URL),
    Operation.DELETE: (REFERENCE_ID,),
}
"""What it must say beside what all do."""
MISSING: Mapping[str, Failure] = {
    REQUEST_ID: Failure.REQUEST_ID_MISSING,
    REQUEST_TIME: Failure.REQUEST_TIME_MISSING,
    REFERENCE_ID: Failure.REFERENCE_ID_MISSING,
    REFERENCE_URL: Failure.REFERENCE_URL_MISSING,
}
LONGEST = 255
_VERSION = re.compile(r"[0-9]+\.[0-9]+")


@dataclass(frozen=True, slots=True)
class MosipRequest:
    """A request. ``among``: the only references to compare with, empty for all. ``most``: candidates, None for any."""

    operation: Operation
    id: str
    reference: str = ""
    url: str = ""
    among: tuple[str, ...] = ()
    most: int | None = None


@dataclass(frozen=True, slots=True)
class MosipRefusal:
    """A request that cannot be done as it is written; ``operation`` and ``id`` as far as it says them."""

    operation: str
    id: str
    failure: Failure


@dataclass(frozen=True, slots=True)
class Result:
    """What an answer says beside that it worked."""

    facts: Mapping[str, Any] = field(default_factory=dict)


def read_request(body: bytes) -> MosipRequest | MosipRefusal | None:
    """The request, or why it cannot be done; None for what is no message of this interface at all."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict):
        return None
    refusal = _refused(said)
    if refusal is not None:
        return MosipRefusal(_text(said, ID), _text(said, REQUEST_ID), refusal)
    among, most = _among(said), _most(said)
    if among is None or most == 0:
        return MosipRefusal(_text(said, ID), _text(said, REQUEST_ID), Failure.REQUEST_INVALID)
    operation = Operation(said[ID])
    return MosipRequest(operation, said[REQUEST_ID], _text(said, REFERENCE_ID), _text(said, REFERENCE_URL), among, most)


def written(operation: str, request: str, outcome: Result | Failure) -> bytes:
    """The answer."""
    moment = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    said: dict[str, Any] = {ID: operation, REQUEST_ID: request, "responsetime": moment}
    if isinstance(outcome, Failure):
        said |= {"returnValue": FAILED, "failureReason": outcome.value}
    else:
        said |= {**outcome.facts, "returnValue": SUCCEEDED}
    return json.dumps(said, separators=(",", ":")).encode()


def _refused(said: Mapping[str, Any]) -> Failure | None:
    """The first thing that is wrong: what it is, what is missing, what cannot be read, what nobody knows."""
    if _text(said, ID) not in set(Operation):
        return Failure.ID_INVALID
    operation = Operation(said[ID])
    for key in (REQUEST_ID, REQUEST_TIME, *NEEDED.get(operation, ())):
        if not said.get(key):
            return MISSING[key]
    if operation is Operation.IDENTIFY and not (said.get(REFERENCE_ID) or said.get(REFERENCE_URL)):
        return Failure.REFERENCE_ID_MISSING
    return _malformed(operation, said)


def _malformed(operation: Operation, said: Mapping[str, Any]) -> Failure | None:
    if not _VERSION.fullmatch(_text(said, VERSION)):
        return Failure.VERSION_INVALID
    if not _is_moment(_text(said, REQUEST_TIME)):
        return Failure.REQUEST_TIME_INVALID
    names = (REQUEST_ID, REFERENCE_ID)
    if any(said.get(name) and not _is_name(said[name]) for name in names) or not said.keys() <= KEYS[operation]:
        return Failure.REQUEST_INVALID
    return None


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _is_name(value: object) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST and value.isprintable() and value == value.strip()


def _text(said: Mapping[str, Any], key: str) -> str:
    value = said.get(key)
    return value if isinstance(value, str) else ""


def _among(said: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The references of the gallery; None where it is written in another way."""
    try:
        return tuple(str(each[REFERENCE_ID]) for each in (said.get(GALLERY) or {}).get("referenceIds") or ())
    except (AttributeError, KeyError, TypeError):
        return None


def _most(said: Mapping[str, Any]) -> int | None:
    """How many candidates are wanted; 0 where that is no number of any."""
    try:
        wanted = (said.get(FLAGS) or {}).get("maxResults")
        return None if wanted is None else max(int(wanted), 0)
    except (AttributeError, TypeError, ValueError, OverflowError):
        return 0
