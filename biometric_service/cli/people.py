"""Image files and folders on the command line, sorted into the people they show."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.recognition.requests import GivenImage
from biometric_service.vocabulary.samples import FingerPosition, Modality

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp", ".wsq", ".jp2"})
NUMBERED = re.compile(r"(?P<name>.+)_(?P<number>\d+)")


@dataclass(frozen=True, slots=True)
class Reading:
    """How images are to be understood; ``dpi``: None to go by what is said beside or in the file, or by the device.

    ``shows``: the friction ridge position code of a finger, or of several, which only a device's scan may show.
    """

    modality: Modality
    shows: int = 0
    dpi: float | None = None

    @property
    def position(self) -> FingerPosition:
        """The finger of a file; REQUEST_INVALID for a scan of several."""
        try:
            return FingerPosition(self.shows)
        except ValueError:
            raise BiometricServiceError(
                ErrorCode.REQUEST_INVALID, "A file is to show one finger.", "Give a slap as from a --device folder:///…"
            ) from None


@dataclass(frozen=True, slots=True)
class ImageFile:
    """One image file: ``subject`` as its path names it, ``number`` of the sample among those of the subject."""

    path: Path
    subject: str
    number: int

    def read(self, reading: Reading) -> GivenImage:
        """The image; IMAGE_UNREADABLE where the file cannot be read. A file ``dpi`` beside it gives its resolution."""
        try:
            data = self.path.read_bytes()
        except OSError as fault:
            raise BiometricServiceError(
                ErrorCode.IMAGE_UNREADABLE, f"{self.path} cannot be read: {fault.strerror}.", "Check the path."
            ) from None
        dpi = reading.dpi or _dpi_beside(self.path)
        return GivenImage(data, reading.modality, reading.position, dpi, f"file:{self.path.name}")


def image_files(paths: Sequence[Path], numbers: range | None) -> list[ImageFile]:
    """Every image in the files and folders (searched to any depth), by path.

    ``FOLDER/NAME_NUMBER.png`` is sample NUMBER of subject FOLDER-NAME, or of NAME where the folder has that very name.
    ``numbers``: keep only samples with these numbers. Raises REQUEST_INVALID where nothing is left.
    """
    found = [_named(path) for given in paths for path in _files(given)]
    kept = [each for each in found if numbers is None or each.number in numbers]
    if not kept:
        raise BiometricServiceError(
            ErrorCode.REQUEST_INVALID, "No image was found there.", f"Name files or folders with {', '.join(SUFFIXES)}."
        )
    return kept


def by_subject(files: Sequence[ImageFile]) -> dict[str, list[ImageFile]]:
    """The files of each subject, subjects in order of first appearance."""
    people: dict[str, list[ImageFile]] = {}
    for each in files:
        people.setdefault(each.subject, []).append(each)
    return people


def parse_numbers(text: str | None) -> range | None:
    """``3`` or ``1-2`` or ``3-`` as a range of sample numbers; REQUEST_INVALID for anything else."""
    if text is None:
        return None
    given = re.fullmatch(r"(\d+)(-(\d*))?", text)
    if not given:
        raise BiometricServiceError(
            ErrorCode.REQUEST_INVALID, f"{text} is no range of sample numbers.", "Write 3, 1-2 or 3-."
        )
    first = int(given[1])
    last = first if given[2] is None else int(given[3] or 10**9)
    return range(first, last + 1)


def _files(given: Path) -> Iterator[Path]:
    if not given.is_dir():
        yield given
        return
    yield from sorted(path for path in given.rglob("*") if path.suffix.lower() in SUFFIXES)


def _named(path: Path) -> ImageFile:
    numbered = NUMBERED.fullmatch(path.stem)
    name, number = (numbered["name"], int(numbered["number"])) if numbered else (path.stem, 1)
    folder = path.resolve().parent.name
    subject = name if name == folder else f"{folder}-{name}"
    return ImageFile(path, re.sub(r"[^A-Za-z0-9._:@-]", "-", subject).lstrip("-._:@")[:64], number)


def _dpi_beside(path: Path) -> float | None:
    said = path.parent / "dpi"
    try:
        return float(said.read_text(encoding="ascii")) if said.is_file() else None
    except (OSError, ValueError):
        message, action = f"{said} holds no resolution.", "Write the pixels an inch into it, as a number."
        raise BiometricServiceError(ErrorCode.RESOLUTION_UNUSABLE, message, action) from None
