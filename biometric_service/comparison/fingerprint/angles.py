"""Angles and soft limits in single precision, in forms that the compiler turns into vector code."""

import numpy as np

from biometric_service.comparison.fingerprint.compiled import inlined

TURN = np.float32(2 * np.pi)


@inlined
def wrapped(angle: np.float32) -> np.float32:
    """The same angle in [-pi, pi), radians."""
    whole: np.float32 = np.floor(angle / TURN + np.float32(0.5))
    return angle - TURN * whole


@inlined
def ramp(value: np.float32, centre: np.float32, half_width: np.float32) -> np.float32:
    """1 up to ``centre - half_width``, 0 from ``centre + half_width`` on, smooth between, like a sigmoid but fast."""
    rise = (centre + half_width - value) / (np.float32(2) * half_width)
    share = min(max(rise, np.float32(0)), np.float32(1))
    return share * share * (np.float32(3) - np.float32(2) * share)
