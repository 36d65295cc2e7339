"""Envelope encryption: blobs under a data key a subject, data keys under the store key, that under the master key.

AES-256-GCM throughout (NIST SP 800-38D), a random 96-bit nonce before each ciphertext. The additional data of every
blob says what it is, which row it belongs to and whose it is, so that a blob that was moved does not open. What is
protected against whom is told in docs/adr/0004.
"""

import os
from typing import Final, NewType

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.references import SubjectId

Binding = NewType("Binding", bytes)
"""Additional data of a blob."""

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_STORE_KEY: Final = Binding(b"store-key")


class DataKey:
    """Seals and opens the blobs of one subject; safe in threads."""

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESGCM(secret)

    def seal(self, plain: bytes, binding: Binding) -> bytes:
        """Nonce, ciphertext and tag: 28 bytes more than what is sealed."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, binding)

    def open(self, sealed: bytes, binding: Binding) -> bytes:
        """What was sealed; RECORD_TAMPERED where a bit differs or the blob belongs elsewhere."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], binding)
        except (InvalidTag, ValueError, TypeError):
            raise _tampered() from None


class MasterKey:
    """The key that the deployer keeps; it opens the store key and nothing else, so that changing it is one write.

    ``check``: 32 bytes that tell this key from any other and nothing more.
    """

    def __init__(self, secret: bytes) -> None:
        self.check = _derived(secret, "check")
        self._wrapping = DataKey(_derived(secret, "store key"))

    def new_store_key(self) -> bytes:
        """A fresh store key, wrapped."""
        return self._wrapping.seal(AESGCM.generate_key(8 * KEY_BYTES), _STORE_KEY)

    def store_key(self, wrapped: bytes) -> "StoreKey":
        """The store key; RECORD_TAMPERED where it does not open."""
        return StoreKey(self._wrapping.open(wrapped, _STORE_KEY))

    def rewrapped(self, wrapped: bytes, new: "MasterKey") -> bytes:
        """The same store key, wrapped by another master key."""
        return new._wrapping.seal(self._wrapping.open(wrapped, _STORE_KEY), _STORE_KEY)  # noqa: SLF001


class StoreKey:
    """Wraps data keys; gives the keys derived for other uses (HKDF-SHA256), so that none serves two ends.

    ``audit``: for the MAC over the head of the audit log. ``api_keys``, ``devices``: for the
    seals of either. ``answers``: for what was answered under idempotency keys.
    """

    def __init__(self, secret: bytes) -> None:
        self.audit = _derived(secret, "audit head")
        self.api_keys = _derived(secret, "api keys")
        self.answers = DataKey(_derived(secret, "answers"))
        self.devices = _derived(secret, "devices")
        self._wrapping = DataKey(_derived(secret, "data keys"))

    def new_data_key(self, subject: int, known_as: SubjectId) -> bytes:
        """A fresh data key, wrapped."""
        return self._wrapping.seal(AESGCM.generate_key(8 * KEY_BYTES), _data_key_binding(subject, known_as))

    def data_key(self, wrapped: bytes, subject: int, known_as: SubjectId) -> DataKey:
        """The subject's data key; RECORD_TAMPERED where it is another's."""
        return DataKey(self._wrapping.open(wrapped, _data_key_binding(subject, known_as)))


def template_binding(template: int, sample: int, subject: int, form: str) -> Binding:
    """Binds a template to its row, the sample it was made of, its subject and its format."""
    return Binding(f"template {template} {sample} {subject} {form}".encode())


def image_binding(sample: int, encounter: int, subject: int) -> Binding:
    """Binds an image to its row, its encounter and its subject."""
    return Binding(f"image {sample} {encounter} {subject}".encode())


def notes_binding(sample: int, encounter: int, subject: int) -> Binding:
    """Binds what was noted of a sample to its row, its encounter and its subject."""
    return Binding(f"notes {sample} {encounter} {subject}".encode())


def details_binding(encounter: int, subject: int) -> Binding:
    """Binds what is known of a person at an encounter to its row and its subject."""
    return Binding(f"details {encounter} {subject}".encode())


def answer_binding(actor: str, key: str) -> Binding:
    """Binds an answer to the idempotency key that it was given under, and to whose that is."""
    return Binding(f"answer {len(actor)} {actor} {key}".encode())


def _data_key_binding(subject: int, known_as: SubjectId) -> Binding:
    return Binding(f"data-key {subject} {known_as}".encode())


def _derived(secret: bytes, use: str) -> bytes:
    return HKDFExpand(SHA256(), KEY_BYTES, f"biometric-service 1 {use}".encode()).derive(secret)


def _tampered() -> BiometricServiceError:
    return BiometricServiceError(
        ErrorCode.RECORD_TAMPERED,
        "A stored record does not belong where it lies, or was changed.",
        "Keep the database as evidence, find out who could write to it, and restore a backup from before.",
    )
