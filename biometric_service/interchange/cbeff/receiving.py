"""Biometric information records, and ISO/IEC 19794-4 and -5 records alone, as a person to enrol."""

from collections.abc import Sequence

from biometric_service.errors import FAULTS_OF_AN_IMAGE, BiometricServiceError, ErrorCode
from biometric_service.interchange.cbeff.images import person_of_birs
from biometric_service.interchange.cbeff.piv import is_piv, read_piv
from biometric_service.interchange.cbeff.record import ISO_FACE_IMAGE, ISO_FINGER_IMAGE, Bir
from biometric_service.interchange.cbeff.xml import is_xml, read_xml
from biometric_service.interchange.exchange import ExchangeRules
from biometric_service.interchange.itl.description import Description
from biometric_service.interchange.itl.person import Person
from biometric_service.vocabulary.transactions import Hold, Refusal
from device_drivers.records import face_images, finger_images

XML_TRANSACTION = b"NISTBiometricInformationExchangePackage"
HOLDS = {ErrorCode.RECORD_UNREADABLE: Hold.RECORD_UNREADABLE} | dict.fromkeys(FAULTS_OF_AN_IMAGE, Hold.IMAGE_UNREADABLE)


def is_biometric_record(data: bytes) -> bool:
    """Whether the bytes are to be read as such a record, and not as a transaction."""
    alone = data.startswith((finger_images.MAGIC, face_images.MAGIC))
    return alone or is_piv(data) or (is_xml(data) and XML_TRANSACTION not in data[:1000])


def person_of_record(data: bytes, rules: ExchangeRules) -> Person | Refusal:
    """Who is in the record, or why that cannot be said."""
    refused = rules.limits.of_bytes(data)
    if refused:
        return refused
    try:
        found = person_of_birs(_birs(data), rules.image_limits)
    except BiometricServiceError as fault:
        if fault.code not in HOLDS:
            raise
        return Refusal(HOLDS[fault.code], fault.what)
    if not found.images:
        return Refusal.said(Hold.NOTHING_TO_KEEP, "It holds neither a finger nor a face.")
    return Person(found.images, found.exceptions, Description())


def _birs(data: bytes) -> Sequence[Bir]:
    if data.startswith(finger_images.MAGIC):
        return [Bir(data, ISO_FINGER_IMAGE, ("Finger",))]
    if data.startswith(face_images.MAGIC):
        return [Bir(data, ISO_FACE_IMAGE, ("Face",))]
    return [read_piv(data).bir] if is_piv(data) else read_xml(data).birs
