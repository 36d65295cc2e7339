"""Faults: one exception type with a closed set of codes, each saying what to do next.

Expected outcomes (low quality, nobody found, a failure to extract) are values in ``vocabulary``; what is raised
here is a fault of the caller, of the deployment or of this service. Only ``api/errors.py`` knows their HTTP status.
"""

from collections.abc import Mapping
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

MEANINGS: Mapping[ErrorCode, str] = {
    ErrorCode.IMAGE_UNREADABLE: "The file is not an image in a format that is read.",
    ErrorCode.IMAGE_TRUNCATED: "The image ends before all of its pixels are there.",
    ErrorCode.IMAGE_TOO_LARGE: "The image has more bytes or pixels than the settings allow, or is larger than a slap.",
    ErrorCode.IMAGE_EMPTY: "The file has no bytes, or the image no pixels.",
    ErrorCode.IMAGE_ANIMATED: "The file holds more than one picture.",
    ErrorCode.RESOLUTION_UNUSABLE: "The resolution given for a fingerprint is not between 250 and 1000 dpi.",
    ErrorCode.TEMPLATE_INVALID: "A template is damaged or holds numbers that it cannot hold.",
    ErrorCode.TEMPLATE_VERSION_MISMATCH: "Templates of different models or versions were to be compared.",
    ErrorCode.REQUEST_INVALID: "The request does not say what it must, or not in the form that is asked for.",
    ErrorCode.REQUEST_TOO_LARGE: "The request has more bytes or images than are taken at once.",
    ErrorCode.SUBJECT_UNKNOWN: "Nobody is enrolled under this id in the gallery.",
    ErrorCode.SUBJECT_EXISTS: "Somebody is enrolled under this id already.",
    ErrorCode.SUBJECT_MERGED: "The subject was merged into another, which the message names.",
    ErrorCode.ENCOUNTER_UNKNOWN: "The subject has no encounter with this id.",
    ErrorCode.ENCOUNTER_EXISTS: "The subject has an encounter with this id already.",
    ErrorCode.VERSION_MISMATCH: "The record was changed since the caller read it; nothing was written.",
    ErrorCode.IDEMPOTENCY_KEY_IN_USE: "The first request under this idempotency key is still being worked on.",
    ErrorCode.IDEMPOTENCY_KEY_REUSED: "Another request was made under this idempotency key.",
    ErrorCode.GALLERY_UNKNOWN: "There is no gallery of this name.",
    ErrorCode.GALLERY_EXISTS: "There is a gallery of this name already.",
    ErrorCode.GALLERY_NOT_EMPTY: "Somebody is enrolled in the gallery.",
    ErrorCode.DEVICE_UNKNOWN: "No device is registered under this id.",
    ErrorCode.DEVICE_EXISTS: "A device is registered under this id or with this certificate already.",
    ErrorCode.SEARCH_INCOMPLETE: "A part of the gallery could not be searched, so nothing follows from finding nobody.",
    ErrorCode.SAMPLES_UNUSABLE: "Nothing that was captured can be compared; the message says what to do better.",
    ErrorCode.TASK_UNKNOWN: "There is no task with this id, or its result is no longer kept.",
    ErrorCode.SUBSCRIPTION_UNKNOWN: "There is no subscription with this id in the galleries that the caller reaches.",
    ErrorCode.CHALLENGE_INVALID: "The challenge is not ours, expired, answered already, or was given to somebody else.",
    ErrorCode.CASE_UNKNOWN: "There is no such case of adjudication in the galleries that the caller reaches.",
    ErrorCode.CASE_CONFLICT: "What was asked does not fit the case: closed, judged already, or not for this reviewer.",
    ErrorCode.PLACE_UNKNOWN: "There is no zone or post of this name.",
    ErrorCode.PLACE_CONFLICT: "What was asked does not fit the zones and posts as they are.",
    ErrorCode.ORDER_UNKNOWN: "There is no such movement order in the galleries that the caller reaches.",
    ErrorCode.MANUAL_CHECK_UNKNOWN: "There is no such manual check in the galleries that the caller reaches.",
    ErrorCode.MANUAL_CHECK_CONFLICT: "The manual check is over, confirmed already, or not for this officer to confirm.",
    ErrorCode.MUSTER_UNKNOWN: "There is no such muster in the galleries that the caller reaches.",
    ErrorCode.MUSTER_CONFLICT: "The muster is closed, or another one of the same people is open.",
    ErrorCode.RELEASE_UNKNOWN: "There is no such release in the galleries that the caller reaches.",
    ErrorCode.RELEASE_REQUIRED: "Somebody who is inside would be let go, or lost with the record: open a release.",
    ErrorCode.RELEASE_CONFLICT: "The release is over, something stands against it, or this officer may not confirm it.",
    ErrorCode.VISIT_UNKNOWN: "There is no such visit in the galleries that the caller reaches.",
    ErrorCode.VISIT_CONFLICT: "The visitor has left already, or is in already.",
    ErrorCode.TRANSACTION_UNKNOWN: "No transaction is held under this id, or it is settled.",
    ErrorCode.TRANSACTION_UNREADABLE: "The file is no ANSI/NIST-ITL transaction that is read; the message says why.",
    ErrorCode.LATENT_UNKNOWN: "No latent is kept under this id.",
    ErrorCode.LATENT_NOT_MARKED: "The latent is searched only once an examiner has marked it.",
    ErrorCode.RECORD_UNREADABLE: "A CBEFF or ISO/IEC record is damaged, or of an edition or kind that is not read.",
    ErrorCode.AGREEMENT_UNKNOWN: "There is no sharing agreement with this id.",
    ErrorCode.DISCLOSURE_UNKNOWN: "There is no disclosure with this id, or it is not for the caller.",
    ErrorCode.AGENCY_REQUEST_UNKNOWN: "There is no request of an agency with this id, or it is not the caller's.",
    ErrorCode.SHARING_REFUSED: "No sharing agreement in force allows what was asked.",
    ErrorCode.SHARING_CONFLICT: "What was asked does not fit the agreement or disclosure, such as one that ended.",
    ErrorCode.MESSAGE_REFUSED: "What another agency sent does not open, or is not signed by it as it stands.",
    ErrorCode.DELIVERY_FAILED: "Another agency's system did not take what was sent to it, or signed for another thing.",
    ErrorCode.STATISTICS_REFUSED: "The month is not over, or publishing it would spend more privacy than is allowed.",
    ErrorCode.STATISTICS_UNKNOWN: "No statistics were published for this month.",
    ErrorCode.INTAKE_UNKNOWN: "There is no such intake in the galleries that the caller reaches, or its time is over.",
    ErrorCode.INTAKE_CLOSED: "The intake is complete or refused, or not ready for what was asked.",
    ErrorCode.CARD_INVALID: "The code is of no card that is in force.",
    ErrorCode.MODALITY_UNAVAILABLE: "The service runs without a model for this modality.",
    ErrorCode.URL_REFUSED: "A URL in the request is not one that the service may ask.",
    ErrorCode.URL_UNREACHABLE: "A URL in the request gave no answer that could be used in time.",
    ErrorCode.NOT_AUTHENTICATED: "The request carries no key, token or certificate, or one that is not in force.",
    ErrorCode.NOT_AUTHORISED: "The caller does not reach this operation, gallery or purpose.",
    ErrorCode.RATE_LIMITED: "The service is busy; the answer says when to try again.",
    ErrorCode.TIMED_OUT: "The work took longer than a request may.",
    ErrorCode.KEY_WRONG: "The master key is not the one that the store was made with.",
    ErrorCode.KEY_UNUSABLE: "The master key is missing, malformed, or its file can be read by others.",
    ErrorCode.RECORD_TAMPERED: "An encrypted record was changed or moved and does not open.",
    ErrorCode.RECORD_REPLAYED: "A record that was erased or replaced was put back into the database.",
    ErrorCode.RIGHTS_REPLAYED: "API keys or devices in the database are not as they were last written.",
    ErrorCode.AUDIT_CHAIN_BROKEN: "The audit log was changed, cut or reordered; the message names the first event.",
    ErrorCode.AUDIT_ROLLED_BACK: "The audit log does not go on from the head that was kept outside.",
    ErrorCode.SIGNATURE_INVALID: "A signed statement was changed, or is none.",
    ErrorCode.FRAME_UNSIGNED: "An image is not signed by a registered scanner, which this purpose or post demands.",
    ErrorCode.FRAME_UNTRUSTED: "The signature of an image is not one of a scanner in force over just these pixels.",
    ErrorCode.FRAME_STALE: "A signed image was captured too long ago, or in the future.",
    ErrorCode.FRAME_REPLAYED: "A signed image was used for the same before.",
    ErrorCode.SLICE_UNTRUSTED: "A slice of the gallery was not signed by the service, or not sealed for this device.",
    ErrorCode.SLICE_ROLLED_BACK: "A slice of the gallery is older than the one held, or does not go on from it.",
    ErrorCode.SLICE_EXPIRED: "There is no slice of the gallery here that still holds, so nothing can be decided on it.",
    ErrorCode.SLICE_INVALID: "A slice of the gallery cannot be read, or was made for other models than are here.",
    ErrorCode.DEVICE_REVOKED: "The service revoked this device: what it held of the gallery is wiped.",
    ErrorCode.BACKUP_DAMAGED: "A backup was changed or is not whole.",
    ErrorCode.STORE_UNAVAILABLE: "The database cannot be reached, or the connection to it broke.",
    ErrorCode.STORE_FULL: "The database's disk is full.",
    ErrorCode.STORE_READ_ONLY: "The database takes no writes: its disk or it is read-only, or rights are missing.",
    ErrorCode.STORE_BUSY: "Other writers or enrolments took too long, or all connections are in use.",
    ErrorCode.STORE_DAMAGED: "The database's file is damaged, or is no database.",
    ErrorCode.STORE_CONFLICT: "Somebody else changed the same record at the same time.",
    ErrorCode.INDEX_UNAVAILABLE: "The process that holds the galleries does not answer.",
    ErrorCode.MODEL_UNAVAILABLE: "The weights of a model cannot be had from any of its sources.",
    ErrorCode.MODEL_HASH_MISMATCH: "The weights of a model are not those that its manifest names.",
    ErrorCode.MODEL_INVALID: "A manifest is wrong, or contradicts the model that it describes.",
    ErrorCode.MODELS_DIFFER: "The model that is loaded is not the one whose templates are searched.",
    ErrorCode.SETTINGS_INVALID: "A setting is wrong.",
    ErrorCode.DEVICE_FAILED: "A capture device could not do what it was asked.",
    ErrorCode.INTERNAL: "A fault that nobody foresaw; the log has it under the id of the request.",
}


class BiometricServiceError(Exception):
    """A fault with a stable code, one sentence on what is wrong and one on what to do about it.

    ``retry_after_s``: when it is worth trying again, where that is known. Neither sentence may hold biometric data,
    secrets or machine paths of other people's files: both go on the wire.
    """

    def __init__(self, code: ErrorCode, message: str, action: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.action = action
        self.retry_after_s = retry_after_s

    def __str__(self) -> str:
        return f"{self.code.value}: {self.message} {self.action}"
