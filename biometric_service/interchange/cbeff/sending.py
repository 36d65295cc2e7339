"""The images of an encounter as biometric information records: ISO/IEC 19794-4 and -5 records within XML."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from biometric_service.capture.face_records import FaceRecord, write_face
from biometric_service.capture.files import ImageLimits
from biometric_service.capture.images import decode
from biometric_service.interchange.cbeff.record import (
    EXCEPTION,
    ISO_FACE_IMAGE,
    ISO_FINGER_IMAGE,
    SUBTYPES,
    Bir,
)
from biometric_service.interchange.cbeff.xml import write_xml
from biometric_service.vocabulary.references import Encounter, EnrolledSample
from biometric_service.vocabulary.samples import FingerPosition, Modality
from device_drivers.records import finger_images

RAW, ENROL = "Raw", "Enroll"


def document_of(encounter: Encounter, limits: ImageLimits) -> bytes:
    """The images of an encounter as CBEFF in XML, and its exceptions; empty where there is none of either."""
    birs = list(birs_of(encounter, limits))
    return write_xml(birs).encoded() if birs else b""


def birs_of(encounter: Encounter, limits: ImageLimits) -> Iterator[Bir]:
    """A record for each image, without loss, and for each finger that could not be captured."""
    for each in encounter.samples:
        if each.image:
            yield _bir(each, limits)
    for exception in encounter.exceptions:
        subtypes = tuple(SUBTYPES[exception.position].split())
        yield Bir(b"", ISO_FINGER_IMAGE, ("Finger",), subtypes, RAW, ENROL, others={EXCEPTION: "true"})


def _bir(kept: EnrolledSample, limits: ImageLimits) -> Bir:
    sample = kept.sample
    moment, position = sample.source.captured_at, sample.position
    decoded = decode(kept.image, sample.modality, position, sample.dpi, sample.source, limits)
    if sample.modality is Modality.FACE:
        face = write_face(decoded.pixels, FaceRecord.ISO_19794_5, moment, "")
        bir = Bir(face, ISO_FACE_IMAGE, ("Face",))
    else:
        assert decoded.dpi
        data = finger_images.written(np.ascontiguousarray(decoded.pixels), decoded.dpi, position.value, moment)
        subtypes = tuple(SUBTYPES[position].split()) if position is not FingerPosition.UNKNOWN else ()
        bir = Bir(data, ISO_FINGER_IMAGE, ("Finger",), subtypes)
    return replace(bir, level=RAW, purpose=ENROL, quality=round(kept.quality), created=moment.isoformat())
