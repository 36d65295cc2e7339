"""What the files of a person that agencies exchange hold, taken apart for whoever looks at what leaves or came."""

from collections.abc import Container, Iterator
from dataclasses import dataclass

from biometric_service.capture.face_records import open_part
from biometric_service.errors import BiometricServiceError
from biometric_service.interchange.cbeff.images import person_of_birs
from biometric_service.interchange.cbeff.record import Bir
from biometric_service.interchange.cbeff.xml import is_xml, read_xml
from biometric_service.interchange.exchange import ExchangeRules
from biometric_service.interchange.itl.description import LENGTH, TYPE_2, missing_fields
from biometric_service.interchange.itl.images import RecordedImage, images_of
from biometric_service.interchange.itl.message import Message
from biometric_service.interchange.itl.minutiae import TYPE_9, view_of
from biometric_service.interchange.itl.profile import Profile
from biometric_service.interchange.itl.reading import read_message
from biometric_service.interchange.itl.summary import text_of
from biometric_service.vocabulary.samples import FingerPosition, Modality
from biometric_service.vocabulary.transactions import Refusal
from device_drivers.records.transaction_images import absent_fingers
from device_drivers.records.transactions import IDC, Record, Tagged, is_transaction

HEADER = 1
NO_FORM = "It is neither an ANSI/NIST-ITL transaction nor CBEFF in XML."


@dataclass(frozen=True, slots=True)
class Part:
    """An image or a template. ``modality``: None for what is neither a finger nor a face.

    ``position``: UNKNOWN where it is not of one finger. ``form``: in words. ``size``: bytes in the file,
    0 where a whole record is told of instead. ``data``: of an image, as a file of a usual kind or, where it cannot be
    decoded, as it lies there.
    """

    modality: Modality | None
    position: FingerPosition
    form: str
    size: int
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Contents:
    """All that a file holds of a person. ``facts``: each text by its name. ``fault``: why it cannot be read.

    ``lacks``: what the domain profile makes mandatory and is not there, each with what it means.
    """

    facts: tuple[tuple[str, str], ...] = ()
    images: tuple[Part, ...] = ()
    templates: tuple[Part, ...] = ()
    fault: str = ""
    lacks: tuple[str, ...] = ()


def contents_of(data: bytes, rules: ExchangeRules, profile: str) -> Contents:
    """What a file holds; never raises for whatever bytes.

    ``profile``: domain profile that says what the fields of transactions mean; one that is gone says nothing.
    """
    try:
        if is_transaction(data):
            return _transaction(data, rules, _profile(rules, profile))
        return _document(data, rules) if is_xml(data) else Contents(fault=NO_FORM)
    except BiometricServiceError as fault:
        return Contents(fault=fault.message)


def _profile(rules: ExchangeRules, name: str) -> Profile | None:
    try:
        return rules.profile(name)
    except BiometricServiceError:
        return None


def _transaction(data: bytes, rules: ExchangeRules, profile: Profile | None) -> Contents:
    read = read_message(data, rules.limits, profile.sets) if profile else read_message(data, rules.limits)
    if isinstance(read, Refusal):
        return Contents(fault=str(read.why))
    images, templates = images_of(read), [each for each in read.records(TYPE_9) if isinstance(each, Tagged)]
    return Contents(
        tuple(_told(read, {each.record for each in images}, profile)),
        tuple(_image(each, rules) for each in images),
        tuple(_template(read, each) for each in templates),
        lacks=tuple(_lacks(read, profile)) if profile else (),
    )


def _lacks(message: Message, profile: Profile) -> Iterator[str]:
    for number in missing_fields(message, profile):
        yield f"2.{number:03} {profile.fields[number].means}"


def _told(message: Message, pictured: Container[int], profile: Profile | None) -> Iterator[tuple[str, str]]:
    """What is neither the header nor an image nor a template; ``pictured``: the places of records with an image."""
    for number, record in enumerate(message.transaction.records, 1):
        if record.kind not in {HEADER, TYPE_9} and number not in pictured:
            yield from _facts(message, record, profile)
    for absent in absent_fingers(message.transaction):
        yield f"FGP {absent.position}", absent.code


def _facts(message: Message, record: Record, profile: Profile | None) -> Iterator[tuple[str, str]]:
    """The texts of a Type-2 record by what the profile calls them; of another record how large it is."""
    if record.kind != TYPE_2 or not isinstance(record, Tagged):
        yield f"Type-{record.kind}", f"{len(record.encoded()):,} bytes"
        return
    rules = profile.fields if profile else {}
    for field in record.fields:
        if field.number not in {LENGTH, IDC}:
            means = f" {rules[field.number].means}" if field.number in rules else ""
            yield f"{field.tag.decode()}{means}", text_of(message, field)


def _image(image: RecordedImage, rules: ExchangeRules) -> Part:
    try:
        data = image.file(open_part(image.part, rules.image_limits))
    except BiometricServiceError:
        data = image.part.data
    position, raster = _finger(image.positions), image.part.raster
    said = [f"Type-{image.kind}", image.compression, *([f"{raster.dpi:g} dpi"] if raster.dpi else [])]
    if image.positions and position is FingerPosition.UNKNOWN:
        said.append(f"FGP {' '.join(map(str, image.positions))}")
    return Part(image.shows, position, " · ".join(said), len(image.part.data), data)


def _template(message: Message, record: Tagged) -> Part:
    view = view_of(message, record)
    position = _finger((view.position,)) if view else FingerPosition.UNKNOWN
    return Part(Modality.FINGERPRINT, position, f"Type-{TYPE_9}", len(record.encoded()))


def _finger(positions: tuple[int, ...]) -> FingerPosition:
    known = len(positions) == 1 and positions[0] in set(FingerPosition)
    return FingerPosition(positions[0]) if known else FingerPosition.UNKNOWN


def _document(data: bytes, rules: ExchangeRules) -> Contents:
    birs = read_xml(data).birs
    images = (
        Part(each.modality, each.position, f"{each.dpi:g} dpi" if each.dpi else "", 0, each.data)
        for each in person_of_birs(birs, rules.image_limits).images
    )
    return Contents(tuple(map(_record, birs)), tuple(images))


def _record(bir: Bir) -> tuple[str, str]:
    """A record by what it is of: no finger where it says so, else when it was made, its quality and its size."""
    if bir.is_exception:
        said = ["EXCEPTION"]
    else:
        quality = "" if bir.quality is None else f"quality {bir.quality}"
        said = [each for each in (bir.created, quality, f"{len(bir.data):,} bytes") if each]
    return " ".join((*bir.types, *bir.subtypes)), " · ".join(said)
