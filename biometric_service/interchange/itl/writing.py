"""Messages are composed: records with their lengths and IDCs, and a Type-1 record whose contents are those."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.interchange.itl.characters import CharacterSet
from biometric_service.interchange.itl.message import (
    CHARACTERS,
    CONTENTS,
    CONTROL,
    DATE,
    DESTINATION,
    DOMAIN,
    GREENWICH,
    KIND,
    NATIVE,
    NOMINAL,
    ORIGIN,
    PRIORITY,
    RESPONSE,
    VERSION,
    Header,
    Message,
    Subfields,
)
from biometric_service.vocabulary.samples import FingerPosition
from device_drivers.records.transaction_images import TYPE_4
from device_drivers.records.transactions import DATA, FS, GS, IDC, RS, US, Binary, Record, Tagged, Transaction, tagged

NO_SCALE = b"00.00"
NO_POSITION, AT_NATIVE = 255, 0
TYPE_4_CODES = {"NONE": 0, "WSQ20": 1}
SEPARATORS = frozenset(b"".join((FS, GS, RS, US)).decode())
Values = Mapping[int, bytes]


@dataclass(frozen=True, slots=True)
class Payload:
    """An image as it is put into a record. ``code``: of its compression (CGA), as ``images.COMPRESSIONS``.

    ``dpi``: pixels an inch, None for a face. ``data``: bytes of a file of that kind, or pixels in row order.
    """

    data: bytes
    code: str
    width: int
    height: int
    dpi: float | None


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """What the record of an image says beside it. ``day``: of the capture, YYYYMMDD. ``idc``: its number, 1 to 99."""

    idc: int
    source: str
    day: str


def compose(header: Header, characters: CharacterSet, records: Sequence[Record], moment: str = "") -> Message:
    """A transaction of these records in this order; ``moment``: of now, as YYYYMMDDHHMMSSZ, empty to leave it out."""
    values = {
        VERSION: header.version.encode(),
        CONTENTS: _contents(records),
        KIND: header.kind.encode(),
        DATE: header.date.encode(),
        PRIORITY: header.priority.encode(),
        DESTINATION: header.destination.encode(),
        ORIGIN: header.origin.encode(),
        CONTROL: header.control.encode(),
        RESPONSE: header.response.encode(),
        NATIVE: _scale(records),
        NOMINAL: _scale(records),
        DOMAIN: b"\x1f".join(each.encode() for each in header.domain) if header.domain[0] else b"",
        GREENWICH: moment.encode(),
        CHARACTERS: RS.join(US.join(item.encode() for item in each) for each in characters.said),
    }
    first = tagged(1, [(number, value) for number, value in values.items() if value])
    return Message(Transaction((first, *records)), header, characters)


def excerpt(transaction: Transaction, records: Sequence[Record]) -> Transaction:
    """A transaction of some of another's records, with all else that its Type-1 record says."""
    first = transaction.records[0]
    assert isinstance(first, Tagged)
    said = [(each.number, each.value) for each in first.fields if each.number > 1 and each.number != CONTENTS]
    return Transaction((tagged(1, sorted([*said, (CONTENTS, _contents(records))])), *records))


def _contents(records: Sequence[Record]) -> bytes:
    contents = [(b"1", b"%d" % len(records)), *((b"%d" % each.kind, b"%02d" % each.idc()) for each in records)]
    return RS.join(US.join(each) for each in contents)


def text_record(kind: int, idc: int, fields: Sequence[tuple[int, Subfields]], characters: CharacterSet) -> Tagged:
    """A record of text fields; REQUEST_INVALID for a text that its character set or the encoding cannot hold."""
    values = [(number, _encoded(kind, number, subfields, characters)) for number, subfields in fields]
    return tagged(kind, [(IDC, b"%02d" % idc), *values])


def finger_record(
    facts: ImageFacts, payload: Payload, positions: Sequence[int], *, impression: int, kind: int = 14
) -> Tagged:
    """A Type-14 record of a finger or slap, or a Type-13 one of a latent."""
    return _image(kind, facts, payload, {3: b"%d" % impression, 13: RS.join(b"%d" % each for each in positions)})


def absent_record(facts: ImageFacts, position: FingerPosition, code: str) -> Tagged:
    """A Type-14 record that says why there is no image of a finger; ``code``: XX or UP."""
    fields = {
        IDC: b"%02d" % facts.idc,
        3: b"0",
        4: facts.source.encode(),
        5: facts.day.encode(),
        13: b"%d" % position,
        18: US.join((b"%d" % position, code.encode())),
    }
    return tagged(14, sorted(fields.items()))


def binary_finger_record(idc: int, position: int, payload: Payload, impression: int) -> Binary:
    """A Type-4 record of a finger at 500 pixels an inch; REQUEST_INVALID for a compression that it cannot name."""
    if payload.code not in TYPE_4_CODES:
        message = f"A Type-4 record cannot hold an image in {payload.code}."
        raise BiometricServiceError(ErrorCode.REQUEST_INVALID, message, "Export it in WSQ, or in a Type-14 record.")
    head = (idc, impression, bytes([position, *[NO_POSITION] * 5]), AT_NATIVE, payload.width, payload.height)
    size = TYPE_4.size + len(payload.data)
    return Binary(4, TYPE_4.pack(size, *head, TYPE_4_CODES[payload.code]) + payload.data)


def face_record(facts: ImageFacts, payload: Payload, colours: str) -> Tagged:
    """A Type-10 record of a face; ``colours``: SRGB, or GRAY for a picture without colours."""
    fields = _common(facts, payload) | {3: b"FACE", 12: colours.encode()}
    return tagged(10, [*sorted(fields.items()), (DATA, payload.data)])


def _image(kind: int, facts: ImageFacts, payload: Payload, more: Values) -> Tagged:
    fields = {**_common(facts, payload), 12: b"8", **more}
    return tagged(kind, [*sorted(fields.items()), (DATA, payload.data)])


def _common(facts: ImageFacts, payload: Payload) -> dict[int, bytes]:
    per_inch = round(payload.dpi) if payload.dpi else 1
    return {
        IDC: b"%02d" % facts.idc,
        4: facts.source.encode(),
        5: facts.day.encode(),
        6: b"%d" % payload.width,
        7: b"%d" % payload.height,
        8: b"1" if payload.dpi else b"0",
        9: b"%d" % per_inch,
        10: b"%d" % per_inch,
        11: payload.code.encode(),
    }


def _scale(records: Sequence[Record]) -> bytes:
    """Type-4 images are of 500 pixels an inch, 19.69 a millimetre; where there are none nothing is stated."""
    return b"19.69" if any(each.kind == 4 for each in records) else NO_SCALE  # noqa: PLR2004 (a Type)


def _encoded(kind: int, number: int, subfields: Subfields, characters: CharacterSet) -> bytes:
    if SEPARATORS & {letter for each in subfields for item in each for letter in item}:
        raise _unwritable(kind, number, "holds a character that separates fields")
    try:
        return RS.join(US.join(map(characters.encode, each)) for each in subfields)
    except UnicodeEncodeError:
        raise _unwritable(kind, number, "holds a character that its character set lacks") from None


def _unwritable(kind: int, number: int, what: str) -> BiometricServiceError:
    message = f"Field {kind}.{number:03} cannot be written: it {what}."
    return BiometricServiceError(ErrorCode.REQUEST_INVALID, message, "Correct what is kept of the person.")
