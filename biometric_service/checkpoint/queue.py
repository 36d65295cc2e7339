"""What a checkpoint did and the service has not noted yet: sealed, on disk before the gate opens, told in order.

Beside it lies the mark: the highest number of a slice and the latest moment that were ever seen here, so that neither
an older slice nor a clock that was put back goes unnoticed.
"""

import base64
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from biometric_service.client.outbox import Outbox, Waiting
from biometric_service.durable_files import write
from biometric_service.errors import BiometricServiceError, ErrorCode

LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
_NONCE: Final = 12
_KEY_BYTES: Final = 32
_DRAFT: Final = ".new"


@dataclass(frozen=True, slots=True)
class QueuedEvent:
    """``id``: of the passage or manual check, the same however often it is told. ``body``: as the service takes it."""

    id: str
    path: str
    body: Mapping[str, Any]


class EventQueue:
    """A queue in a file; each event is sealed under the key of this installation (``local_key``)."""

    def __init__(self, file: Path, key: bytes) -> None:
        self._outbox = Outbox(file)
        self._cipher = AESGCM(key)

    def put(self, event: QueuedEvent) -> None:
        """Keep the event; it is on disk once this returns. The same id again changes nothing."""
        nonce = os.urandom(_NONCE)
        plain = json.dumps({"path": event.path, "body": event.body}).encode()
        sealed = nonce + self._cipher.encrypt(nonce, plain, event.id.encode())
        self._outbox.put([Waiting(event.id, base64.b64encode(sealed).decode())])

    def first(self) -> QueuedEvent | None:
        """What has waited longest; RECORD_TAMPERED where it was changed."""
        waiting = self._outbox.first()
        return None if waiting is None else self._read(waiting)

    def pending(self) -> Sequence[QueuedEvent]:
        """All that waits, in order."""
        return [self._read(each) for each in self._outbox.waiting()]

    def set_aside(self) -> Sequence[tuple[QueuedEvent, str]]:
        """All that the service refused, in order, each with the reason."""
        return [(self._read(each), why) for each, why in self._outbox.set_aside()]

    def again(self) -> None:
        """Tell what was refused once more, where what was in its way is mended."""
        self._outbox.again()

    def told(self, event: str) -> None:
        """The service has noted it: what it said is gone from here."""
        self._outbox.sent(event)

    def refused(self, event: str, why: str) -> None:
        """The service will never take it: it stays for somebody to look at."""
        self._outbox.refused(event, why)

    def counts(self) -> Mapping[str, int]:
        """How many are ``waiting``, ``sent`` and ``refused``."""
        return self._outbox.counts()

    def _read(self, waiting: Waiting) -> QueuedEvent:
        said = json.loads(_opened(self._cipher, waiting))
        return QueuedEvent(waiting.id, said["path"], said["body"])


@dataclass(frozen=True, slots=True)
class Mark:
    """``number``: of the newest slice that was ever here. ``seen``: the latest moment. ``service_key``: who signs."""

    number: int = 0
    seen: datetime = LONG_AGO
    service_key: str = ""


class MarkFile:
    """Keeps the mark, sealed; a file that does not open is RECORD_TAMPERED."""

    def __init__(self, file: Path, key: bytes) -> None:
        self._file, self._cipher = file, AESGCM(key)

    def read(self) -> Mark:
        """The mark; an empty one where there never was any."""
        try:
            sealed = self._file.read_bytes()
        except FileNotFoundError:
            return Mark()
        said = json.loads(_plain(self._cipher, sealed, b"mark"))
        return Mark(said["number"], datetime.fromisoformat(said["seen"]), said["service_key"])

    def write(self, mark: Mark) -> None:
        """Put a mark in the place of the one before, whole or not at all."""
        said = {"number": mark.number, "seen": mark.seen.isoformat(), "service_key": mark.service_key}
        nonce = os.urandom(_NONCE)
        sealed = nonce + self._cipher.encrypt(nonce, json.dumps(said).encode(), b"mark")
        write(self._file, sealed, self._file.with_suffix(_DRAFT))


def local_key(file: Path) -> bytes:
    """The key of this installation, made where there is none; SETTINGS_INVALID for a file that is none.

    An empty file is what a power cut left of the making: nothing was sealed by it, and another takes its place. Where
    something was, it does not open any more.
    """
    if not file.exists() or not file.stat().st_size:
        write(file, os.urandom(_KEY_BYTES), file.with_suffix(_DRAFT))
    key = file.read_bytes()
    if len(key) != _KEY_BYTES:
        raise BiometricServiceError(
            ErrorCode.SETTINGS_INVALID, f"{file.name} is not the key of a checkpoint.", "Put the right file back."
        )
    return key


def _opened(cipher: AESGCM, waiting: Waiting) -> bytes:
    return _plain(cipher, base64.b64decode(waiting.content), waiting.id.encode())


def _plain(cipher: AESGCM, sealed: bytes, label: bytes) -> bytes:
    try:
        return cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], label)
    except (InvalidTag, ValueError):
        raise BiometricServiceError(
            ErrorCode.RECORD_TAMPERED,
            "What lies on the disk of this checkpoint was changed.",
            "Keep the disk as evidence, and set the checkpoint up anew.",
        ) from None
