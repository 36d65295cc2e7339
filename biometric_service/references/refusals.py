"""What the store refuses, said once: unknown and taken names, and names that are none."""

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.models import LONGEST_NAME
from biometric_service.vocabulary.references import ALL_GALLERIES, EncounterKey, GalleryId, Guard, SubjectId


def is_name(name: str) -> bool:
    """Whether a name is neither empty nor too long nor padded, and printable."""
    return 0 < len(name) <= LONGEST_NAME and name.isprintable() and name == name.strip()


def check_name(name: str, what: str) -> None:
    """REQUEST_INVALID for a name that is none."""
    if not is_name(name):
        action = f"Give 1 to {LONGEST_NAME} printable characters with no blank at either end."
        raise BiometricServiceError(ErrorCode.REQUEST_INVALID, f"The {what} is not usable as one.", action)


def check_officer(officer: str) -> None:
    """REQUEST_INVALID for what nobody can be called who answers for a key: lists of officers have blanks between."""
    check_name(officer, "owner of the API key")
    if any(each.isspace() for each in officer):
        action = "Give the staff number, or another name without blanks that the person has for good."
        raise BiometricServiceError(ErrorCode.REQUEST_INVALID, "The owner of an API key has no blanks.", action)


def check_gallery_name(gallery: GalleryId) -> None:
    """REQUEST_INVALID for a name that no gallery can have."""
    check_name(gallery, "name of the gallery")
    if gallery == ALL_GALLERIES:
        message, action = "The gallery name ALL is reserved.", "Give it another name: ALL means every gallery."
        raise BiometricServiceError(ErrorCode.REQUEST_INVALID, message, action)


def gallery_unknown(gallery: GalleryId) -> BiometricServiceError:
    """GALLERY_UNKNOWN."""
    return BiometricServiceError(
        ErrorCode.GALLERY_UNKNOWN, f"There is no gallery {gallery!r}.", "Check its name, or create it first."
    )


def gallery_taken(gallery: GalleryId) -> BiometricServiceError:
    """GALLERY_EXISTS."""
    return BiometricServiceError(
        ErrorCode.GALLERY_EXISTS, f"There is a gallery {gallery!r} already.", "Use it, or give another name."
    )


def gallery_not_empty(gallery: GalleryId) -> BiometricServiceError:
    """GALLERY_NOT_EMPTY."""
    return BiometricServiceError(
        ErrorCode.GALLERY_NOT_EMPTY,
        f"Somebody is enrolled in gallery {gallery!r}.",
        "Move or erase its subjects first.",
    )


def task_unknown() -> BiometricServiceError:
    """TASK_UNKNOWN."""
    return BiometricServiceError(
        ErrorCode.TASK_UNKNOWN, "There is no such task.", "Check its id; results are kept for a time only."
    )


def intake_unknown() -> BiometricServiceError:
    """INTAKE_UNKNOWN."""
    return BiometricServiceError(
        ErrorCode.INTAKE_UNKNOWN,
        "There is no such intake, or its time is over.",
        "Open a new one: what was captured in an intake that is over is destroyed.",
    )


def nothing_captured(place: str) -> BiometricServiceError:
    """REQUEST_INVALID for a place of an intake where nothing is."""
    return BiometricServiceError(
        ErrorCode.REQUEST_INVALID, f"Nothing was captured as {place!r}.", "Read the intake again."
    )


def card_invalid() -> BiometricServiceError:
    """CARD_INVALID."""
    return BiometricServiceError(
        ErrorCode.CARD_INVALID, "This is no card that is in force.", "Identify the person, and print a new card."
    )


def case_unknown() -> BiometricServiceError:
    """CASE_UNKNOWN."""
    return BiometricServiceError(
        ErrorCode.CASE_UNKNOWN, "There is no such case.", "Check its id; cases of erased subjects are gone."
    )


def transaction_unknown() -> BiometricServiceError:
    """TRANSACTION_UNKNOWN."""
    message, action = "No such transaction is held.", "List what is held (interchange quarantine list)."
    return BiometricServiceError(ErrorCode.TRANSACTION_UNKNOWN, message, action)


def latent_unknown() -> BiometricServiceError:
    """LATENT_UNKNOWN."""
    message, action = "No such latent is kept.", "List the latents (interchange latents list)."
    return BiometricServiceError(ErrorCode.LATENT_UNKNOWN, message, action)


def subject_unknown(subject: SubjectId) -> BiometricServiceError:
    """SUBJECT_UNKNOWN."""
    return BiometricServiceError(
        ErrorCode.SUBJECT_UNKNOWN, f"There is no subject {subject!r}.", "Check the id, or enrol the subject first."
    )


def subject_taken(subject: SubjectId) -> BiometricServiceError:
    """SUBJECT_EXISTS."""
    return BiometricServiceError(
        ErrorCode.SUBJECT_EXISTS,
        f"There is a subject {subject!r} already.",
        "Add an encounter to the subject, or give another id.",
    )


def subject_merged(subject: SubjectId, into: SubjectId) -> BiometricServiceError:
    """SUBJECT_MERGED."""
    return BiometricServiceError.of(ErrorCode.SUBJECT_MERGED, "into", subject=subject, into=into)


def encounter_unknown(key: EncounterKey) -> BiometricServiceError:
    """ENCOUNTER_UNKNOWN."""
    message = f"The subject {key.subject!r} has no encounter {key.encounter!r}."
    return BiometricServiceError(ErrorCode.ENCOUNTER_UNKNOWN, message, "Read the subject's encounters again.")


def encounter_taken(key: EncounterKey) -> BiometricServiceError:
    """ENCOUNTER_EXISTS."""
    message = f"The subject {key.subject!r} has an encounter {key.encounter!r} already."
    return BiometricServiceError(ErrorCode.ENCOUNTER_EXISTS, message, "Give the encounter another id, or replace it.")


def models_switched() -> BiometricServiceError:
    """MODELS_DIFFER for what was read by a model that is not searched any more."""
    return BiometricServiceError(
        ErrorCode.MODELS_DIFFER,
        "The model was switched while this was on its way, and nothing of it was kept.",
        "Send it again once the service has loaded the model that is searched now.",
    )


def require_version(present: int, guard: Guard) -> None:
    """VERSION_MISMATCH where the writer saw another version."""
    if guard.version not in {None, present}:
        raise BiometricServiceError(
            ErrorCode.VERSION_MISMATCH,
            f"It was changed since it was read: this is version {present}, not {guard.version}.",
            "Read it again and decide on what it is now.",
        )


def no_consent(purpose: str) -> BiometricServiceError:
    """REQUEST_INVALID where a consent is to end that is not in force."""
    message = f"There is no consent to {purpose!r} in force."
    return BiometricServiceError(ErrorCode.REQUEST_INVALID, message, "Read the encounter: its consents are there.")
