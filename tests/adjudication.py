"""Cases of adjudication for tests."""

from uuid import uuid4

from biometric_service.vocabulary.adjudication import Likeness, NewCase, Origin, ProbeImage
from biometric_service.vocabulary.candidates import ComparisonScore, PartScore
from biometric_service.vocabulary.references import GalleryId, ReferenceId, SubjectId
from biometric_service.vocabulary.samples import FingerPosition, Modality

THUMB = FingerPosition.RIGHT_THUMB
PART = PartScore(
    Modality.FINGERPRINT,
    THUMB,
    ReferenceId(1),
    ComparisonScore(4.25, 0.5, "cylinder", extrapolated=True, interval=(4.0, 4.5)),
)


def new_case(
    candidate: str, gallery: str, *, subject: str | None = "new", origin: Origin = Origin.REFUSED, score: float = 4.25
) -> NewCase:
    """A right thumb that is like that of a candidate."""
    return NewCase(
        uuid4().hex,
        origin,
        None if subject is None else SubjectId(subject),
        SubjectId(candidate),
        frozenset({GalleryId(gallery)}),
        Likeness(score, 3.0, (PART,), ("ab" * 32,)),
        (ProbeImage(Modality.FINGERPRINT, THUMB, b"image of a thumb"),),
    )
