"""Bytes become a message, or the reason why they cannot."""

from collections.abc import Callable, Sequence

from biometric_service.interchange.itl.characters import STANDARD_SETS, CharacterSets
from biometric_service.interchange.itl.images import COMPRESSIONS, images_of
from biometric_service.interchange.itl.limits import USUAL_LIMITS, RecordLimits
from biometric_service.interchange.itl.message import (
    CHARACTERS,
    CONTROL,
    DATE,
    DESTINATION,
    KIND,
    ORIGIN,
    VERSION,
    Message,
    header_of,
    is_text,
)
from biometric_service.vocabulary.transactions import Hold, Refusal
from device_drivers.pictures import DamagedPictureError
from device_drivers.records.transaction_images import absent_fingers
from device_drivers.records.transactions import DamagedTransactionError, Tagged, Transaction, contents, read

VERSIONS = frozenset({"0200", "0201", "0300", "0400", "0500", "0501", "0502"})
MANDATORY = {VERSION: "VER", KIND: "TOT", DATE: "DAT", DESTINATION: "DAI", ORIGIN: "ORI", CONTROL: "TCN"}
"""What every Type-1 record must say, beside its length and contents."""

Check = Callable[[Message], Refusal | None]


def read_message(
    data: bytes, limits: RecordLimits = USUAL_LIMITS, sets: CharacterSets = STANDARD_SETS
) -> Message | Refusal:
    """A transaction in the traditional encoding, whole and within the limits, or why it is not.

    ``sets``: the character sets that a domain agreed upon beside the standard's. Never raises for whatever bytes.
    """
    refused = limits.of_bytes(data)
    if refused:
        return refused
    if data.lstrip()[:1] == b"<":
        return Refusal.said(Hold.XML_ENCODING, "It is in the XML encoding; send the traditional one.")
    try:
        transaction = read(data)
        return _miscounted(transaction) or _message(transaction, limits, sets)
    except DamagedTransactionError as fault:
        return Refusal.said(Hold(fault.flaw.value), f"{str(fault)[:1].upper()}{str(fault)[1:]}.")


def _miscounted(transaction: Transaction) -> Refusal | None:
    first, *others = transaction.records
    assert isinstance(first, Tagged)
    for number, ((kind, idc), record) in enumerate(zip(contents(first), others, strict=True), 2):
        if record.idc() != idc:
            return Refusal.of(Hold.CONTENTS_MISCOUNTED, "contents", record=number, kind=kind, idc=idc)
    return None


def _message(transaction: Transaction, limits: RecordLimits, sets: CharacterSets) -> Message | Refusal:
    refused = limits.of_records(len(transaction.records)) or _first_lacking(transaction)
    if refused:
        return refused
    first = transaction.records[0]
    assert isinstance(first, Tagged)
    said = first.field(CHARACTERS)
    characters = sets.named(tuple(tuple(each) for each in said.subfields()) if said else ())
    if isinstance(characters, Refusal):
        return characters
    message = Message(transaction, header_of(first), characters)
    checks: Sequence[Check] = (_miswritten, lambda each: _unfit_images(each, limits))
    return next((refused for check in checks if (refused := check(message))), message)


def _first_lacking(transaction: Transaction) -> Refusal | None:
    first = transaction.records[0]
    assert isinstance(first, Tagged)
    for number, name in MANDATORY.items():
        if not first.text(number):
            return Refusal.of(Hold.FIELD_MISSING, "missing", field=f"1.{number:03}", name=name)
    if first.text(VERSION) not in VERSIONS:
        return Refusal.said(Hold.VERSION_UNKNOWN, "Field 1.002 names a version that is not read.")
    return None


def _miswritten(message: Message) -> Refusal | None:
    """Where a text is not of the character set that the transaction names."""
    for number, record in enumerate(message.transaction.records, 1):
        for field in record.fields if isinstance(record, Tagged) else ():
            try:
                if is_text(field):
                    message.characters.decode(field.value)
            except UnicodeDecodeError:
                return Refusal.of(Hold.CHARACTERS_INVALID, "characters", field=field.tag.decode(), record=number)
    return None


def _unfit_images(message: Message, limits: RecordLimits) -> Refusal | None:
    try:
        images = images_of(message)
        absent_fingers(message.transaction)
    except DamagedPictureError as fault:
        return Refusal.said(Hold.FIELD_MALFORMED, f"An image record is not as it must be: {_named_only(fault)}.")
    for image in images:
        if image.compression not in COMPRESSIONS:
            return Refusal.of(Hold.IMAGE_UNREADABLE, "compression", record=image.record)
        if min(image.part.raster.width, image.part.raster.height) <= 0:
            return Refusal.of(Hold.FIELD_MALFORMED, "no_pixels", record=image.record)
    return limits.of_pixels([each.pixels for each in images])


def _named_only(fault: DamagedPictureError) -> str:
    """What is wrong, without the text that stands there, which may name a person."""
    return "a number is not a number" if "should be" in str(fault) else str(fault)
