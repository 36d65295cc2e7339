"""Transactions of real fingers and made-up people, as other agencies send them."""

import io
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from biometric_service.interchange.itl.characters import UNICODE, CharacterSet
from biometric_service.interchange.itl.message import Header, Subfields
from biometric_service.interchange.itl.writing import (
    ImageFacts,
    Payload,
    absent_record,
    compose,
    face_record,
    finger_record,
    text_record,
)
from biometric_service.vocabulary.samples import FingerPosition
from device_drivers.records.transactions import Record, tagged

Pixels = NDArray[np.uint8]
FACTS = ImageFacts(1, "BZPOLICE", "20260304")


def header(kind: str = "ENR", control: str = "TCN-1") -> Header:
    return Header("0502", kind, "20260304", "BZPRISON", "BZPOLICE", control, "", "", ("BZ-JUSTICE", "1.0"))


def facts(idc: int) -> ImageFacts:
    return ImageFacts(idc, FACTS.source, FACTS.day)


def raw(pixels: Pixels, dpi: float = 500) -> Payload:
    return Payload(pixels.tobytes(), "NONE", pixels.shape[1], pixels.shape[0], dpi)


def png(pixels: Pixels) -> Payload:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return Payload(file.getvalue(), "PNG", pixels.shape[1], pixels.shape[0], None)


def described(fields: Mapping[int, Subfields], characters: CharacterSet = UNICODE) -> Record:
    return text_record(2, 0, list(fields.items()), characters)


def finger(idc: int, position: int, pixels: Pixels) -> Record:
    return finger_record(facts(idc), raw(pixels), [position], impression=3)


def latent(idc: int, pixels: Pixels, positions: Sequence[int] = (0,)) -> Record:
    return finger_record(facts(idc), raw(pixels), positions, impression=4, kind=13)


def absent(idc: int, position: int, code: str) -> Record:
    return absent_record(facts(idc), FingerPosition(position), code)


def face(idc: int, pixels: Pixels) -> Record:
    return face_record(facts(idc), png(pixels), "SRGB")


def picture(idc: int, pixels: Pixels, shows: str, said: Mapping[int, bytes] = MappingProxyType({})) -> Record:
    """A Type-10 record of what ``shows`` names (IMT), with what is ``said`` of the pose in other fields."""
    made = face_record(facts(idc), png(pixels), "SRGB")
    values = {each.number: each.value for each in made.fields if each.number > 1} | {3: shows.encode()}
    return tagged(10, sorted({**values, **said}.items()))


def transaction(records: Sequence[Record], kind: str = "ENR", control: str = "TCN-1") -> bytes:
    return compose(header(kind, control), UNICODE, records, "20260304050607Z").encoded()


PERSON: Mapping[int, Subfields] = {
    3: (("BZ-4711",),),
    10: (("Núñez", "Ana"),),
    11: (("Nunez", "A."), ("Neal", "Anna")),
    12: (("19900102",),),
    13: (("F",),),
    55: (("not of the profile", "two items"), ("and two subfields",)),
}
"""A Type-2 record of the Belize profile, with a field that it does not know."""
