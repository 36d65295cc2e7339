"""Templates of many fingers, several impressions each: drawn, strewn or real."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.synthesis.seeds import finger_seed
from benchmarks.synthesis.strewing import make_finger
from benchmarks.synthesis.templates import make_template
from biometric_service.vocabulary.samples import FingerPosition
from biometric_service.vocabulary.templates import MinutiaeTemplate, TemplateFormat

Extract = Callable[[Path], MinutiaeTemplate | None]
"""The template of a picture's file, None where extraction fails."""


@dataclass(frozen=True, slots=True)
class Population:
    """Templates and whose they are: ``fingers[i]``, unique across folders, is the finger of ``templates[i]``.

    ``folders[i]`` tells which folder it is of; only fingers of one folder, so of one sensor, are compared.
    """

    templates: Sequence[MinutiaeTemplate]
    fingers: Sequence[str]
    folders: Sequence[str]


def strewn(seed: int, fingers: int, impressions: int, template_format: TemplateFormat) -> Population:
    """Templates made without pictures."""
    made = [make_finger(finger_seed(seed, finger)) for finger in range(1, fingers + 1)]
    templates = [make_template(one, number + 1, template_format) for one in made for number in range(impressions)]
    return Population(templates, [str(one.seed) for one in made for _ in range(impressions)], [""] * len(templates))


def read(folders: Sequence[Path], extract: Extract) -> Population:
    """Templates of folders of FINGER_IMPRESSION.png; pictures that none can be made of are left out."""
    files = [file for folder in folders for file in sorted(folder.glob("*_*.png")) or sorted(folder.glob("*_*.npz"))]
    found = [(file, template) for file in files if (template := extract(file)) is not None]
    return Population(
        [template for _, template in found],
        [f"{file.parent}/{file.stem.rsplit('_', 1)[0]}" for file, _ in found],
        [str(file.parent) for file, _ in found],
    )


def read_minutiae(file: Path, template_format: TemplateFormat) -> MinutiaeTemplate:
    """A template from an .npz that holds ``MinutiaeTemplate``'s arrays by name."""
    with np.load(file) as arrays:
        return MinutiaeTemplate(
            template_format,
            FingerPosition.UNKNOWN,
            arrays["positions"],
            arrays["directions"],
            arrays["qualities"],
            arrays["kinds"],
            (int(arrays["size"][0]), int(arrays["size"][1])),
        )
