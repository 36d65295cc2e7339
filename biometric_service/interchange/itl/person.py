"""A message as a person to enrol: a finger each, the face, what could not be captured, and what else it holds."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from biometric_service.capture import tones
from biometric_service.capture.devices import png
from biometric_service.capture.face_records import open_part
from biometric_service.capture.files import ImageLimits, Picture
from biometric_service.capture.polarity import dark_ridges
from biometric_service.capture.resolution import LEAST, MOST, USUAL
from biometric_service.capture.session.scans import SCANS, apart
from biometric_service.capture.slap.checking import SlapAdvice
from biometric_service.errors import FAULTS_OF_AN_IMAGE, BiometricServiceError
from biometric_service.interchange.itl.description import Description, description_of
from biometric_service.interchange.itl.exceptions import exceptions_of
from biometric_service.interchange.itl.images import LATENT, RecordedImage, images_of
from biometric_service.interchange.itl.message import Message
from biometric_service.interchange.itl.profile import Profile
from biometric_service.recognition.requests import GivenImage
from biometric_service.vocabulary.references import CaptureException
from biometric_service.vocabulary.samples import FingerPosition, Modality
from biometric_service.vocabulary.transactions import Hold, Refusal
from device_drivers.records.transaction_images import absent_fingers

ITL = "itl"


@dataclass(frozen=True, slots=True)
class Person:
    """``images``: one of each finger, and the faces. ``exceptions``: fingers of which there is none, and why.

    ``taken``: the places of the records whose whole image is among them; of a slap its fingers are, and not all of it.
    """

    images: tuple[GivenImage, ...]
    exceptions: tuple[CaptureException, ...]
    description: Description
    taken: frozenset[int] = frozenset()


class _Refused(Exception):  # noqa: N818 (never leaves this module)
    def __init__(self, reason: Hold, case: str, /, **values: object) -> None:
        self.refusal = Refusal.of(reason, case, **values)
        super().__init__(str(self.refusal.why))


def person_of(message: Message, profile: Profile, limits: ImageLimits, *, enrolled: bool = True) -> Person | Refusal:
    """Who the message is about, or why that cannot be said.

    A finger is taken from the first record that shows it alone, and out of a slap only where there is none; a face from
    every record that shows it from the front. ``enrolled``: False for a message whose images are not there to be kept.
    """
    description = description_of(message, profile)
    if isinstance(description, Refusal):
        return description
    try:
        return _person(message, description, limits) if enrolled else Person((), (), description)
    except _Refused as refused:
        return refused.refusal


def _person(message: Message, description: Description, limits: ImageLimits) -> Person:
    recorded = [each for each in images_of(message) if each.modality and each.kind != LATENT]
    said = [(each.position, each.code) for each in absent_fingers(message.transaction)]
    absent = (*exceptions_of(said), *description.exceptions)
    portraits = [each for each in recorded if each.modality is Modality.FACE]
    faces = [(each, _face(each, limits)) for each in portraits]
    fingers = list(_fingers([each for each in recorded if each.modality is Modality.FINGERPRINT], absent, limits))
    shown = {each.position for _, each in fingers}
    exceptions = {each.position: each for each in reversed(absent) if each.position not in shown}
    return Person(
        tuple(each for _, each in (*fingers, *faces)),
        tuple(exceptions[position] for position in sorted(exceptions)),
        description,
        frozenset(image.record for image, _ in (*fingers, *faces) if len(_shows(image)) == 1),
    )


def _face(image: RecordedImage, limits: ImageLimits) -> GivenImage:
    return GivenImage(image.file(_opened(image, limits)), Modality.FACE, device=ITL)


def _fingers(
    recorded: Sequence[RecordedImage], absent: Sequence[CaptureException], limits: ImageLimits
) -> Iterator[tuple[RecordedImage, GivenImage]]:
    shown: set[FingerPosition] = set()
    for image in sorted(recorded, key=lambda each: len(_shows(each))):
        wanted = set(_shows(image)) - shown
        if wanted:
            found = [each for each in _on(image, absent, limits) if each.position in wanted]
            shown |= {each.position for each in found} - {FingerPosition.UNKNOWN}
            yield from ((image, each) for each in found)


def _shows(image: RecordedImage) -> tuple[FingerPosition, ...]:
    code = image.positions[0] if image.positions else 0
    fingers = SCANS.get(code) if code else (FingerPosition.UNKNOWN,)
    if not fingers:
        raise _Refused(Hold.POSITION_UNKNOWN, "position", record=image.record)
    return fingers


def _on(image: RecordedImage, absent: Sequence[CaptureException], limits: ImageLimits) -> list[GivenImage]:
    picture, dpi, fingers = _opened(image, limits), _dpi(image), _shows(image)
    if len(fingers) == 1:
        return [GivenImage(image.file(picture), Modality.FINGERPRINT, fingers[0], dpi, ITL)]
    pixels = dark_ridges(tones.grey(picture.image))
    found = apart(pixels, dpi, image.positions[0], {each.position for each in absent})
    if isinstance(found, SlapAdvice):
        raise _Refused(Hold.SLAP_NOT_TAKEN_APART, "image", record=image.record, why=found.advice)
    return [GivenImage(png(each.tip.pixels, dpi), Modality.FINGERPRINT, each.position, dpi, ITL) for each in found]


def _opened(image: RecordedImage, limits: ImageLimits) -> Picture:
    try:
        return open_part(image.part, limits)
    except BiometricServiceError as fault:
        if fault.code not in FAULTS_OF_AN_IMAGE:
            raise
        raise _Refused(Hold.IMAGE_UNREADABLE, "image", record=image.record, why=fault.what) from None


def _dpi(image: RecordedImage) -> float:
    dpi = image.part.raster.dpi or USUAL
    if not LEAST <= dpi <= MOST:
        raise _Refused(Hold.RESOLUTION_UNUSABLE, "dpi", record=image.record, dpi=f"{dpi:g}")
    return dpi
