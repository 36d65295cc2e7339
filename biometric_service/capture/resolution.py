"""The resolution of a fingerprint: as it was given, else as the file says, else the usual one."""

import math

from biometric_service.capture.refusals import unusable_resolution

LEAST, MOST, USUAL = 250.0, 1000.0, 500.0
SQUARE = 0.01


def resolution(given: float | None, in_file: tuple[float, float] | None) -> float:
    """Pixels an inch, 250 to 1000.

    ``in_file``: (horizontal, vertical) as the file says, passed over where it is out of range or not square, because
    programs write 72 or 96 without thinking. RESOLUTION_UNUSABLE where the given one is out of range.
    """
    if given is not None:
        if not _usable(given):
            raise unusable_resolution(given, LEAST, MOST)
        return float(given)
    if in_file is not None and all(map(_usable, in_file)) and math.isclose(*in_file, rel_tol=SQUARE):
        return round(sum(in_file) / 2, 2)
    return USUAL


def _usable(dpi: float) -> bool:
    return math.isfinite(dpi) and LEAST <= dpi <= MOST
