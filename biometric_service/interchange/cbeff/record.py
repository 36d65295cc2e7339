"""A biometric information record: a block of biometric data, and what its header says of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.samples import FingerPosition, Modality

FINGERS: Mapping[frozenset[str], FingerPosition] = {
    frozenset({side, finger}): FingerPosition[f"{side.upper()}_{name}"]
    for side in ("Right", "Left")
    for finger, name in (
        ("Thumb", "THUMB"),
        ("IndexFinger", "INDEX"),
        ("MiddleFinger", "MIDDLE"),
        ("RingFinger", "RING"),
        ("LittleFinger", "LITTLE"),
    )
}
"""The subtypes of ISO/IEC 19785-3 that name one finger, in whichever order they stand."""
SUBTYPES: Mapping[FingerPosition, str] = {
    position: " ".join(sorted(names, key=lambda name: name not in {"Right", "Left"}))
    for names, position in FINGERS.items()
}
TYPES: Mapping[str, Modality] = {"Finger": Modality.FINGERPRINT, "Face": Modality.FACE}
EXCEPTION = "EXCEPTION"


@dataclass(frozen=True, slots=True)
class Registered:
    """A format, product or algorithm as it is registered: whose, and which of theirs."""

    organization: str
    type: str


ISO_FINGER_IMAGE, ISO_FINGER_MINUTIAE = Registered("257", "7"), Registered("257", "2")
ISO_FACE_IMAGE = Registered("257", "8")


@dataclass(frozen=True, slots=True)
class Bir:
    """One record. Fields as CBEFF's, in the words of its XML patron format; empty and None where nothing is said.

    ``data``: the biometric data block (BDB), empty where a characteristic could not be captured. ``types``: Finger,
    Face and others. ``subtypes``: such as Right and IndexFinger. ``quality``: 0 to 100, higher is better. ``created``:
    xs:dateTime as it is written. ``others``: entries that MOSIP adds, such as EXCEPTION.
    """

    data: bytes
    format: Registered | None
    types: tuple[str, ...]
    subtypes: tuple[str, ...] = ()
    level: str = ""
    purpose: str = ""
    quality: int | None = None
    created: str = ""
    encrypted: bool = False
    others: Mapping[str, str] = field(default_factory=dict)

    @property
    def modality(self) -> Modality | None:
        """What it shows; None for what is neither a finger nor a face."""
        return next((TYPES[each] for each in self.types if each in TYPES), None)

    @property
    def position(self) -> FingerPosition:
        """Which finger; UNKNOWN where it is not one."""
        return FINGERS.get(frozenset(self.subtypes), FingerPosition.UNKNOWN)

    @property
    def is_exception(self) -> bool:
        """Whether it says that the characteristic could not be captured."""
        return not self.data or self.others.get(EXCEPTION, "").strip().lower() == "true"


def unreadable(why: str) -> BiometricServiceError:
    """RECORD_UNREADABLE; ``why``: the end of a sentence."""
    message = f"The biometric information record cannot be read: {why}."
    return BiometricServiceError(ErrorCode.RECORD_UNREADABLE, message, "Ask the sender for a whole and valid record.")
