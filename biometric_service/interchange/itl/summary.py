"""What a transaction holds, told without judging it: for people who look into a file."""

from collections.abc import Iterator
from dataclasses import dataclass

from biometric_service.capture.face_records import open_part
from biometric_service.capture.files import ImageLimits
from biometric_service.errors import FAULTS_OF_AN_IMAGE, BiometricServiceError
from biometric_service.interchange.itl.images import RecordedImage, images_of
from biometric_service.interchange.itl.message import Header, Message, is_text
from biometric_service.interchange.itl.minutiae import TYPE_9, minutiae_count
from device_drivers.records.transactions import Field, Record, Tagged


@dataclass(frozen=True, slots=True)
class ImageSummary:
    """An image. ``readable``: whether all of it can be decoded; ``fault``: why not, empty where it can."""

    shows: str
    positions: tuple[int, ...]
    impression: int
    compression: str
    width: int
    height: int
    dpi: float | None
    size: int
    readable: bool
    fault: str


@dataclass(frozen=True, slots=True)
class FieldSummary:
    """A field. ``text``: what stands in it, empty for bytes; ``size``: how many bytes that are."""

    tag: str
    text: str
    size: int


@dataclass(frozen=True, slots=True)
class RecordSummary:
    """A record, by its place in the transaction. ``minutiae``: how many it says that it has, None of other types."""

    number: int
    kind: int
    idc: int | None
    size: int
    image: ImageSummary | None
    minutiae: str | None
    fields: tuple[FieldSummary, ...]


@dataclass(frozen=True, slots=True)
class Summary:
    """A transaction."""

    header: Header
    character_set: str
    size: int
    records: tuple[RecordSummary, ...]


def summary_of(message: Message, limits: ImageLimits) -> Summary:
    """Every record with its fields, and whether its image can be decoded."""
    images = {each.record: each for each in images_of(message)}
    records = tuple(
        _record(message, number, record, images.get(number), limits)
        for number, record in enumerate(message.transaction.records, 1)
    )
    return Summary(message.header, message.characters.codec, len(message.encoded()), records)


def text_of(message: Message, field: Field) -> str:
    """What stands in a field on one line, empty for bytes."""
    text = message.characters.decode(field.value) if is_text(field) else ""
    return text.replace("\x1e", " | ").replace("\x1f", ", ")


def _record(
    message: Message, number: int, record: Record, image: RecordedImage | None, limits: ImageLimits
) -> RecordSummary:
    idc = None if record.kind == 1 else record.idc()
    fields = tuple(_fields(message, record)) if isinstance(record, Tagged) else ()
    shown = None if image is None else _image(image, limits)
    minutiae = minutiae_count(message, record) if isinstance(record, Tagged) and record.kind == TYPE_9 else None
    return RecordSummary(number, record.kind, idc, len(record.encoded()), shown, minutiae, fields)


def _fields(message: Message, record: Tagged) -> Iterator[FieldSummary]:
    for field in record.fields:
        yield FieldSummary(field.tag.decode(), text_of(message, field), len(field.value))


def _image(image: RecordedImage, limits: ImageLimits) -> ImageSummary:
    raster, fault = image.part.raster, _fault(image, limits)
    return ImageSummary(
        shows=image.shows.value if image.shows else "other",
        positions=image.positions,
        impression=image.impression,
        compression=image.compression,
        width=raster.width,
        height=raster.height,
        dpi=raster.dpi,
        size=len(image.part.data),
        readable=not fault,
        fault=fault,
    )


def _fault(image: RecordedImage, limits: ImageLimits) -> str:
    try:
        open_part(image.part, limits)
    except BiometricServiceError as fault:
        if fault.code not in FAULTS_OF_AN_IMAGE:
            raise
        return fault.message
    return ""
