"""The subjects that a folder of fingerprints or faces holds, each with its samples in order."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.recognition.requests import GivenImage
from biometric_service.vocabulary.samples import Modality

IMAGES = {".jpg", ".jpeg", ".png", ".jp2", ".bmp", ".webp", ".tif", ".tiff", ".wsq"}
USUAL_DPI = 500.0

SAME_FINGER: Mapping[tuple[str, str], tuple[str, str]] = {("fvc2004_db3", "102"): ("fvc2002_db3", "108")}
"""Fingers of the FVC B sets that are one and the same, though they lie in two folders under two numbers."""


@dataclass(frozen=True, slots=True)
class SampleFile:
    """One image file, read when it is needed."""

    path: Path
    modality: Modality
    dpi: float | None = None

    def given(self) -> GivenImage:
        """The image as the service takes it."""
        return GivenImage(self.path.read_bytes(), self.modality, dpi=self.dpi, device=self.path.name)


@dataclass(frozen=True, slots=True)
class Subject:
    """Who is to be told apart: a finger or a person.

    ``known_as``: what reports and labels say, ``name`` or the name of the person's folder.
    """

    name: str
    samples: tuple[SampleFile, ...]
    known_as: str


def fingerprints(folders: Sequence[Path]) -> list[Subject]:
    """Every finger is a subject: FINGER_IMPRESSION.png, at the dpi that a file ``dpi`` beside them says, else 500.

    RESOLUTION_UNUSABLE where that file holds no number.
    """
    found: defaultdict[tuple[str, str], list[SampleFile]] = defaultdict(list)
    for folder in folders:
        dpi = _dpi_of(folder)
        for path in sorted(folder.glob("*_*.png")):
            finger = (folder.name, path.stem.split("_")[0])
            found[SAME_FINGER.get(finger, finger)].append(SampleFile(path, Modality.FINGERPRINT, dpi))
    named = {f"{name}.{finger}": tuple(samples) for (name, finger), samples in sorted(found.items())}
    return [Subject(name, samples, name) for name, samples in named.items()]


def _dpi_of(folder: Path) -> float:
    file = folder / "dpi"
    if not file.exists():
        return USUAL_DPI
    try:
        return float(file.read_text())
    except ValueError:
        raise BiometricServiceError(
            ErrorCode.RESOLUTION_UNUSABLE,
            f"The file 'dpi' in {folder.name!r} holds no number.",
            "Write the pixels per inch of the images into it, such as 500.",
        ) from None


def faces(folders: Sequence[Path]) -> list[Subject]:
    """Every folder in one of the folders is a person."""
    people = sorted(path for folder in folders for path in folder.iterdir() if path.is_dir())
    found = [(person, sorted(path for path in person.iterdir() if path.suffix.lower() in IMAGES)) for person in people]
    return [
        Subject(f"P{number}", tuple(SampleFile(path, Modality.FACE) for path in paths), person.name)
        for number, (person, paths) in enumerate(found)
        if paths
    ]
