"""CBEFF records: what is in them, that nothing is lost on the way, and what is refused."""

import base64
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from biometric_service.capture.devices import png
from biometric_service.capture.files import ImageLimits
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.interchange.cbeff.images import person_of_birs
from biometric_service.interchange.cbeff.piv import read_piv, write_piv
from biometric_service.interchange.cbeff.record import (
    ISO_FACE_IMAGE,
    ISO_FINGER_IMAGE,
    SUBTYPES,
    Bir,
    Registered,
)
from biometric_service.interchange.cbeff.xml import read_xml, write_xml
from biometric_service.vocabulary.samples import FingerPosition, Modality
from device_drivers.records import face_images, finger_images
from tests.emulators.benches.bench import ridges
from tests.unit.test_devices_records import face_record

LIMITS = ImageLimits(20_000_000, 50_000_000)
MOMENT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
FINGER = finger_images.written(ridges(64, 48), 500, 2, MOMENT)
DOCUMENT = f"""<?xml version="1.0" encoding="UTF-8"?>
<BIR xmlns="http://standards.iso.org/iso-iec/19785/-3/ed-2/" xmlns:x="urn:somebody">
  <BIRInfo><Integrity>false</Integrity></BIRInfo>
  <!-- right index finger -->
  <BIR>
    <Version><Major>1</Major><Minor>1</Minor></Version>
    <BDBInfo>
      <Format><Organization>Mosip</Organization><Type>7</Type></Format>
      <CreationDate>2019-06-27T13:40:06.209Z</CreationDate>
      <Type>Finger</Type><Subtype>Right IndexFinger</Subtype><Level>Raw</Level><Purpose>Enroll</Purpose>
      <Quality><Algorithm><Organization>HMAC</Organization><Type>SHA-256</Type></Algorithm><Score>83</Score></Quality>
      <x:unheard-of kind="other">kept</x:unheard-of>
    </BDBInfo>
    <BDB>{base64.encodebytes(FINGER).decode()}</BDB>
    <SB>AAAA</SB>
    <others><entry key="EXCEPTION">false</entry><entry key="RETRIES">1</entry></others>
  </BIR>
  <BIR>
    <BDBInfo><FormatOwner>257</FormatOwner><FormatType>7</FormatType><Type>Finger</Type>
    <Subtype>Left RingFinger</Subtype></BDBInfo>
    <others><entry key="EXCEPTION">true</entry></others>
  </BIR>
  <BIR>
    <BDBInfo><Type>Iris</Type><Subtype>Left</Subtype></BDBInfo>
    <BDB>AAAA</BDB>
  </BIR>
</BIR>""".encode()


def refused(data: bytes) -> str:
    with pytest.raises(BiometricServiceError) as caught:
        read_xml(data)
    assert caught.value.code is ErrorCode.RECORD_UNREADABLE
    return caught.value.message


def test_a_document_is_read_and_written_back_equal_in_meaning() -> None:
    found = read_xml(DOCUMENT)
    finger, missing, iris = found.birs
    assert (finger.data, finger.format, finger.quality) == (FINGER, Registered("Mosip", "7"), 83)
    assert (finger.modality, finger.position) == (Modality.FINGERPRINT, FingerPosition.RIGHT_INDEX)
    assert finger.others == {"EXCEPTION": "false", "RETRIES": "1"}
    assert (missing.format, missing.is_exception) == (ISO_FINGER_IMAGE, True)
    assert iris.modality is None
    assert ET.canonicalize(found.encoded().decode()) == ET.canonicalize(DOCUMENT.decode())
    assert b"unheard-of" in found.encoded()
    assert read_xml(found.encoded()) == found


def test_a_person_is_made_of_what_can_be_compared() -> None:
    person = person_of_birs(read_xml(DOCUMENT).birs, LIMITS)
    [image] = person.images
    assert (image.position, image.dpi, image.modality) == (FingerPosition.RIGHT_INDEX, 500, Modality.FINGERPRINT)
    assert [each.position for each in person.exceptions] == [FingerPosition.LEFT_RING]


@pytest.mark.parametrize("position", [each for each in FingerPosition if each])
def test_every_finger_has_its_name(position: FingerPosition) -> None:
    bir = Bir(b"x", ISO_FINGER_IMAGE, ("Finger",), tuple(SUBTYPES[position].split()))
    [read] = read_xml(write_xml([bir]).encoded()).birs
    assert (read, read.position) == (bir, position)


def test_a_face_goes_through_a_document() -> None:
    bir = Bir(face_record(), ISO_FACE_IMAGE, ("Face",), (), "Raw", "Enroll", 90, MOMENT.isoformat(), others={"A": "b"})
    written = write_xml([bir])
    assert written.birs == (bir,)
    [image] = person_of_birs(written.birs, LIMITS).images
    assert image.modality is Modality.FACE


BOMB = b'<!DOCTYPE BIR [<!ENTITY a "aaaaaaaaaa">]><BIR>&a;</BIR>'


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (BOMB, "document type"),
        (b"<BIR>" * 30 + b"</BIR>" * 30, "too deep"),
        (b"<BIR>" + b"<a/>" * 50_000 + b"</BIR>", "too many"),
        (b"<BIR><BIR>", "well-formed"),
        (b"<person/>", "not a BIR"),
        (b"<BIR>" + b"<BIR><BDB>AA==</BDB></BIR>" * 201 + b"</BIR>", "more than 200"),
        (b"<BIR><BDB>not base64!</BDB></BIR>", "Base64"),
        (b"<BIR><BDBInfo><Quality><Score>good</Score></Quality></BDBInfo></BIR>", "no number"),
        (b'<?xml version="1.0" encoding="utf-16"?><BIR/>', "well-formed"),
        (b'<?xml version="1.0" encoding="ATF-8"?><BIR/>', "well-formed"),
    ],
)
def test_what_is_no_document_is_refused_by_name(data: bytes, why: str) -> None:
    assert why in refused(data)


@pytest.mark.parametrize("data", [b"junk", FINGER[:-9], b"FIR\0099\0" + FINGER[8:]])
def test_a_block_that_is_no_image_is_refused(data: bytes) -> None:
    with pytest.raises(BiometricServiceError):
        person_of_birs([Bir(data, ISO_FINGER_IMAGE, ("Finger",))], LIMITS)


def test_images_that_are_small_each_may_be_too_many_together() -> None:
    limits = ImageLimits(100_000, 10_000)
    bir = Bir(png(np.full((100, 100), 255, np.uint8), 500), ISO_FINGER_IMAGE, ("Finger",))
    assert len(person_of_birs([bir] * 4, limits).images) == 4
    with pytest.raises(BiometricServiceError) as caught:
        person_of_birs([bir] * 5, limits)
    assert caught.value.code is ErrorCode.IMAGE_TOO_LARGE


def test_encrypted_data_is_refused() -> None:
    with pytest.raises(BiometricServiceError) as caught:
        person_of_birs([Bir(FINGER, ISO_FINGER_IMAGE, ("Finger",), encrypted=True)], LIMITS)
    assert caught.value.code is ErrorCode.RECORD_UNREADABLE


def test_minutiae_without_an_image_are_refused_as_what_they_are() -> None:
    with pytest.raises(BiometricServiceError, match="minutiae and no image") as caught:
        person_of_birs([Bir(b"FMR\0 20\0", ISO_FINGER_IMAGE, ("Finger",))], LIMITS)
    assert caught.value.code is ErrorCode.RECORD_UNREADABLE


def test_a_binary_header_is_read_and_written_byte_for_byte() -> None:
    bir = Bir(FINGER, ISO_FINGER_IMAGE, ("Finger",), level="Raw", quality=61)
    record = write_piv(bir, "BZPRISON", MOMENT)
    data = record.encoded()
    assert len(data) == 88 + len(FINGER)
    again = read_piv(data)
    assert again == record
    assert (again.bir.data, again.bir.format, again.bir.quality) == (FINGER, ISO_FINGER_IMAGE, 61)
    assert (again.bir.types, again.bir.level, again.bir.created) == (("Finger",), "Raw", MOMENT.isoformat())
    signed = data[:6] + b"\0\3" + data[8:] + b"sig"
    assert read_piv(signed).encoded() == signed
    for wrong in (data[:-1], data + b"x", b"\x04" + data[1:], data[:40]):
        with pytest.raises(BiometricServiceError):
            read_piv(wrong)


def test_a_binary_header_cannot_say_everything() -> None:
    for bir in (Bir(b"x", None, ("Finger",)), Bir(b"x", ISO_FINGER_IMAGE, ("Iris",))):
        with pytest.raises(BiometricServiceError):
            write_piv(bir, "BZPRISON", MOMENT)


@settings(max_examples=100)
@given(changes=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), min_size=1, max_size=4))
def test_damage_anywhere_is_records_or_one_error(changes: list[tuple[int, int]]) -> None:
    data = bytearray(DOCUMENT)
    for at, value in changes:
        data[at % len(data)] = value
    try:
        found = read_xml(bytes(data))
    except BiometricServiceError:
        return
    assert read_xml(found.encoded()) == found


@pytest.mark.shared_data
def test_a_reference_face_record_is_written_back_byte_for_byte(shared_data: Path) -> None:
    data = (shared_data / "interchange" / "face01.iso2005").read_bytes()
    assert face_images.read(data).encoded() == data
