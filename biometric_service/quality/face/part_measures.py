"""Measures of the parts of a face, of what covers it, of what is behind it and of how its file was compressed.

They advise and leave the unified score alone: what they see hardly tells who will be recognised, and a passport office
would refuse what a prison must take. Colours and light are judged against the same face's own cheeks.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

EYES_APART = 48
WIDTH, HEIGHT = 144, 176
PLANE = [0, 1, 3, 4]
PLACES = np.array([[48, 60], [96, 60], [53, 116], [91, 116]], np.float32)
"""Where eyes and mouth corners are in the upright view."""
DARK_EYE, DARK_MOUTH, DARK_GLASS, TOOTH = 0.62, 0.45, 0.3, 0.85
"""Shares of the brightness of skin."""
NO_RED = 8.0
STRONG_EDGE = 60.0
BLOCK = 8
NEUTRAL = 128.0


def _ellipse(x: int, y: int, across: int, down: int) -> Mask:
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.ellipse(mask, (x, y), (across, down), 0, 0, 360, 1, -1)
    return mask.astype(np.bool_)


CHEEKS = _ellipse(48, 82, 12, 8) | _ellipse(96, 82, 12, 8) | _ellipse(72, 74, 6, 12)
FOREHEAD = _ellipse(72, 34, 22, 8)
LOWER_FACE = _ellipse(72, 138, 14, 8) | _ellipse(48, 118, 8, 10) | _ellipse(96, 118, 8, 10) | _ellipse(72, 128, 10, 4)
GLASSES = (_ellipse(48, 60, 16, 10), _ellipse(96, 60, 16, 10))
MOUTH = (slice(110, 125), slice(57, 88))
EYES = tuple((slice(54, 67), slice(x - 10, x + 11)) for x in (48, 96))
AROUND_EYES = tuple((slice(50, 71), slice(x - 14, x + 15)) for x in (48, 96))


@dataclass(frozen=True, slots=True)
class _View:
    """The upright face: ``light``: CIELAB L, 0 to 255. ``colour``: a and b about 0. ``skin``: light of the cheeks."""

    light: Floats
    colour: Floats
    skin: float


def part_measures(pixels: Pixels, landmarks: NDArray[np.float32]) -> Mapping[str, float]:
    """What a BGR image, uint8 (h, w, 3), tells of the parts of the face with these landmarks, float32 (5, 2).

    ``eye_opening``: height of the dark of the more closed eye, in eye distances, 0 upwards. ``mouth_opening``: share of
    the mouth that is dark inside or teeth, 0 to 1. ``forehead_cover``, ``mouth_cover``: how far the colour there is
    from that of the cheeks, in CIELAB units, 0 upwards. ``eye_cover``: share of both eyes' surroundings that is as dark
    as glass, 0 to 1. ``background``: share of what is beside the head that has strong edges, 0 to 1. ``compression``:
    steps between JPEG's blocks against those inside them, 1 where there are none.
    """
    view = _view(pixels, landmarks)
    cheeks = np.median(view.colour[CHEEKS], axis=0)
    return {
        "eye_opening": _eye_opening(view),
        "mouth_opening": _mouth_opening(view, float(cheeks[0])),
        "forehead_cover": float(np.linalg.norm(np.median(view.colour[FOREHEAD], axis=0) - cheeks)),
        "mouth_cover": float(np.linalg.norm(np.median(view.colour[LOWER_FACE], axis=0) - cheeks)),
        "eye_cover": min(float((view.light[mask] < DARK_GLASS * view.skin).mean()) for mask in GLASSES),
        "background": _background(pixels, landmarks),
        "compression": _blockiness(pixels),
    }


def _view(pixels: Pixels, landmarks: NDArray[np.float32]) -> _View:
    transform = cv2.estimateAffinePartial2D(landmarks[PLANE].astype(np.float32), PLACES)[0]
    if transform is None:
        transform = np.eye(2, 3)
    face = cv2.warpAffine(pixels, transform, (WIDTH, HEIGHT), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    lab = cv2.cvtColor(face, cv2.COLOR_BGR2LAB).astype(np.float32)
    light = np.asarray(lab[..., 0], np.float32)
    return _View(light, np.asarray(lab[..., 1:] - NEUTRAL, np.float32), float(np.median(light[CHEEKS])))


def _eye_opening(view: _View) -> float:
    """An open eye is dark from lid to lid; of a closed one the lashes are."""
    heights = []
    for eye, around in zip(EYES, AROUND_EYES, strict=True):
        dark = view.light[eye] < DARK_EYE * np.percentile(view.light[around], 80)
        heights.append(int(dark.sum(axis=0).max()))
    return min(heights) / EYES_APART


def _mouth_opening(view: _View, red_of_skin: float) -> float:
    light, red = view.light[MOUTH], view.colour[MOUTH][..., 0]
    inside = light < DARK_MOUTH * view.skin
    teeth = (light > TOOTH * view.skin) & (red < red_of_skin - NO_RED)
    return float(max(inside.mean(), teeth.mean()))


def _background(pixels: Pixels, landmarks: NDArray[np.float32]) -> float:
    """Beside the head, from the crown to the chin; 0 where the image holds nothing of it."""
    right, left = landmarks[:2]
    apart = max(float(np.linalg.norm(left - right)), 1.0)
    scale = EYES_APART / apart
    middle = (right + left) / 2
    top, bottom = (max(int(middle[1] + share * apart), 0) for share in (-1.0, 1.5))
    sides = [(-2.4, -1.4), (1.4, 2.4)]
    strips = [[max(int(middle[0] + share * apart), 0) for share in side] for side in sides]
    shares = [_edges(pixels[top:bottom, first:last], scale) for first, last in strips]
    seen = [share for share in shares if share is not None]
    return float(np.mean(seen)) if seen else 0.0


def _edges(strip: Pixels, scale: float) -> float | None:
    """Share of strong edges at the scale of the view; None of next to nothing."""
    size = tuple(round(side * min(scale, 1.0)) for side in strip.shape[1::-1])
    if min(size) < BLOCK:
        return None
    grey = cv2.cvtColor(cv2.resize(np.ascontiguousarray(strip), size, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY)
    steps = [cv2.Sobel(grey, cv2.CV_32F, *order) for order in ((1, 0), (0, 1))]
    return float((np.hypot(*steps) > STRONG_EDGE).mean())


def _blockiness(pixels: Pixels) -> float:
    grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), np.float32)
    return min(_steps(np.abs(np.diff(grey, axis=axis)).mean(axis=1 - axis)) for axis in (0, 1))


def _steps(profile: Floats) -> float:
    """The greatest of the mean steps at the eight places within blocks, against the median one."""
    whole = profile[: len(profile) // BLOCK * BLOCK].reshape(-1, BLOCK)
    if not len(whole):
        return 1.0
    means = whole.mean(axis=0)
    return float(means.max() / max(float(np.median(means)), 0.1))
