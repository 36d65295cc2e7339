"""Whatever file another agency sends: of what form it is, what it holds, and how it is written back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from biometric_service.capture.face_records import open_part
from biometric_service.capture.files import ImageLimits, open_picture
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.interchange.cbeff.piv import is_piv, read_piv
from biometric_service.interchange.cbeff.receiving import XML_TRANSACTION
from biometric_service.interchange.cbeff.record import Bir, unreadable
from biometric_service.interchange.cbeff.xml import is_xml, read_xml
from biometric_service.interchange.exchange import ExchangeRules
from biometric_service.interchange.itl.reading import read_message
from biometric_service.interchange.itl.summary import Summary, summary_of
from biometric_service.templates.minutiae_fields import MAGIC as MINUTIAE
from biometric_service.templates.minutiae_records import read_record, write_record
from biometric_service.vocabulary.references import Json
from biometric_service.vocabulary.transactions import Refusal
from device_drivers.pictures import DamagedPictureError
from device_drivers.records import face_images, finger_images
from device_drivers.records.image import RecordPart
from device_drivers.records.transactions import is_transaction
from device_drivers.wsq.segments import is_wsq

FORMS = (
    "ANSI/NIST-ITL transactions; CBEFF records (XML, PIV); ISO/IEC 19794-4 and -5 image records; ISO/IEC 19794-2 and "
    "ANSI 378 minutiae records; images (WSQ, PNG, JPEG, JPEG 2000, TIFF, BMP, WebP, GIF)"
)
"""Those that are read."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that was read. ``form``: in words. ``encoded``: it written back, equal in meaning to what was read."""

    form: str
    content: Summary | Mapping[str, Json]
    encoded: bytes


def open_record(data: bytes, rules: ExchangeRules, profile: str = "itl") -> Opened:
    """What the bytes hold; TRANSACTION_UNREADABLE, RECORD_UNREADABLE, TEMPLATE_INVALID, what ``open_picture`` raises.

    ``profile``: domain profile, whose character sets are read. RECORD_UNREADABLE names the forms that are known.
    """
    readers: tuple[tuple[bool, Callable[[], Opened]], ...] = (
        (is_transaction(data) or XML_TRANSACTION in data[:1000], lambda: _transaction(data, rules, profile)),
        (data.startswith(MINUTIAE), lambda: _minutiae(data)),
        (data.startswith(finger_images.MAGIC), lambda: _fingers(data, rules.image_limits)),
        (data.startswith(face_images.MAGIC), lambda: _faces(data, rules.image_limits)),
        (is_xml(data), lambda: _xml(data)),
        (is_piv(data), lambda: _piv(data)),
    )
    reader = next((reader for fits, reader in readers if fits), lambda: _picture(data, rules.image_limits))
    return reader()


def _transaction(data: bytes, rules: ExchangeRules, profile: str) -> Opened:
    message = read_message(data, rules.limits, rules.profile(profile).sets)
    if isinstance(message, Refusal):
        action = f"Ask the sender for a whole file ({message.reason.value})."
        raise BiometricServiceError(ErrorCode.TRANSACTION_UNREADABLE, message.why, action)
    return Opened("ANSI/NIST-ITL transaction", summary_of(message, rules.image_limits), message.encoded())


def _minutiae(data: bytes) -> Opened:
    record = read_record(data, strict=False)
    views: list[Json] = [
        {
            "position": view.position,
            "impression": view.impression,
            "width": view.size[0],
            "height": view.size[1],
            "quality": view.quality,
            "minutiae": len(view.minutiae),
        }
        for view in record.views
    ]
    return Opened(record.edition.value, {"views": views}, write_record(record))


def _fingers(data: bytes, limits: ImageLimits) -> Opened:
    try:
        record = finger_images.read(data)
    except DamagedPictureError as fault:
        raise unreadable(str(fault)) from None
    views: list[Json] = [_part(each.part(), limits) for each in record.views]
    return Opened(f"ISO/IEC 19794-4:{record.edition}", {"views": views}, record.encoded())


def _faces(data: bytes, limits: ImageLimits) -> Opened:
    try:
        record = face_images.read(data)
    except DamagedPictureError as fault:
        raise unreadable(str(fault)) from None
    views: list[Json] = [_part(each.part(), limits) for each in record.views]
    return Opened(f"ISO/IEC 19794-5:{record.edition}", {"views": views}, record.encoded())


def _part(part: RecordPart, limits: ImageLimits) -> Json:
    open_part(part, limits)
    raster = part.raster
    said: dict[str, Json] = {"width": raster.width, "height": raster.height, "bytes": len(part.data)}
    return {"position": part.position, "dpi": raster.dpi, **said} if raster.dpi else said


def _xml(data: bytes) -> Opened:
    found = read_xml(data)
    records: list[Json] = [_bir(each) for each in found.birs]
    return Opened("CBEFF, XML patron format", {"records": records}, found.encoded())


def _piv(data: bytes) -> Opened:
    record = read_piv(data)
    return Opened("CBEFF, PIV patron format", {"records": [_bir(record.bir)]}, record.encoded())


def _bir(bir: Bir) -> Json:
    form = f"{bir.format.organization} {bir.format.type}" if bir.format else ""
    return {
        "type": " ".join(bir.types),
        "subtype": " ".join(bir.subtypes),
        "format": form,
        "level": bir.level,
        "purpose": bir.purpose,
        "quality": bir.quality,
        "created": bir.created,
        "exception": bir.is_exception,
        "encrypted": bir.encrypted,
        "bytes": len(bir.data),
    }


def _picture(data: bytes, limits: ImageLimits) -> Opened:
    try:
        picture = open_picture(data, limits)
    except BiometricServiceError as fault:
        if fault.code is not ErrorCode.IMAGE_UNREADABLE:
            raise
        message = f"The file is of no form that is known here, which are: {FORMS}."
        raise BiometricServiceError(ErrorCode.RECORD_UNREADABLE, message, "Ask the sender what it is.") from None
    form = "WSQ" if is_wsq(data) else picture.image.format or "unknown"
    width, height = picture.image.size
    return Opened(f"{form} image", {"width": width, "height": height, "mode": picture.image.mode}, data)
