"""The slice on the device's own disk: sealed row by row under a key that only the device's private key opens.

A slice survives a restart here, and what the service takes out of it leaves the disk with the next delta. Every whole
slice is put under a new key. The head closes over the ids of all rows and is signed by the service, so that rows are
neither taken away nor put back; of the file as a whole an older one is told by the ``mark``, as far as that is kept.
"""

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from biometric_service.checkpoint.identity import DeviceIdentity, destroy
from biometric_service.checkpoint.receiving import ReceivedSlice
from biometric_service.errors import BiometricServiceError
from biometric_service.interchange.slices import content as contents
from biometric_service.interchange.slices.envelope import head_of
from biometric_service.interchange.slices.sealing import seal, unseal, untrusted
from biometric_service.vocabulary.references import EncounterStatus, Reference, SubjectId
from biometric_service.vocabulary.slices import WHOLE, SliceContent, SliceHead
from biometric_service.vocabulary.statements import read_statement

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS parts (name TEXT PRIMARY KEY, sealed BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS held (reference INTEGER PRIMARY KEY, sealed BLOB NOT NULL);
"""
_NONCE: Final = 12
_KEY_BITS: Final = 256
_KEY, _HEAD, _REST = "key", "head", "rest"
_WRAPPED: Final = b"key of the slice that is held"


@dataclass(frozen=True, slots=True)
class Vault:
    """``file``: of the slice. SLICE_UNTRUSTED where what lies there is not what was put there."""

    file: Path
    identity: DeviceIdentity

    def keep(self, received: ReceivedSlice) -> None:
        """Put a slice on disk, whole or on top of what is there, in one transaction."""
        with self._opened() as store:
            if received.head.base == WHOLE:
                self._keep_whole(store, received)
            else:
                self._keep_delta(store, received)

    def held(self) -> ReceivedSlice | None:
        """The slice that is there, with its newest head; None where there is none."""
        if not self.file.exists():
            return None
        with self._opened() as store:
            parts = dict(store.execute("SELECT name, sealed FROM parts").fetchall())
            if not parts:
                return None
            return self._read(parts, store.execute("SELECT reference, sealed FROM held ORDER BY reference").fetchall())

    def wipe(self) -> None:
        """Destroy what is there."""
        wipe(self.file)

    def _keep_whole(self, store: sqlite3.Connection, received: ReceivedSlice) -> None:
        secret = AESGCM.generate_key(_KEY_BITS)
        store.execute("DELETE FROM parts")
        store.execute("DELETE FROM held")
        _put(store, _KEY, seal(secret, self.identity.key.public_key(), _WRAPPED))
        cipher = AESGCM(secret)
        _add(store, cipher, received.content.added)
        _close(store, cipher, received, received.content.statuses)

    def _keep_delta(self, store: sqlite3.Connection, received: ReceivedSlice) -> None:
        parts = dict(store.execute("SELECT name, sealed FROM parts").fetchall())
        cipher, said = self._cipher(parts), received.content
        there, _ = _signed(_told(cipher, parts)["statement"])
        if there.change != received.head.base:  # one between them never came onto the disk
            raise _changed()
        statuses = dict(_rest(cipher, parts).statuses)
        for subject in {each.subject for each in said.added}:
            statuses.pop(subject, None)
        store.executemany("DELETE FROM held WHERE reference = ?", [(each,) for each in said.removed])
        _add(store, cipher, said.added)
        _close(store, cipher, received, {**statuses, **said.statuses})

    def _read(self, parts: Mapping[str, bytes], rows: Iterable[tuple[int, bytes]]) -> ReceivedSlice:
        cipher = self._cipher(parts)
        head = _told(cipher, parts)
        added = tuple(_reference(cipher, number, sealed) for number, sealed in rows)
        if head["rows"] != _sum(each.id for each in added):
            raise _changed()
        told, public_key = _signed(head["statement"])
        content = replace(_rest(cipher, parts), added=added)
        return ReceivedSlice(replace(told, base=WHOLE), content, head["statement"], public_key)

    def _cipher(self, parts: Mapping[str, bytes]) -> AESGCM:
        return AESGCM(unseal(parts.get(_KEY, b""), self.identity.key, _WRAPPED))

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """One transaction, on disk at its end; what is deleted is written over."""
        os.close(os.open(self.file, os.O_RDWR | os.O_CREAT, 0o600))
        try:
            with closing(sqlite3.connect(self.file, timeout=30)) as store:
                store.execute("PRAGMA synchronous=FULL")
                store.execute("PRAGMA secure_delete=ON")
                store.executescript(SCHEMA)
                with store:
                    yield store
        except sqlite3.DatabaseError:
            raise _changed() from None


def wipe(file: Path) -> None:
    """Destroy the slice in a file."""
    destroy(file)
    destroy(file.with_name(f"{file.name}-journal"))


def _told(cipher: AESGCM, parts: Mapping[str, bytes]) -> Mapping[str, str]:
    """The head that is there: the statement, and the sum over the rows."""
    head: Mapping[str, str] = json.loads(_opened(cipher, parts.get(_HEAD, b""), _HEAD))
    return head


def _signed(statement: str) -> tuple[SliceHead, str]:
    """The head that a statement tells, and the key that signed it."""
    try:
        signed = read_statement(statement)
        return head_of(signed.fields), signed.public_key
    except (KeyError, ValueError, TypeError, BiometricServiceError):
        raise _changed() from None


def _add(store: sqlite3.Connection, cipher: AESGCM, added: Iterable[Reference]) -> None:
    rows = [(each.id, _sealed(cipher, _alone(each), str(each.id))) for each in added]
    store.executemany("INSERT OR REPLACE INTO held (reference, sealed) VALUES (?, ?)", rows)


def _close(
    store: sqlite3.Connection, cipher: AESGCM, received: ReceivedSlice, statuses: Mapping[SubjectId, EncounterStatus]
) -> None:
    """Write what is not of single references, over all the rows that there are now."""
    numbers = (number for (number,) in store.execute("SELECT reference FROM held ORDER BY reference").fetchall())
    head = {"statement": received.statement, "rows": _sum(numbers)}
    rest = replace(received.content, added=(), removed=(), statuses=statuses)
    _put(store, _HEAD, _sealed(cipher, json.dumps(head).encode(), _HEAD))
    _put(store, _REST, _sealed(cipher, contents.encode(rest), _REST))


def _rest(cipher: AESGCM, parts: Mapping[str, bytes]) -> SliceContent:
    return contents.decode(_opened(cipher, parts.get(_REST, b""), _REST))


def _alone(reference: Reference) -> bytes:
    return contents.encode(SliceContent(frozenset(), (reference,), (), {}, {}))


def _reference(cipher: AESGCM, number: int, sealed: bytes) -> Reference:
    (reference,) = contents.decode(_opened(cipher, sealed, str(number))).added
    if reference.id != number:
        raise _changed()
    return reference


def _put(store: sqlite3.Connection, name: str, sealed: bytes) -> None:
    store.execute("INSERT OR REPLACE INTO parts (name, sealed) VALUES (?, ?)", (name, sealed))


def _sealed(cipher: AESGCM, plain: bytes, label: str) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + cipher.encrypt(nonce, plain, label.encode())


def _opened(cipher: AESGCM, sealed: bytes, label: str) -> bytes:
    try:
        return cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], label.encode())
    except (InvalidTag, ValueError):
        raise _changed() from None


def _sum(numbers: Iterable[int]) -> str:
    return hashlib.sha256(" ".join(map(str, numbers)).encode()).hexdigest()


def _changed() -> BiometricServiceError:
    return untrusted("What lies on the disk of this device is not what was put there.")
