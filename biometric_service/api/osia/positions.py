"""OSIA's names of modalities and fingers, and ours."""

from collections.abc import Mapping

from biometric_service.api.osia.schemas.kinds import BiometricSubType, BiometricType
from biometric_service.vocabulary.samples import FingerPosition, Modality

FINGERS: Mapping[BiometricSubType | None, FingerPosition] = {
    None: FingerPosition.UNKNOWN,
    **{BiometricSubType[position.name]: position for position in FingerPosition},
}
FACES = frozenset(
    {
        None,
        BiometricSubType.UNKNOWN,
        BiometricSubType.PORTRAIT,
        BiometricSubType.LEFT_PROFILE,
        BiometricSubType.RIGHT_PROFILE,
    }
)
TYPES: Mapping[Modality, BiometricType] = {
    Modality.FINGERPRINT: BiometricType.FINGER,
    Modality.FACE: BiometricType.FACE,
}


def modality_of(kind: BiometricType, part: BiometricSubType | None) -> Modality | None:
    """The modality of one finger or of a face; None for what is not compared here: slaps, palms, eyes, signatures."""
    if kind is BiometricType.FINGER and part in FINGERS:
        return Modality.FINGERPRINT
    return Modality.FACE if kind is BiometricType.FACE and part in FACES else None


def sub_type_of(modality: Modality, position: FingerPosition) -> BiometricSubType | None:
    """The name of a finger, None where it is not known or is a face."""
    known = modality is Modality.FINGERPRINT and position is not FingerPosition.UNKNOWN
    return BiometricSubType[position.name] if known else None
