"""CBEFF records, in XML and with a PIV header, with ISO/IEC 19794-4 and -5 image records in them."""

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np

from benchmarks.fuzz.target import Target
from biometric_service.capture.files import ImageLimits
from biometric_service.interchange.cbeff.images import person_of_birs
from biometric_service.interchange.cbeff.piv import is_piv, read_piv, write_piv
from biometric_service.interchange.cbeff.record import ISO_FACE_IMAGE, ISO_FINGER_IMAGE, Bir
from biometric_service.interchange.cbeff.xml import read_xml, write_xml
from device_drivers.records import face_images, finger_images

LIMITS = ImageLimits(100_000, 1_000_000)
MOMENT = datetime(2026, 3, 4, tzinfo=UTC)


def exercise(data: bytes) -> None:
    """What is read is written back: byte for byte with a binary header, and to the same records in XML."""
    if is_piv(data):
        record = read_piv(data)
        assert record.encoded() == data
        person_of_birs([record.bir], LIMITS)
    else:
        found = read_xml(data)
        assert read_xml(found.encoded()) == found
        person_of_birs(found.birs, LIMITS)


def seeds() -> Iterator[bytes]:
    """A finger and a face in either form, and an exception."""
    pixels = np.full((20, 16), 128, np.uint8)
    finger = Bir(finger_images.written(pixels, 500, 2, MOMENT), ISO_FINGER_IMAGE, ("Finger",), ("Right", "IndexFinger"))
    face = Bir(face_images.written(b"\xff\x4f\xff\x51", 16, 20, MOMENT), ISO_FACE_IMAGE, ("Face",), level="Raw")
    absent = Bir(b"", ISO_FINGER_IMAGE, ("Finger",), ("Left", "Thumb"), others={"EXCEPTION": "true"})
    yield write_xml([finger, face, absent]).encoded()
    for each in (finger, face):
        yield write_xml([each]).encoded()
        yield write_piv(each, "FUZZING", MOMENT).encoded()


TARGET = Target(exercise, seeds)
