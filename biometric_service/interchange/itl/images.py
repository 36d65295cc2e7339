"""The images of a transaction with what their records say of them."""

from dataclasses import dataclass

from biometric_service.capture import tones
from biometric_service.capture.devices import png
from biometric_service.capture.files import Picture
from biometric_service.interchange.itl.message import Message
from biometric_service.vocabulary.samples import Modality
from device_drivers.protocol import Characteristic
from device_drivers.records.image import RecordPart
from device_drivers.records.transaction_images import native_dpi, parts_of, shows
from device_drivers.records.transactions import Binary, Record, Tagged

COMPRESSION, POSITION, IMPRESSION = 11, 13, 3
LATENT, FACE, TYPE_4 = 13, 10, 4
BINARY_COMPRESSIONS = {0: "NONE", 1: "WSQ20", 2: "JPEGB", 3: "JPEGL", 4: "JP2", 5: "JP2L", 6: "PNG"}
COMPRESSIONS = frozenset(
    {"NONE", "0", "WSQ20", "WSQ", "1", "JPEGB", "2", "JPEGL", "3", "JP2", "4", "JP2L", "5", "PNG", "6"}
)
"""Codes of compressed grey and colour images (CGA), with the numbers that older editions give them."""


@dataclass(frozen=True, slots=True)
class RecordedImage:
    """An image of a record. ``record``: its place in the transaction, the Type-1 record being 1.

    ``positions``: friction ridge positions (FGP), several where it may be one of them, none for a face.
    ``impression``: as the record's code has it, -1 where none is said. ``compression``: its code (CGA).
    ``shows``: None for what is neither a finger nor a face.
    """

    record: int
    kind: int
    idc: int
    part: RecordPart
    positions: tuple[int, ...]
    impression: int
    compression: str
    shows: Modality | None

    @property
    def modality(self) -> Modality | None:
        """As what it can be compared; None also for a face in profile."""
        return _modality(self.part.characteristic)

    @property
    def pixels(self) -> int:
        """How many the record says that it has."""
        return self.part.raster.width * self.part.raster.height

    def file(self, picture: Picture) -> bytes:
        """The image, which ``picture`` is of, as a file: as it lies in the record, or, of plain pixels, as PNG."""
        if self.part.raster.compressed:
            return self.part.data
        pixels = tones.grey(picture.image) if picture.image.mode == "L" else tones.bgr(picture.image)
        return png(pixels, self.part.raster.dpi)


def images_of(message: Message) -> list[RecordedImage]:
    """Every image, in order, not decoded; DamagedPictureError where a record says nothing that can be read."""
    records = message.transaction.records
    native = native_dpi(records[0])
    return [
        _image(message, number, record, part)
        for number, record in enumerate(records, 1)
        for part in parts_of(record, native)
    ]


def _image(message: Message, number: int, record: Record, part: RecordPart) -> RecordedImage:
    if isinstance(record, Binary):
        positions = tuple(each for each in record.data[6:12] if each != 255)  # noqa: PLR2004 (no further position)
        compression = BINARY_COMPRESSIONS.get(record.data[17], str(record.data[17]))
        return RecordedImage(
            number, record.kind, record.idc(), part, positions, record.data[5], compression, Modality.FINGERPRINT
        )
    positions = _positions(message, record) if part.characteristic is Characteristic.FINGERPRINT else ()
    impression = message.text(record, IMPRESSION)
    known = int(impression) if impression.isdigit() and len(impression) <= 2 else -1  # noqa: PLR2004 (0 to 99)
    compression, shown = record.text(COMPRESSION), _modality(shows(record))
    return RecordedImage(number, record.kind, record.idc(), part, positions, known, compression, shown)


def _modality(shown: Characteristic | None) -> Modality | None:
    return None if shown is None else Modality(shown.value)


def _positions(message: Message, record: Tagged) -> tuple[int, ...]:
    field = record.field(POSITION)
    said = [each[0] for each in message.subfields(field)] if field else []
    return tuple(int(each) for each in said if each.isdigit() and len(each) <= 2)  # noqa: PLR2004 (0 to 99)
