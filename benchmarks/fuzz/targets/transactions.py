"""ANSI/NIST-ITL transactions: read, taken apart into a person, and where that is refused, held in a real quarantine.

``BIOMETRIC_FUZZ_TALLY``: file that a line of JSON is put into for every thousand inputs: how many were read, held and
by which reason, and the memory of the process.
"""

import atexit
import json
import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from uuid import uuid4

import numpy as np

from benchmarks.fuzz.target import Target
from biometric_service.audit.log import ChainedLog
from biometric_service.capture.files import ImageLimits
from biometric_service.interchange.exchange import ExchangeRules
from biometric_service.interchange.itl.characters import UNICODE
from biometric_service.interchange.itl.limits import RecordLimits
from biometric_service.interchange.itl.message import Header, Message
from biometric_service.interchange.itl.person import Person, person_of
from biometric_service.interchange.itl.profile import load_profile
from biometric_service.interchange.itl.reading import read_message
from biometric_service.interchange.itl.writing import (
    ImageFacts,
    Payload,
    absent_record,
    binary_finger_record,
    compose,
    face_record,
    finger_record,
    text_record,
)
from biometric_service.interchange.latents import latents_of
from biometric_service.references.held_transactions import SqlQuarantineStore
from biometric_service.references.master_keys import KeyFromEnvironment
from biometric_service.references.opening import open_store
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.samples import FingerPosition
from biometric_service.vocabulary.transactions import Hold, NewHold, Refusal
from device_drivers.records.transactions import Record

LIMITS = RecordLimits(max_bytes=100_000, max_records=40, max_pixels=1_000_000, max_all_pixels=2_000_000)
RULES = ExchangeRules(LIMITS, ImageLimits(100_000, 1_000_000), "FUZZING")
PROFILE = load_profile("belize")
LATER = datetime(2100, 1, 1, tzinfo=UTC)
KEPT, EVERY = 1000, 1000
TALLY_FILE = "BIOMETRIC_FUZZ_TALLY"
TALLY: Counter[str] = Counter()


def exercise(data: bytes) -> None:
    """A message is written back byte for byte; what is refused is held and comes out of quarantine as it went in."""
    message = read_message(data, LIMITS, PROFILE.sets)
    found: object = message
    if isinstance(message, Message):
        assert message.encoded() == data
        found = PROFILE.unfit(message.header) or person_of(message, PROFILE, RULES.image_limits)
        if isinstance(found, Person):
            assert len({each.position for each in found.images if each.position}) <= len(FingerPosition)
            found = latents_of(message, RULES)
    if isinstance(found, Refusal):
        _hold(data, found)
    _count(found)


def seeds() -> Iterator[bytes]:
    """Cards in Type-14 and Type-4, a mugshot, a latent, an exception; each alone and all together."""
    fields = [(3, (("BZ-1",),)), (10, (("Núñez", "Ana"),)), (12, (("19900102",),)), (13, (("F",),))]
    said, records = text_record(2, 0, fields, UNICODE), _records()
    for each in ([], *([record] for record in records), records):
        yield compose(_header(), UNICODE, [said, *each], "20260304050607Z").encoded()


def _records() -> list[Record]:
    pixels = (128 + 90 * np.sin(np.add.outer(np.arange(20), np.arange(16)) / 1.5)).astype(np.uint8)
    raw = Payload(pixels.tobytes(), "NONE", 16, 20, 500.0)
    face = Payload(np.repeat(pixels[:, :, None], 3, 2).tobytes(), "NONE", 16, 20, None)
    return [
        finger_record(_facts(1), raw, [2], impression=3),
        binary_finger_record(2, 3, raw, 3),
        face_record(_facts(3), face, "SRGB"),
        finger_record(_facts(4), raw, [7, 8], impression=4, kind=13),
        absent_record(_facts(5), FingerPosition.LEFT_RING, "XX"),
    ]


def _facts(idc: int) -> ImageFacts:
    return ImageFacts(idc, "BZPOLICE", "20260304")


def _header() -> Header:
    return Header("0502", "ENR", "20260304", "BZPRISON", "BZPOLICE", "1", "", "", ("BZ-JUSTICE", "1.0"))


@cache
def _quarantine() -> SqlQuarantineStore:
    folder = tempfile.TemporaryDirectory()
    atexit.register(folder.cleanup)
    url = f"sqlite:///{folder.name}/store.db"
    return open_store(url, KeyFromEnvironment("17" * 32), ChainedLog).quarantine


def _hold(data: bytes, refusal: Refusal) -> None:
    """Held, read back, and every thousandth input all are deleted, so that the disk does not fill."""
    store, event = _quarantine(), _event(EventKind.TRANSACTION_HELD)
    held = store.hold(NewHold(uuid4().hex, data, refusal, "fuzzing", "belize", LATER), event)
    assert store.data(held.id) == data
    assert held.refusal.reason is refusal.reason
    assert refusal.reason in Hold
    TALLY["held"] += 1
    if TALLY["held"] % KEPT == 0:
        assert store.expire(AuditEvent(EventKind.TRANSACTIONS_EXPIRED, LATER, Caller("fuzzing", "fuzzing"))) > 0


def _event(kind: EventKind) -> AuditEvent:
    return AuditEvent(kind, datetime.now(UTC), Caller("fuzzing", "fuzzing"))


def _count(found: object) -> None:
    TALLY["inputs"] += 1
    TALLY[found.reason.value if isinstance(found, Refusal) else "taken"] += 1
    file = os.environ.get(TALLY_FILE)
    if file and TALLY["inputs"] % EVERY == 0:
        with Path(file).open("a", encoding="utf-8") as lines:
            lines.write(json.dumps({"megabytes": megabytes(), **TALLY}) + "\n")


def megabytes() -> float:
    """What the process has in memory now."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


TARGET = Target(exercise, seeds, longest=8192)
