"""Slaps composed of synthetic fingers at known places: how well they are taken apart and which hand is told.

``python -m benchmarks.accuracy.slaps``. The thresholds of ``capture.slap`` were set while looking at NIST's reference
cards, never at these. Edges are cut a millimetre outside of what is found, which counts as error here.
"""

import json as json_text
from dataclasses import dataclass
from typing import Annotated

import cv2
import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from benchmarks.synthesis.impression import make_impression
from benchmarks.synthesis.master import make_master
from biometric_service.capture.slap.segmentation import Hand, Slap, segmented

DPI, HEIGHT, WIDTH, MM = 500.0, 1000, 1608, 25.4
TIPS_MM = (9.0, 1.0, 3.0, 17.0)
"""How far below the highest place the tips of index, middle, ring and little finger lie."""
SIZES = (1.0, 1.05, 1.0, 0.85)
MOST_TURN, INKED = 12.0, 170


@dataclass(frozen=True, slots=True)
class Composed:
    """A slap; ``boxes``: left, top, right, bottom of each finger in pixels; ``turn``: degrees clockwise."""

    pixels: NDArray[np.uint8]
    boxes: NDArray[np.float64]
    turn: float
    hand: Hand


def compose(fingers: list[NDArray[np.uint8]], rng: np.random.Generator, hand: Hand) -> Composed:
    """The four fingers side by side on white, turned as a whole; ``fingers``: index to little."""
    turn = float(rng.uniform(-MOST_TURN, MOST_TURN))
    about = cv2.getRotationMatrix2D((WIDTH / 2, HEIGHT / 2), -turn, 1.0)
    canvas, boxes = np.full((HEIGHT, WIDTH), 255, np.uint8), []
    places = range(4) if hand is Hand.RIGHT else range(3, -1, -1)
    for column, finger in enumerate(places):
        layer = np.full_like(canvas, 255)
        _put(layer, fingers[finger], column, round(TIPS_MM[finger] * DPI / MM) + 130, SIZES[finger])
        turned = cv2.warpAffine(layer, about, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR, borderValue=255)
        canvas = np.minimum(canvas, turned).astype(np.uint8)
        boxes.append(_box(np.asarray(turned, np.uint8)))
    noise = rng.normal(0, 3, canvas.shape)
    return Composed((canvas + noise).clip(0, 255).astype(np.uint8), np.array(boxes, float), turn, hand)


def _put(layer: NDArray[np.uint8], finger: NDArray[np.uint8], column: int, top: int, size: float) -> None:
    left, up, right, low = _box(finger)
    cut = finger[up:low, left:right]
    shape = (min(round((right - left) * size), 340), min(round((low - up) * size), HEIGHT - top - 20))
    scaled = cv2.resize(cut, shape, interpolation=cv2.INTER_AREA)
    at = 130 + column * 355
    layer[top : top + shape[1], at : at + shape[0]] = scaled


def _box(finger: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    inked = cv2.morphologyEx((finger < INKED).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((21, 21), np.uint8))
    core = cv2.morphologyEx(inked, cv2.MORPH_OPEN, np.ones((41, 41), np.uint8))
    rows, columns = np.flatnonzero(core.any(1)), np.flatnonzero(core.any(0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1


def errors(made: Composed, found: Slap) -> NDArray[np.float64] | None:
    """Millimetres by which left, top and right edges are off, (fingers, 3); None for a wrong number of fingers."""
    if len(found.fingers) != len(made.boxes):
        return None
    edges = np.array([(tip.left, tip.top, tip.right) for tip in found.fingers], float)
    return np.abs(edges - made.boxes[:, :3]) * MM / DPI


def measure(slaps: int, seed: int) -> dict[str, float]:
    """What is printed, over this many slaps of other fingers each."""
    rng = np.random.default_rng(seed)
    off, hands, turns = [], [], []
    for number in track(range(slaps), "Slaps", console=Console(stderr=True)):
        first = (seed * 100_000 + number) * 4
        fingers = [make_impression(make_master(first + finger), 1) for finger in range(4)]
        made = compose(fingers, rng, tuple(Hand)[number % 2])
        found = segmented(made.pixels, DPI)
        off.append(errors(made, found))
        hands.append(found.hand)
        turns.append(abs(found.tilt - made.turn))
    right = [number for number, each in enumerate(off) if each is not None]
    pooled = np.concatenate([each for each in off if each is not None]).ravel() if right else np.array([np.nan])
    truth = [tuple(Hand)[number % 2] for number in range(slaps)]
    return {
        "slaps": slaps,
        "all four fingers found, %": 100 * len(right) / slaps,
        "edge error, median mm": float(np.median(pooled)),
        "edge error, 90 % mm": float(np.percentile(pooled, 90)),
        "rotation error, median degrees": float(np.median(turns)),
        "hand told rightly, %": 100 * sum(a is b for a, b in zip(hands, truth, strict=True)) / slaps,
        "hand told wrongly, %": 100 * sum(a not in {b, None} for a, b in zip(hands, truth, strict=True)) / slaps,
    }


def main(
    slaps: Annotated[int, typer.Option(min=1, help="How many slaps of four fingers.")] = 50,
    seed: Annotated[int, typer.Option(help="Of the fingers and places.")] = 7,
    *,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print how well slaps are taken apart."""
    found = measure(slaps, seed)
    print(json_text.dumps(found) if json else "\n".join(f"{name}: {value:.2f}" for name, value in found.items()))


if __name__ == "__main__":
    typer.run(main)
