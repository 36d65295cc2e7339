"""Native SourceAFIS templates (3.x, CBOR) in this service's own terms, and from them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.templates.cbor import Writable, read_cbor, write_cbor
from biometric_service.vocabulary.templates import MinutiaeTemplate, SourceAfisTemplate, TemplateFormat

VERSION = "3.18.1"
"""Of the engine whose layout is written."""
_KINDS = {"E": 1, "B": 2}
_LARGEST_SIDE = 0x7FFF


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


def sourceafis_of(template: MinutiaeTemplate, form: TemplateFormat) -> SourceAfisTemplate:
    """A native template of the endings and bifurcations, rounded to whole pixels, inside the image.

    Others and qualities are left behind: SourceAFIS has neither. TEMPLATE_INVALID for sides over 32,767 pixels.
    """
    if max(template.size) > _LARGEST_SIDE:
        message, action = "The template's image is too large for SourceAFIS.", "Cut the finger out of the image."
        raise BiometricServiceError(ErrorCode.TEMPLATE_INVALID, message, action)
    known = template.kinds > 0
    places = np.clip(np.rint(template.positions[known]), 0, np.asarray(template.size) - 1).astype(int)
    names = {kind: name for name, kind in _KINDS.items()}
    fields: dict[str, Writable] = {
        "version": VERSION,
        "width": template.size[0],
        "height": template.size[1],
        "positionsX": places[:, 0].tolist(),
        "positionsY": places[:, 1].tolist(),
        "directions": np.mod(-template.directions[known], np.float32(2 * np.pi)).tolist(),
        "types": "".join(names[kind] for kind in template.kinds[known].tolist()),
    }
    return SourceAfisTemplate(form, template.position, write_cbor(fields))


def _numbers(values: list[Any]) -> NDArray[np.float32]:
    return np.array(values, np.float32).reshape(-1)
