"""What a native SourceAFIS template holds, in this service's own terms."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.templates.cbor import read_cbor
from biometric_service.vocabulary.templates import MinutiaeTemplate, SourceAfisTemplate

_KINDS = {"E": 1, "B": 2}


def minutiae_of(template: SourceAfisTemplate) -> MinutiaeTemplate:
    """Its minutiae, in its order and under its format; qualities, which it has none of, are 1.

    TEMPLATE_INVALID where it is not a native SourceAFIS template. SourceAFIS counts directions clockwise.
    """
    try:
        fields = read_cbor(template.data)
        kinds = [_KINDS.get(kind, 0) for kind in str(fields["types"])]
        return MinutiaeTemplate(
            format=template.format,
            position=template.position,
            positions=np.column_stack([_numbers(fields["positionsX"]), _numbers(fields["positionsY"])]),
            directions=np.mod(-_numbers(fields["directions"]), np.float32(2 * np.pi)),
            qualities=np.ones(len(kinds), np.float32),
            kinds=np.array(kinds, np.uint8),
            size=(int(fields["width"]), int(fields["height"])),
        )
    except (KeyError, TypeError, ValueError) as fault:
        message = f"The template is not one of SourceAFIS ({fault})."
        action = "Make it again from the sample."
        raise BiometricServiceError(ErrorCode.TEMPLATE_INVALID, message, action) from None


def _numbers(values: list[Any]) -> NDArray[np.float32]:
    return np.array(values, np.float32).reshape(-1)
