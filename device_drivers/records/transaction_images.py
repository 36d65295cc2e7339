"""The images of an ANSI/NIST-ITL transaction: Types 4, 10, 13, 14, 15."""

import struct
from collections.abc import Iterator
from dataclasses import replace

from device_drivers.pictures import DamagedPictureError
from device_drivers.protocol import Characteristic
from device_drivers.records.image import INCHES_IN_A_CENTIMETRE, AbsentFinger, Raster, RecordImage, RecordPart
from device_drivers.records.transactions import DATA, Binary, Record, Tagged, Transaction

TYPE_4 = struct.Struct(">IBB6sBHHB")
LEAST_DPI, NATIVE = 500.0, 11
MILLIMETRES_IN_AN_INCH = 25.4
WIDTH, HEIGHT, UNITS, ACROSS, COMPRESSION, BITS, FINGER, AMPUTATED = 6, 7, 8, 9, 11, 12, 13, 18
ABSENT = frozenset({"XX", "UP"})
FACE_BITS = 24
TYPE_14, TYPE_10, IMAGE_TYPE, OF_A_FACE = 14, 10, 3, "FACE"
POSE, OFFSET, ANGLES, UNIT = 20, 21, 24, "\x1f"
FROM_THE_FRONT, MOST_TURNED = frozenset({"", "F"}), 15
"""Poses (POS) of a face from the front, or of which nothing is said; and degrees to the side that still are."""
PLAIN = frozenset({"NONE", "0"})
SHOWS = {
    4: Characteristic.FINGERPRINT,
    TYPE_10: Characteristic.FACE,
    13: Characteristic.FINGERPRINT,
    TYPE_14: Characteristic.FINGERPRINT,
    15: None,
}


def images(transaction: Transaction) -> list[RecordImage]:
    """Its images in order; DamagedPictureError where one of them cannot be read.

    A Type-14 record of a finger that was amputated or bandaged (Field 14.018) has none; the others tell of it.
    """
    absent = absent_fingers(transaction)
    return [replace(part.image(), absent=absent) for part in parts(transaction)]


def parts(transaction: Transaction) -> list[RecordPart]:
    """Its images in order, not decoded yet; DamagedPictureError where a record says nothing that can be read."""
    native = native_dpi(transaction.records[0])
    return [part for record in transaction.records for part in parts_of(record, native)]


def absent_fingers(transaction: Transaction) -> tuple[AbsentFinger, ...]:
    """The fingers that Fields 14.018 say were amputated or could not be printed."""
    slaps = [each for each in transaction.records if isinstance(each, Tagged) and each.kind == TYPE_14]
    said = [items for each in slaps for items in _absent(each)]
    return tuple(dict.fromkeys(AbsentFinger(_number(finger), code) for finger, code, *_ in said))


def _absent(record: Tagged) -> list[list[str]]:
    field = record.field(AMPUTATED)
    return [items for items in field.subfields() if len(items) > 1 and items[1] in ABSENT] if field else []


def tells_of_absence_alone(record: Record) -> bool:
    """Whether a record has no image and says only why there is none of a finger."""
    return record.kind == TYPE_14 and isinstance(record, Tagged) and not record.field(DATA) and bool(_absent(record))


def parts_of(record: Record, native: float) -> Iterator[RecordPart]:
    """The image of one record, if it has one; ``native``: pixels an inch at which Type-4 images were scanned.

    DamagedPictureError as ``parts``.
    """
    if record.kind not in SHOWS:
        return
    shown = compared_as(record)
    if isinstance(record, Binary):
        yield _of_type_4(record, native)
        return
    data = record.field(DATA)
    if data is not None:
        position = _number(record.text(FINGER).split("\x1e")[0], 0) if shown is Characteristic.FINGERPRINT else 0
        yield RecordPart(data.value, _raster(record), shown, position, f"Type-{record.kind}")


def shows(record: Record) -> Characteristic | None:
    """What an image in the record is of; a Type-10 record may show a scar or a tattoo (Field 10.003).

    None for what is neither a finger nor a face.
    """
    other = isinstance(record, Tagged) and record.kind == TYPE_10 and record.text(IMAGE_TYPE) != OF_A_FACE
    return None if other else SHOWS.get(record.kind)


def compared_as(record: Record) -> Characteristic | None:
    """As what an image in the record can be compared; None also for a face in profile."""
    return None if _is_turned(record) else shows(record)


def _is_turned(record: Record) -> bool:
    """Whether the pose (POS), its angle (POA) or the yaw (SPA) says that a face is not from the front.

    The type of image (IMT) and the acquisition profile (SAP) tell no front from a profile.
    """
    if not isinstance(record, Tagged) or record.kind != TYPE_10:
        return False
    angles = (record.text(OFFSET), record.text(ANGLES).split(UNIT)[0])
    turned = any(abs(_number(each, 0)) > MOST_TURNED for each in angles)
    return turned or record.text(POSE).strip().upper() not in FROM_THE_FRONT


def _of_type_4(record: Binary, native: float) -> RecordPart:
    try:
        _, _, _, positions, at_native, width, height, compression = TYPE_4.unpack_from(record.data)
    except struct.error:
        raise DamagedPictureError("its Type-4 record is cut short") from None
    raster = Raster(width, height, native if at_native else LEAST_DPI, compression != 0)
    return RecordPart(record.data[TYPE_4.size :], raster, Characteristic.FINGERPRINT, positions[0], "Type-4")


def _raster(record: Tagged) -> Raster:
    bits = (
        _number(record.text(BITS), 8) if record.kind != TYPE_10 else FACE_BITS
    )  # of Type-10, Field 12 is the colour space
    compressed = record.text(COMPRESSION) not in PLAIN
    return Raster(_number(record.text(WIDTH)), _number(record.text(HEIGHT)), _dpi(record), compressed, bits)


def _dpi(record: Tagged) -> float | None:
    """Pixels an inch; None of a face, and where the record states no unit."""
    across = _number(record.text(ACROSS), 0)
    units = {"1": 1.0, "2": INCHES_IN_A_CENTIMETRE}.get(record.text(UNITS))
    return None if record.kind == TYPE_10 or not across or units is None else across * units


def native_dpi(first: Record) -> float:
    """Pixels an inch that the Type-1 record states for Type-4 images; 500 where it states none."""
    assert isinstance(first, Tagged)
    try:
        return round(float(first.text(NATIVE)) * MILLIMETRES_IN_AN_INCH) or LEAST_DPI
    except ValueError:
        return LEAST_DPI


def _number(text: str, default: int | None = None) -> int:
    try:
        return int(text)
    except ValueError:
        if default is None:
            raise DamagedPictureError(f"{text!r} stands where a number should") from None
        return default
