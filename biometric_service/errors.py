"""Faults: one exception type with a closed set of codes, each saying what to do next.

Expected outcomes (low quality, nobody found, a failure to extract) are values in ``vocabulary``; what is raised
here is a fault of the caller, of the deployment or of this service. Only ``api/errors.py`` knows their HTTP status.
"""

from enum import StrEnum


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
    GALLERY_UNKNOWN = "gallery_unknown"
    GALLERY_EXISTS = "gallery_exists"
    MODALITY_UNAVAILABLE = "modality_unavailable"
    NOT_AUTHENTICATED = "not_authenticated"
    NOT_AUTHORISED = "not_authorised"
    RATE_LIMITED = "rate_limited"
    TIMED_OUT = "timed_out"
    KEY_WRONG = "key_wrong"
    KEY_UNUSABLE = "key_unusable"
    RECORD_TAMPERED = "record_tampered"
    AUDIT_CHAIN_BROKEN = "audit_chain_broken"
    STORE_UNAVAILABLE = "store_unavailable"
    STORE_CONFLICT = "store_conflict"
    MODEL_UNAVAILABLE = "model_unavailable"
    MODEL_HASH_MISMATCH = "model_hash_mismatch"
    MODEL_INVALID = "model_invalid"
    SETTINGS_INVALID = "settings_invalid"
    DEVICE_FAILED = "device_failed"
    INTERNAL = "internal"


class BiometricServiceError(Exception):
    """A fault with a stable code, one sentence on what is wrong and one on what to do about it.

    Neither sentence may hold biometric data, secrets or machine paths of other people's files: both go on the wire.
    """

    def __init__(self, code: ErrorCode, message: str, action: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.action = action

    def __str__(self) -> str:
        return f"{self.code.value}: {self.message} {self.action}"
