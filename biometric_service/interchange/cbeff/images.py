"""The images in biometric information records: ISO/IEC 19794-4 and -5 records, or plain files."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from biometric_service.capture import refusals, tones
from biometric_service.capture.devices import png
from biometric_service.capture.face_records import open_part
from biometric_service.capture.files import ImageLimits, open_picture
from biometric_service.interchange.cbeff.record import Bir, unreadable
from biometric_service.recognition.requests import GivenImage
from biometric_service.templates.minutiae_fields import MAGIC
from biometric_service.vocabulary.references import CaptureException, ExceptionKind
from biometric_service.vocabulary.samples import FingerPosition, Modality
from device_drivers.pictures import DamagedPictureError
from device_drivers.records import face_images, finger_images
from device_drivers.records.image import RecordPart

CBEFF = "cbeff"
TOGETHER = 4


@dataclass(frozen=True, slots=True)
class BirPerson:
    """What records say of one person: images to enrol or search with, and fingers that could not be captured."""

    images: tuple[GivenImage, ...]
    exceptions: tuple[CaptureException, ...]


def person_of_birs(birs: Sequence[Bir], limits: ImageLimits) -> BirPerson:
    """The person; records of other characteristics than fingers and faces are passed over.

    RECORD_UNREADABLE for data that is encrypted or of a form that is not read; IMAGE_TOO_LARGE for images of more
    pixels than ``TOGETHER`` of the largest, for all of them are decoded at once; and what ``open_part`` raises.
    """
    known = [each for each in birs if each.modality]
    sized = (one for each in known if not each.is_exception for one in _sized(each, limits))
    images = tuple(_together(sized, limits))
    missing = [
        each.position for each in known if each.is_exception and each.modality is Modality.FINGERPRINT and each.position
    ]
    return BirPerson(images, tuple(CaptureException(each, ExceptionKind.MISSING) for each in dict.fromkeys(missing)))


def images_of_bir(bir: Bir, limits: ImageLimits) -> Iterator[GivenImage]:
    """Every image of a record; raises what ``person_of_birs`` raises."""
    return _together(_sized(bir, limits), limits)


def _together(sized: Iterable[tuple[GivenImage, int]], limits: ImageLimits) -> Iterator[GivenImage]:
    left = TOGETHER * limits.max_pixels
    for image, pixels in sized:
        left -= pixels
        if left < 0:
            raise refusals.too_many_together(TOGETHER * limits.max_pixels)
        yield image


def _sized(bir: Bir, limits: ImageLimits) -> Iterator[tuple[GivenImage, int]]:
    """Every image of a record with its number of pixels."""
    if bir.encrypted:
        raise unreadable("its data is encrypted")
    modality = bir.modality
    if modality is None:
        raise unreadable("it shows neither a finger nor a face")
    if bir.data.startswith(MAGIC):
        raise unreadable("it holds minutiae and no image to enrol by")
    parts = _parts(bir.data)
    if parts is None:
        width, height = open_picture(bir.data, limits).image.size
        yield GivenImage(bir.data, modality, bir.position, device=CBEFF), width * height
    for part in parts or ():
        yield _given(part, modality, bir.position, limits), part.raster.width * part.raster.height


def _parts(data: bytes) -> list[RecordPart] | None:
    """The parts of an ISO/IEC record; None where it is none."""
    try:
        if data.startswith(finger_images.MAGIC):
            return [each.part() for each in finger_images.read(data).views]
        if data.startswith(face_images.MAGIC):
            return face_images.parts(data)
    except DamagedPictureError:
        raise unreadable("the image record in it is damaged, or of an edition that is not read") from None
    return None


def _given(part: RecordPart, modality: Modality, said: FingerPosition, limits: ImageLimits) -> GivenImage:
    picture = open_part(part, limits)
    raster = part.raster
    pixels = None if raster.compressed else tones.grey(picture.image) if raster.bits == 8 else tones.bgr(picture.image)  # noqa: PLR2004 (bits of grey)
    data = part.data if pixels is None else png(pixels, raster.dpi)
    if modality is Modality.FACE:
        return GivenImage(data, modality, device=CBEFF)
    inside = FingerPosition(part.position) if part.position in set(FingerPosition) else FingerPosition.UNKNOWN
    return GivenImage(data, modality, said or inside, raster.dpi, CBEFF)
