"""Very many synthetic templates, kept on disk in parts, so that a long making can go on where it was broken off."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from benchmarks.synthesis.seeds import finger_seed
from benchmarks.synthesis.sensor import SENSORS
from benchmarks.synthesis.strewing import make_finger
from benchmarks.synthesis.templates import make_template
from biometric_service.vocabulary.samples import FingerPosition
from biometric_service.vocabulary.templates import MinutiaeTemplate, TemplateFormat

PART = 10_000
"""Fingers a part."""
PLACES = 5


@dataclass(frozen=True, slots=True)
class PartOrder:
    """Fingers ``number * PART`` + 1 on of a seed, one template each, every sensor in turn, in a file of ``folder``."""

    folder: Path
    seed: int
    number: int

    @property
    def file(self) -> Path:
        """Where the part is kept."""
        return self.folder / f"strewn-{self.seed}-{self.number:0{PLACES}}.npz"


def make_part(order: PartOrder) -> PartOrder:
    """Make a part unless it is there; it appears whole or not at all."""
    if not order.file.exists():
        order.folder.mkdir(parents=True, exist_ok=True)
        unfinished = order.file.with_suffix(".part")
        with unfinished.open("wb") as file:
            _write(file, [_made(order, finger) for finger in range(PART)])
        unfinished.replace(order.file)
    return order


def read_part(
    order: PartOrder, template_format: TemplateFormat, position: FingerPosition = FingerPosition.UNKNOWN
) -> Iterator[MinutiaeTemplate]:
    """The templates of a part, as if of the given format."""
    with np.load(order.file) as file:
        held = {name: file[name] for name in file.files}
    ends = np.cumsum(held["counts"])
    for end, count, size in zip(ends.tolist(), held["counts"].tolist(), held["sizes"].tolist(), strict=True):
        own = slice(end - count, end)
        yield MinutiaeTemplate(
            template_format,
            position,
            held["positions"][own],
            held["directions"][own],
            held["qualities"][own],
            held["kinds"][own],
            (size[0], size[1]),
        )


def _made(order: PartOrder, finger: int) -> MinutiaeTemplate:
    sensors = list(SENSORS.values())
    seed = finger_seed(order.seed, order.number * PART + finger + 1)
    return make_template(make_finger(seed), 1, sensor=sensors[finger % len(sensors)])


def _write(file: BinaryIO, templates: Sequence[MinutiaeTemplate]) -> None:
    np.savez(
        file,
        counts=np.array([len(each.kinds) for each in templates], np.int64),
        sizes=np.array([each.size for each in templates], np.int64),
        positions=np.concatenate([each.positions for each in templates]),
        directions=np.concatenate([each.directions for each in templates]),
        qualities=np.concatenate([each.qualities for each in templates]),
        kinds=np.concatenate([each.kinds for each in templates]),
    )
