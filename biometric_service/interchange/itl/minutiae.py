"""Minutiae in Type-9 records, in the block of INCITS 378 (Fields 9.126 to 9.137), as ``templates`` has them."""

from collections.abc import Sequence

from biometric_service.interchange.itl.characters import PLAIN
from biometric_service.interchange.itl.message import Message, Subfields
from biometric_service.interchange.itl.writing import text_record
from biometric_service.templates.minutiae_exchange import record_of
from biometric_service.templates.minutiae_record import Edition, FingerView, Minutia
from biometric_service.vocabulary.templates import MinutiaeTemplate
from device_drivers.records.transactions import Tagged

EDITION = Edition.ANSI_2009
TYPE_9, IMPRESSION, FORMAT = 9, 3, 4
STANDARD_COUNT = 10
CBEFF, EQUIPMENT, WIDTH, HEIGHT, UNITS, ACROSS, DOWN, VIEW, POSITION, _, COUNT, MINUTIAE = range(126, 138)
OTHER_FORMAT, PER_CM = "U", "2"
INCITS, MINUTIAE_FORMAT = "27", "513"
CM_AN_INCH = 2.54


def minutiae_record(idc: int, impression: int, template: MinutiaeTemplate) -> Tagged:
    """A Type-9 record of a template, at 197 pixels a centimetre; ``idc``: of the image that it was made of."""
    (view,) = record_of([template], EDITION).views
    rows = [_row(number, each) for number, each in enumerate(view.minutiae, 1)]
    said: list[tuple[int, Subfields]] = [
        (IMPRESSION, _one(impression)),
        (FORMAT, _one(OTHER_FORMAT)),
        (CBEFF, ((INCITS, MINUTIAE_FORMAT, "0"),)),
        (EQUIPMENT, (("NONE", "0"),)),
        (WIDTH, _one(view.size[0])),
        (HEIGHT, _one(view.size[1])),
        (UNITS, _one(PER_CM)),
        (ACROSS, _one(view.resolution[0])),
        (DOWN, _one(view.resolution[1])),
        (VIEW, _one(view.number)),
        (POSITION, _one(view.position)),
        (COUNT, _one(len(rows))),
        *([(MINUTIAE, tuple(rows))] if rows else []),
    ]
    return text_record(TYPE_9, idc, said, PLAIN)


def view_of(message: Message, record: Tagged) -> FingerView | None:
    """The minutiae of a record in the edition ``EDITION``; None where it has not this block, or not as it should be."""
    try:
        return _view(message, record)
    except (ValueError, IndexError, AttributeError):
        return None


def minutiae_count(message: Message, record: Tagged) -> str:
    """How many minutiae a record says that it has, in either form; empty where it does not."""
    return message.text(record, COUNT) or message.text(record, STANDARD_COUNT)


def _view(message: Message, record: Tagged) -> FingerView:
    def number(field: int) -> int:
        return int(message.text(record, field))

    found = record.field(MINUTIAE)
    rows = message.subfields(found) if found else ()
    minutiae = tuple(_minutia(row) for row in rows)
    if len(minutiae) != number(COUNT):
        raise ValueError("they are not as many as it says")
    scale = 1.0 if message.text(record, UNITS) == PER_CM else 1 / CM_AN_INCH
    resolution = (round(number(ACROSS) * scale), round(number(DOWN) * scale))
    size = (number(WIDTH), number(HEIGHT))
    return FingerView(number(POSITION), number(VIEW), number(IMPRESSION), size, resolution, minutiae)


def _row(number: int, minutia: Minutia) -> tuple[str, ...]:
    return tuple(map(str, (number, minutia.x, minutia.y, minutia.angle, minutia.kind, minutia.quality)))


def _minutia(row: Sequence[str]) -> Minutia:
    _, x, y, angle, kind, quality = map(int, row[:6])
    return Minutia(kind, x, y, angle, quality)


def _one(value: object) -> Subfields:
    return ((str(value),),)
