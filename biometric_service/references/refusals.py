"""What the store refuses, said once: unknown and taken names, and names that are none."""

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.models import LONGEST_NAME
from biometric_service.vocabulary.references import ALL_GALLERIES, GalleryId, SubjectId


def check_name(name: str, what: str) -> None:
    """REQUEST_INVALID for a name that is empty, too long, padded or not printable."""
    if not (0 < len(name) <= LONGEST_NAME and name.isprintable() and name == name.strip()):
        action = f"Give 1 to {LONGEST_NAME} printable characters with no blank at either end."
        raise BiometricServiceError(ErrorCode.REQUEST_INVALID, f"The {what} is not usable as one.", action)


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
