"""Pictures of a face as a camera sees them when they are moved, and heads that turn, made from real photographs.

A presentation shows photographs of one person in the poses that are asked. Attack instruments (ISO/IEC 30107-3) have
one frontal photograph and whatever can be done to a sheet of paper; two persons take turns in front of the camera.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from biometric_service.vocabulary.challenges import Turn

Pixels = NDArray[np.uint8]
Plane = NDArray[np.float64]

GREY = (110, 110, 110)
NOISE = 3.0
JPEG = 85
TILT = {Turn.FRONT: 0.0, Turn.LEFT: -1.0, Turn.RIGHT: 1.0}
"""Which way a frontal picture is tilted about its upright axis, so that its face seems to look where it is asked to."""


@dataclass(frozen=True, slots=True)
class Photograph:
    """A real photograph: ``pixels``: uint8 BGR. ``landmarks``: float32 (5, 2). ``yaw``: in degrees."""

    pixels: Pixels
    landmarks: NDArray[np.float32]
    yaw: float


Movement = Callable[[Photograph, Turn, np.random.Generator], Pixels]


def held_in_hand(photograph: Photograph, _: Turn, chance: np.random.Generator) -> Pixels:
    """Nothing but the little that a hand or a neck trembles."""
    return _planar(photograph.pixels, _similarity(photograph, chance, degrees=2, scale=0.02, share=0.01))


def moved(photograph: Photograph, _: Turn, chance: np.random.Generator) -> Pixels:
    """Turned in its plane, brought nearer or further, shifted."""
    return _planar(photograph.pixels, _similarity(photograph, chance, degrees=25, scale=0.25, share=0.1))


def sheared(photograph: Photograph, turn: Turn, chance: np.random.Generator) -> Pixels:
    """Squeezed to the side and sheared."""
    tilt = TILT[turn] * chance.uniform(0.2, 0.5)
    shear = np.array([[1 - abs(tilt) / 2, tilt, 0], [0, 1, 0], [0, 0, 1]])
    return _planar(photograph.pixels, _about_the_middle(photograph.pixels, shear))


def tilted(photograph: Photograph, turn: Turn, chance: np.random.Generator) -> Pixels:
    """Turned about its upright axis by 35 to 65 degrees, close to the camera."""
    return _planar(photograph.pixels, _tilt(photograph.pixels, TILT[turn] * chance.uniform(35, 65), 0.0))


def tilted_both_ways(photograph: Photograph, turn: Turn, chance: np.random.Generator) -> Pixels:
    """Turned about both axes at once."""
    upright, level = TILT[turn] * chance.uniform(35, 60), TILT[turn] * chance.uniform(-30, 30)
    return _planar(photograph.pixels, _tilt(photograph.pixels, upright, level))


def bent(photograph: Photograph, turn: Turn, chance: np.random.Generator) -> Pixels:
    """Bent round an upright cylinder and turned about it."""
    return _projected(photograph, TILT[turn] * chance.uniform(25, 40), _cylinder)


def head(photograph: Photograph, turn: Turn, chance: np.random.Generator) -> Pixels:
    """A head that turns by 25 to 35 degrees: the photograph on an average head."""
    trembling = held_in_hand(photograph, turn, chance)
    return _projected(Photograph(trembling, photograph.landmarks, 0.0), TILT[turn] * chance.uniform(25, 35), _head)


ATTACKS: Mapping[str, Movement] = {
    "still photograph, moved": moved,
    "still photograph, sheared": sheared,
    "still photograph, tilted": tilted,
    "still photograph, tilted both ways": tilted_both_ways,
    "still photograph, bent": bent,
}


def taken(pixels: Pixels, chance: np.random.Generator) -> bytes:
    """What a camera makes of it: a little noise, JPEG."""
    noisy = np.clip(pixels + chance.normal(0, NOISE, pixels.shape), 0, 255).astype(np.uint8)
    return cv2.imencode(".jpg", noisy, (cv2.IMWRITE_JPEG_QUALITY, JPEG))[1].tobytes()


def _similarity(
    photograph: Photograph, chance: np.random.Generator, *, degrees: float, scale: float, share: float
) -> Plane:
    height, width = photograph.pixels.shape[:2]
    angle, size = chance.uniform(-degrees, degrees), chance.uniform(1 - scale, 1 + scale)
    matrix = np.vstack([cv2.getRotationMatrix2D((width / 2, height / 2), angle, size), [0, 0, 1]])
    matrix[:2, 2] += chance.uniform(-share, share, 2) * (width, height)
    return matrix


def _tilt(pixels: Pixels, upright: float, level: float) -> Plane:
    """The homography of a sheet of the image's size, a width and a half before a camera, turned by degrees."""
    height, width = pixels.shape[:2]
    lens = np.array([[1.5 * width, 0, width / 2], [0, 1.5 * width, height / 2], [0, 0, 1]])
    rotation = cv2.Rodrigues(np.radians([level, upright, 0.0]))[0]
    sheet = rotation @ np.array([[1, 0, -width / 2], [0, 1, -height / 2], [0, 0, 0]])
    sheet[2] += (0, 0, 1.5 * width)
    return np.asarray(lens @ sheet, np.float64)


def _about_the_middle(pixels: Pixels, matrix: Plane) -> Plane:
    height, width = pixels.shape[:2]
    there = np.array([[1, 0, width / 2], [0, 1, height / 2], [0, 0, 1]])
    return there @ matrix @ np.linalg.inv(there)


def _planar(pixels: Pixels, homography: Plane) -> Pixels:
    size = (pixels.shape[1], pixels.shape[0])
    return np.asarray(cv2.warpPerspective(pixels, homography, size, borderValue=GREY), np.uint8)


Surface = Callable[[NDArray[np.float32], NDArray[np.float32]], NDArray[np.float32]]


def _projected(photograph: Photograph, degrees: float, surface: Surface) -> Pixels:
    """The photograph on a surface that is turned about an upright axis, seen from afar.

    ``surface``: how far before its axis it lies, at (right, down) from between the eyes; all in eye distances.
    """
    right, left = photograph.landmarks[:2]
    unit, middle = float(np.linalg.norm(left - right)), (left + right) / 2
    rows, columns = np.mgrid[: photograph.pixels.shape[0], : photograph.pixels.shape[1]].astype(np.float32)
    seen, down = (columns - middle[0]) / unit, (rows - middle[1]) / unit
    sine, cosine = np.sin(np.radians(degrees)), np.cos(np.radians(degrees))
    across = seen.copy()
    for _ in range(12):
        across = (across + (seen + sine * surface(across, down)) / cosine) / 2
    source = (across * unit + middle[0]).astype(np.float32)
    drawn = cv2.remap(photograph.pixels, source, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(drawn, np.uint8)


def _head(across: NDArray[np.float32], down: NDArray[np.float32]) -> NDArray[np.float32]:
    """An ellipsoid with a nose, in front of the neck."""
    round_part = np.sqrt(np.clip(1 - (across / 1.15) ** 2 - ((down - 0.45) / 1.6) ** 2, 0, 1))
    nose = 0.38 * np.exp(-((across / 0.17) ** 2 + ((down - 0.55) / 0.3) ** 2))
    return np.asarray(round_part - 0.9 + nose, np.float32)


def _cylinder(across: NDArray[np.float32], down: NDArray[np.float32]) -> NDArray[np.float32]:
    """A sheet bent round a bottle as wide as a head."""
    return np.asarray(np.sqrt(np.clip(1 - (across / 1.4) ** 2, 0, 1)) - 0.9 + 0 * down, np.float32)
