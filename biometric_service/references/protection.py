"""Envelope encryption: blobs under a data key a subject, data keys under the store key, that under the master key.

AES-256-GCM throughout (NIST SP 800-38D), a random 96-bit nonce before each ciphertext. The additional data of every
blob says what it is, which row it belongs to and whose it is, so that a blob that was moved does not open. What is
protected against whom is told in docs/adr/0004.
"""

import os
from typing import Final, NewType, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.references import SubjectId

Binding = NewType("Binding", bytes)
"""Additional data of a blob."""

KEY_BYTES: Final = 32
KEY_ID_BYTES: Final = 8
SEALED_KEY_BYTES: Final = 60
_NONCE_BYTES: Final = 12
_STORE_KEY: Final = Binding(b"store-key")
_SNAPSHOT_KEY: Final = Binding(b"snapshot-key")


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
            raise tampered() from None


class Wrapping(Protocol):
    """Seals and opens a short secret; a ``DataKey`` in this process, or a key that never leaves its token."""

    def seal(self, plain: bytes, binding: Binding) -> bytes:
        """Nonce, ciphertext and tag."""

    def open(self, sealed: bytes, binding: Binding) -> bytes:
        """What was sealed; RECORD_TAMPERED where a bit differs."""


class ChunkKey:
    """Seals chunks of what is kept outside the database; safe in threads.

    ``label``: what a chunk is and where it belongs, the whole of the additional data.
    """

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESGCM(secret)

    def seal(self, plain: memoryview, label: bytes) -> bytes:
        """Nonce, ciphertext and tag: 28 bytes more than what is sealed."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, label)

    def open_into(self, sealed: memoryview, label: bytes, room: memoryview) -> None:
        """Open into ``room``, 28 bytes shorter than ``sealed``; RECORD_TAMPERED where a bit or the label differs."""
        try:
            self._cipher.decrypt_into(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], label, room)
        except (InvalidTag, ValueError):
            raise tampered() from None


class MasterKey:
    """The key that the deployer keeps; it opens the store key and nothing else, so that changing it is one write.

    ``check``: 32 bytes that tell this key from any other and nothing more.
    """

    def __init__(self, check: bytes, wrapping: Wrapping) -> None:
        self.check = check
        self._wrapping = wrapping

    @classmethod
    def of(cls, secret: bytes) -> "MasterKey":
        """The master key made of 32 secret bytes that this process holds."""
        return cls(_derived(secret, "check"), DataKey(_derived(secret, "store key")))

    def new_store_key(self) -> bytes:
        """A fresh store key, wrapped."""
        return self._wrapped(AESGCM.generate_key(8 * KEY_BYTES))

    def store_key(self, wrapped: bytes) -> "StoreKey":
        """The store key; RECORD_TAMPERED where it does not open."""
        return StoreKey(self._secret(wrapped))

    def rewrapped(self, wrapped: bytes, new: "MasterKey") -> bytes:
        """The same store key, wrapped by another master key."""
        return new._wrapped(self._secret(wrapped))  # noqa: SLF001

    def _wrapped(self, secret: bytes) -> bytes:
        return StoreKey(secret).id + self._wrapping.seal(secret, _STORE_KEY)

    def _secret(self, wrapped: bytes) -> bytes:
        return self._wrapping.open(wrapped[-SEALED_KEY_BYTES:], _STORE_KEY)


class StoreKey:
    """Wraps data keys; gives the keys derived for other uses (HKDF-SHA256), so that none serves two ends.

    ``id``: 8 bytes before everything that this key wraps. ``audit``: for the MAC over the head of the audit log.
    ``api_keys``, ``devices``: for the seals of either. ``removals``: for the sum over
    what was removed. ``answers``: for what was answered under idempotency keys.
    ``tasks``: for what is asked and answered later. ``cases``: for what people judge. ``day``: for what officers note
    of movements, counts and releases; ``day_rights``: for the seals of posts, orders and releases.
    ``intakes``: for enrolments in the making. ``cards``: for the seals of cards.
    ``callbacks``: for the signatures of deliveries. ``subscriptions``: for the keys that subscriptions are signed with,
    ``subscriptions_seal``: for the seals of their rows.
    ``transactions``: for what other agencies sent.
    ``agreements``: for the seals of agreements. ``sharing``: for what other agencies send, and drafts for them.
    ``statistics``: for the noise of published figures.
    ``backups``: for backups. ``public_key``: 32 bytes, checks what the store signs for third parties (Ed25519).
    """

    def __init__(self, secret: bytes) -> None:
        self.id = _derived(secret, "id")[:KEY_ID_BYTES]
        self.audit = _derived(secret, "audit head")
        self.api_keys = _derived(secret, "api keys")
        self.answers = DataKey(_derived(secret, "answers"))
        self.devices = _derived(secret, "devices")
        self.removals = _derived(secret, "removals")
        self.tasks = DataKey(_derived(secret, "tasks"))
        self.cases = DataKey(_derived(secret, "cases"))
        self.day = DataKey(_derived(secret, "prison's day"))
        self.day_rights = _derived(secret, "rights of the prison's day")
        self.transactions = DataKey(_derived(secret, "transactions"))
        self.intakes = DataKey(_derived(secret, "intakes"))
        self.cards = _derived(secret, "cards")
        self.callbacks = _derived(secret, "callbacks")
        self.subscriptions = DataKey(_derived(secret, "subscriptions"))
        self.subscriptions_seal = _derived(secret, "subscription rows")
        self.agreements = _derived(secret, "agreements")
        self.sharing = DataKey(_derived(secret, "sharing"))
        self.statistics = _derived(secret, "statistics")
        self.backups = _derived(secret, "backups")
        self._signing = Ed25519PrivateKey.from_private_bytes(_derived(secret, "signing"))
        self.public_key = self._signing.public_key().public_bytes_raw()
        self._snapshots = DataKey(_derived(secret, "snapshot keys"))
        self._wrapping = DataKey(_derived(secret, "data keys"))

    def sign(self, text: bytes) -> bytes:
        """The signature, 64 bytes (RFC 8032)."""
        return self._signing.sign(text)

    def new_data_key(self, subject: int, known_as: SubjectId) -> bytes:
        """A fresh data key, wrapped."""
        return self.id + self._wrapping.seal(AESGCM.generate_key(8 * KEY_BYTES), _data_key_binding(subject, known_as))

    def data_key(self, wrapped: bytes, subject: int, known_as: SubjectId) -> DataKey:
        """The subject's data key; RECORD_TAMPERED where it is another's."""
        return DataKey(self._wrapping.open(wrapped[-SEALED_KEY_BYTES:], _data_key_binding(subject, known_as)))

    def new_snapshot_key(self) -> bytes:
        """A fresh key for snapshots of indexes, wrapped."""
        return self.id + self._snapshots.seal(AESGCM.generate_key(8 * KEY_BYTES), _SNAPSHOT_KEY)

    def snapshot_key(self, wrapped: bytes) -> ChunkKey:
        """The key for snapshots of indexes; RECORD_TAMPERED where it does not open."""
        return ChunkKey(self._snapshots.open(wrapped[-SEALED_KEY_BYTES:], _SNAPSHOT_KEY))


def key_id(wrapped: bytes) -> bytes:
    """The id of the store key that is wrapped here or wrapped this; empty in what is older than ids."""
    return wrapped[:-SEALED_KEY_BYTES]


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


def day_binding(table: str, record: str, column: str) -> Binding:
    """Binds what officers noted to its column and row."""
    return Binding(f"day {table} {column} {record}".encode())


def name_binding(encounter: int, subject: int) -> Binding:
    """Binds the name of an encounter to its row and its subject."""
    return Binding(f"name {encounter} {subject}".encode())


def answer_binding(actor: str, key: str) -> Binding:
    """Binds an answer to the idempotency key that it was given under, and to whose that is."""
    return Binding(f"answer {len(actor)} {actor} {key}".encode())


def _data_key_binding(subject: int, known_as: SubjectId) -> Binding:
    return Binding(f"data-key {subject} {known_as}".encode())


def _derived(secret: bytes, use: str) -> bytes:
    return HKDFExpand(SHA256(), KEY_BYTES, f"biometric-service 1 {use}".encode()).derive(secret)


def tampered() -> BiometricServiceError:
    """RECORD_TAMPERED."""
    return BiometricServiceError(
        ErrorCode.RECORD_TAMPERED,
        "A stored record does not belong where it lies, or was changed.",
        "Keep the database as evidence, find out who could write to it, and restore a backup from before.",
    )


def replayed() -> BiometricServiceError:
    """RECORD_REPLAYED."""
    return BiometricServiceError(
        ErrorCode.RECORD_REPLAYED,
        "A record that was erased or replaced is in the database again.",
        "Keep the database as evidence, find out who could write to it, and restore the newest backup.",
    )
