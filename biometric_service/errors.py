"""Faults: one exception type with a closed set of codes, each saying what to do next.

Expected outcomes (low quality, nobody found, a failure to extract) are values in ``vocabulary``; what is raised
here is a fault of the caller, of the deployment or of this service. Only ``api/errors.py`` knows their HTTP status.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Self

from biometric_service.texts.sentences import Sentence
from biometric_service.texts.speaking import ENGLISH, say


class ErrorCode(StrEnum):
    """Every fault the service can report; the value is stable and part of the wire contract."""

    IMAGE_UNREADABLE = "image_unreadable"
    IMAGE_TRUNCATED = "image_truncated"
    IMAGE_TOO_LARGE = "image_too_large"
    IMAGE_EMPTY = "image_empty"
    IMAGE_ANIMATED = "image_animated"
    RESOLUTION_UNUSABLE = "resolution_unusable"
    TEMPLATE_INVALID = "template_invalid"
    TEMPLATE_VERSION_MISMATCH = "template_version_mismatch"
    REQUEST_INVALID = "request_invalid"
    REQUEST_TOO_LARGE = "request_too_large"
    SUBJECT_UNKNOWN = "subject_unknown"
    SUBJECT_EXISTS = "subject_exists"
    SUBJECT_MERGED = "subject_merged"
    ENCOUNTER_UNKNOWN = "encounter_unknown"
    ENCOUNTER_EXISTS = "encounter_exists"
    VERSION_MISMATCH = "version_mismatch"
    IDEMPOTENCY_KEY_IN_USE = "idempotency_key_in_use"
    IDEMPOTENCY_KEY_REUSED = "idempotency_key_reused"
    GALLERY_UNKNOWN = "gallery_unknown"
    GALLERY_EXISTS = "gallery_exists"
    GALLERY_NOT_EMPTY = "gallery_not_empty"
    DEVICE_UNKNOWN = "device_unknown"
    DEVICE_EXISTS = "device_exists"
    SEARCH_INCOMPLETE = "search_incomplete"
    SAMPLES_UNUSABLE = "samples_unusable"
    ENROLMENT_REFUSED = "enrolment_refused"
    TASK_UNKNOWN = "task_unknown"
    SUBSCRIPTION_UNKNOWN = "subscription_unknown"
    CHALLENGE_INVALID = "challenge_invalid"
    CASE_UNKNOWN = "case_unknown"
    CASE_CONFLICT = "case_conflict"
    PLACE_UNKNOWN = "place_unknown"
    PLACE_CONFLICT = "place_conflict"
    ORDER_UNKNOWN = "order_unknown"
    MANUAL_CHECK_UNKNOWN = "manual_check_unknown"
    MANUAL_CHECK_CONFLICT = "manual_check_conflict"
    MUSTER_UNKNOWN = "muster_unknown"
    MUSTER_CONFLICT = "muster_conflict"
    RELEASE_UNKNOWN = "release_unknown"
    RELEASE_CONFLICT = "release_conflict"
    RELEASE_REQUIRED = "release_required"
    VISIT_UNKNOWN = "visit_unknown"
    VISIT_CONFLICT = "visit_conflict"
    TRANSACTION_UNKNOWN = "transaction_unknown"
    TRANSACTION_UNREADABLE = "transaction_unreadable"
    LATENT_UNKNOWN = "latent_unknown"
    LATENT_NOT_MARKED = "latent_not_marked"
    RECORD_UNREADABLE = "record_unreadable"
    AGREEMENT_UNKNOWN = "agreement_unknown"
    DISCLOSURE_UNKNOWN = "disclosure_unknown"
    AGENCY_REQUEST_UNKNOWN = "agency_request_unknown"
    SHARING_REFUSED = "sharing_refused"
    SHARING_CONFLICT = "sharing_conflict"
    MESSAGE_REFUSED = "message_refused"
    DELIVERY_FAILED = "delivery_failed"
    STATISTICS_REFUSED = "statistics_refused"
    STATISTICS_UNKNOWN = "statistics_unknown"
    INTAKE_UNKNOWN = "intake_unknown"
    INTAKE_CLOSED = "intake_closed"
    CARD_INVALID = "card_invalid"
    MODALITY_UNAVAILABLE = "modality_unavailable"
    URL_REFUSED = "url_refused"
    URL_UNREACHABLE = "url_unreachable"
    NOT_AUTHENTICATED = "not_authenticated"
    NOT_AUTHORISED = "not_authorised"
    RATE_LIMITED = "rate_limited"
    TIMED_OUT = "timed_out"
    KEY_WRONG = "key_wrong"
    KEY_UNUSABLE = "key_unusable"
    RECORD_TAMPERED = "record_tampered"
    RECORD_REPLAYED = "record_replayed"
    RIGHTS_REPLAYED = "rights_replayed"
    AUDIT_CHAIN_BROKEN = "audit_chain_broken"
    AUDIT_ROLLED_BACK = "audit_rolled_back"
    SIGNATURE_INVALID = "signature_invalid"
    FRAME_UNSIGNED = "frame_unsigned"
    FRAME_UNTRUSTED = "frame_untrusted"
    FRAME_STALE = "frame_stale"
    FRAME_REPLAYED = "frame_replayed"
    SLICE_UNTRUSTED = "slice_untrusted"
    SLICE_ROLLED_BACK = "slice_rolled_back"
    SLICE_EXPIRED = "slice_expired"
    SLICE_INVALID = "slice_invalid"
    DEVICE_REVOKED = "device_revoked"
    BACKUP_DAMAGED = "backup_damaged"
    STORE_UNAVAILABLE = "store_unavailable"
    STORE_FULL = "store_full"
    STORE_READ_ONLY = "store_read_only"
    STORE_BUSY = "store_busy"
    STORE_DAMAGED = "store_damaged"
    STORE_CONFLICT = "store_conflict"
    INDEX_UNAVAILABLE = "index_unavailable"
    MODEL_UNAVAILABLE = "model_unavailable"
    MODEL_HASH_MISMATCH = "model_hash_mismatch"
    MODEL_INVALID = "model_invalid"
    MODELS_DIFFER = "models_differ"
    SETTINGS_INVALID = "settings_invalid"
    DEVICE_FAILED = "device_failed"
    INTERNAL = "internal"


FAULTS_OF_AN_IMAGE = frozenset(
    {
        ErrorCode.IMAGE_UNREADABLE,
        ErrorCode.IMAGE_TRUNCATED,
        ErrorCode.IMAGE_TOO_LARGE,
        ErrorCode.IMAGE_EMPTY,
        ErrorCode.IMAGE_ANIMATED,
        ErrorCode.RESOLUTION_UNUSABLE,
    }
)
"""Faults that another image need not have."""

MEANINGS: Mapping[ErrorCode, str] = {each: say(ENGLISH, f"faults.{each.value}.what") for each in ErrorCode}
"""What each is, in English."""


class BiometricServiceError(Exception):
    """A fault with a stable code, one sentence on what is wrong and one on what to do about it.

    ``retry_after_s``: when it is worth trying again, where that is known. Neither sentence may hold biometric data,
    secrets or machine paths of other people's files: both go on the wire. Words in English alone are said in other
    languages by the code, ``faults.<code>.what`` and ``.do`` of the texts.
    """

    def __init__(
        self, code: ErrorCode, message: str | Sentence, action: str | Sentence, retry_after_s: float | None = None
    ) -> None:
        super().__init__(str(message))
        self.code = code
        self.what = _sentence(f"faults.{code.value}.what", message)
        self.do = _sentence(f"faults.{code.value}.do", action)
        self.retry_after_s = retry_after_s

    @classmethod
    def of(cls, code: ErrorCode, case: str, /, **values: object) -> Self:
        """The fault with the sentences of a case of the code, ``faults.<code>.<case>.what`` and ``.do``."""
        name = f"faults.{code.value}.{case}"
        return cls(code, Sentence(f"{name}.what", values), Sentence(f"{name}.do", values))

    @property
    def message(self) -> str:
        """What is wrong, in English."""
        return str(self.what)

    @property
    def action(self) -> str:
        """What to do about it, in English."""
        return str(self.do)

    def __str__(self) -> str:
        return f"{self.code.value}: {self.message} {self.action}"


def _sentence(name: str, words: str | Sentence) -> Sentence:
    return words if isinstance(words, Sentence) else Sentence(name, english=words)
