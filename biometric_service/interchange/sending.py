"""An encounter as a transaction, by the profile of whom it is for."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from uuid import uuid4

from biometric_service.capture.files import ImageLimits
from biometric_service.capture.resolution import USUAL
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.interchange.exchange import ExchangeRules
from biometric_service.interchange.itl.characters import PLAIN, UNICODE
from biometric_service.interchange.itl.description import Description, NumberedField, fields_of
from biometric_service.interchange.itl.exceptions import code_of
from biometric_service.interchange.itl.message import Header, Message
from biometric_service.interchange.itl.minutiae import minutiae_record
from biometric_service.interchange.itl.payloads import Compression, face_payload, finger_payload
from biometric_service.interchange.itl.profile import Profile
from biometric_service.interchange.itl.remainder import Remainder, unpacked
from biometric_service.interchange.itl.writing import (
    ImageFacts,
    absent_record,
    binary_finger_record,
    compose,
    face_record,
    finger_record,
    text_record,
)
from biometric_service.vocabulary.references import Encounter, EnrolledSample
from biometric_service.vocabulary.samples import Modality
from biometric_service.vocabulary.templates import MinutiaeTemplate
from device_drivers.records.transactions import IDC, Field, Record, Tagged, tagged

NAMED = re.compile(r"[ -~]{1,199}")
"""What the Type-1 record may name agencies and transactions by: printable ASCII."""
UNKNOWN_IMPRESSION = 29


@dataclass(frozen=True, slots=True)
class Layout:
    """How a transaction is written.

    ``destination``: the agency that it is for (DAI). ``kind``: type of transaction (TOT), empty for the profile's usual
    one. ``control``: its number (TCN), empty for one made here; ``response``: number of the transaction that it answers
    (TCR). ``legacy``: fingers in Type-4 records.
    """

    destination: str
    profile: str = "itl"
    kind: str = ""
    control: str = ""
    response: str = ""
    compression: Compression = Compression.KEPT
    legacy: bool = False


def transaction_of(rules: ExchangeRules, encounter: Encounter, layout: Layout, moment: datetime) -> Message:
    """All that this encounter holds and a transaction can say: whoever lets it go has left out the rest.

    Minutiae are written as Type-9 records. REQUEST_INVALID for names that a transaction cannot hold; what the payloads
    raise of images.
    """
    profile = rules.profile(layout.profile)
    header = _header(rules.agency, layout, profile, moment)
    described = fields_of(_description(encounter, layout), profile)
    plain = all(item.isascii() for fields in described for _, each in fields for items in each for item in items)
    characters = PLAIN if plain else UNICODE
    numbers = count(1)
    texts = [text_record(2, 0 if first else next(numbers), fields, characters) for first, fields in _first(described)]
    images = [*_images(rules, layout, encounter, numbers), *_absent(rules, encounter, numbers)]
    others = _others(encounter, layout, numbers)
    return compose(header, characters, [*texts, *images, *others], f"{moment:%Y%m%d%H%M%SZ}")


def _first(described: Sequence[tuple[NumberedField, ...]]) -> Iterator[tuple[bool, tuple[NumberedField, ...]]]:
    return ((number == 0, fields) for number, fields in enumerate(described))


def _header(agency: str, layout: Layout, profile: Profile, moment: datetime) -> Header:
    kind = layout.kind or profile.usual_transaction
    if profile.rule(kind) is None:
        raise _invalid("The profile does not know this type of transaction.", "Name one that it has.")
    header = Header(
        version=profile.version,
        kind=kind,
        date=f"{moment:%Y%m%d}",
        destination=layout.destination,
        origin=agency,
        control=layout.control or uuid4().hex,
        response=layout.response,
        domain=profile.domain,
    )
    for text in (header.kind, header.destination, header.origin, header.control, header.response or "-"):
        if not NAMED.fullmatch(text):
            raise _invalid("A Type-1 record cannot hold one of these names.", "Use printable ASCII characters.")
    return header


def _description(encounter: Encounter, layout: Layout) -> Description:
    """What was received under the same profile and it does not know goes back too."""
    return Description(
        subject=encounter.subject,
        legal_basis=encounter.circumstances.legal_basis,
        biographic=encounter.circumstances.biographic,
        exceptions=encounter.exceptions,
        kept=_remainder(encounter, layout).fields,
    )


def _remainder(encounter: Encounter, layout: Layout) -> Remainder:
    remainder = unpacked(encounter.circumstances.remarks)
    return remainder if remainder.profile == layout.profile else Remainder()


def _images(rules: ExchangeRules, layout: Layout, encounter: Encounter, numbers: Iterator[int]) -> Iterator[Record]:
    impressions = _remainder(encounter, layout).impressions
    for each in encounter.samples:
        minutiae = [one for one in each.templates if isinstance(one, MinutiaeTemplate)]
        if not each.image and not minutiae:
            continue
        facts = ImageFacts(next(numbers), rules.agency, f"{each.sample.source.captured_at:%Y%m%d}")
        impression = max(impressions.get(each.sample.position.value, UNKNOWN_IMPRESSION), 0)
        if each.image:
            yield _image(rules.image_limits, layout, facts, each, impression)
        yield from (minutiae_record(facts.idc, impression, one) for one in minutiae[-1:])


def _image(limits: ImageLimits, layout: Layout, facts: ImageFacts, kept: EnrolledSample, impression: int) -> Record:
    sample = kept.sample
    if sample.modality is Modality.FACE:
        return face_record(facts, face_payload(kept.image, layout.compression, sample.source, limits), "SRGB")
    payload = finger_payload(kept.image, sample.dpi or USUAL, layout.compression, sample.source, limits)
    if layout.legacy:
        return binary_finger_record(facts.idc, sample.position.value, payload, impression)
    return finger_record(facts, payload, [sample.position.value], impression=impression)


def _absent(rules: ExchangeRules, encounter: Encounter, numbers: Iterator[int]) -> Iterator[Record]:
    for each in encounter.exceptions:
        facts = ImageFacts(next(numbers), rules.agency, f"{encounter.at:%Y%m%d}")
        yield absent_record(facts, each.position, code_of(each))


def _others(encounter: Encounter, layout: Layout, numbers: Iterator[int]) -> Iterator[Record]:
    """Records that came with the person and that nothing here stands for, under new numbers.

    Those of one number keep one.
    """
    given: defaultdict[int, int] = defaultdict(lambda: next(numbers))
    return (_renumbered(record, given[record.idc()]) for record in _remainder(encounter, layout).records)


def _renumbered(record: Record, idc: int) -> Record:
    if not isinstance(record, Tagged):
        return replace(record, data=record.data[:4] + bytes([idc]) + record.data[5:])
    fields = [
        Field(each.tag, b"%02d" % idc) if each.number == IDC else each for each in record.fields if each.number > 1
    ]
    return tagged(record.kind, [(each.number, each.value) for each in fields])


def _invalid(message: str, action: str) -> BiometricServiceError:
    return BiometricServiceError(ErrorCode.REQUEST_INVALID, message, action)
