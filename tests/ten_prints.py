"""Ten fingers of one real hand each, as cards and slap scanners give them."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.accuracy.slaps import compose
from biometric_service.capture.slap.segmentation import Hand
from device_drivers.records.transactions import tagged

Pixels = NDArray[np.uint8]

WHITE = 235
"""The scanner's background, which is not white: its edge would be seen where fingers are put side by side."""


def ten_fingers(shared_data: Path, impression: int = 1) -> list[Pixels]:
    """Ten different fingers, right thumb to right little, then left thumb to left little."""
    folder = shared_data / "fingerprints" / "fvc2002_db1"
    files = [folder / f"{number}_{impression}.png" for number in (*range(101, 106), 110, *range(107, 110), 106)]
    return [np.where(pixels > WHITE, 255, pixels).astype(np.uint8) for pixels in map(_read, files)]


def _read(file: Path) -> Pixels:
    with Image.open(file) as image:
        return np.asarray(image.convert("L"))


def slap(fingers: Sequence[Pixels], hand: Hand, seed: int = 1) -> Pixels:
    """Index to little of a hand, pressed down together."""
    return compose(list(fingers), np.random.default_rng(seed), hand).pixels


def card(images: Mapping[int, Pixels], absent: str = "") -> bytes:
    """An ANSI/NIST-ITL transaction with a Type-14 record of each; ``absent``: such as ``9\\x1fXX``."""
    contents = "\x1e".join([f"1\x1f{len(images)}", *(f"14\x1f{number:02}" for number in range(1, len(images) + 1))])
    head = tagged(1, [(2, b"0400"), (3, contents.encode()), (11, b"00.00")])
    records = [_record(number, position, image, absent) for number, (position, image) in enumerate(images.items(), 1)]
    return b"".join([head.encoded(), *records])


def _record(number: int, position: int, image: Pixels, absent: str) -> bytes:
    height, width = image.shape
    said = {2: f"{number:02}", 6: width, 7: height, 8: 1, 9: 500, 10: 500, 11: "NONE", 12: 8, 13: position}
    fields = {name: str(value).encode() for name, value in said.items()} | {999: image.tobytes()}
    if absent:
        fields[18] = absent.encode()
    return tagged(14, sorted(fields.items())).encoded()
