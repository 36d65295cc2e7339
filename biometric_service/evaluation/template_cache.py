"""Templates kept on disk by format and image, so that a long benchmark can go on where it was broken off."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from biometric_service.durable_files import OWNER
from biometric_service.evaluation.subjects import SampleFile
from biometric_service.templates.native import decode, encode
from biometric_service.vocabulary.templates import Template, TemplateFormat


class TemplateCache:
    """Templates in a folder of this user alone, or nowhere; of an image that gave no template an empty file.

    ``missed``: how many had to be made.
    """

    def __init__(self, folder: Path | None, template_format: TemplateFormat) -> None:
        if folder:
            folder.mkdir(0o700, parents=True, exist_ok=True)
        self._folder = folder / str(template_format) if folder else None
        self.missed = 0

    def get(self, file: SampleFile, make: Callable[[], Template | None]) -> Template | None:
        """The kept template of an image file, or the one that ``make`` makes."""
        place = self._place(file)
        if place and place.exists():
            kept = place.read_bytes()
            return decode(kept) if kept else None
        made = make()
        self.missed += 1
        if place:
            place.parent.mkdir(parents=True, exist_ok=True)
            unfinished = place.with_name(f"{place.name}.part")
            unfinished.touch(OWNER)
            unfinished.write_bytes(encode(made) if made else b"")
            unfinished.replace(place)
        return made

    def _place(self, file: SampleFile) -> Path | None:
        if not self._folder:
            return None
        given = file.given()
        return self._folder / f"{hashlib.sha256(given.data).hexdigest()}-{given.dpi}"
