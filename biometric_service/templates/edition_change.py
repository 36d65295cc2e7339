"""A minutiae record of one edition becomes one of another, with all that both can say."""

from collections.abc import Mapping
from dataclasses import replace

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.templates.extended_data import (
    CoresAndDeltas,
    ExtendedData,
    SingularPoint,
    block_of,
    interpreted,
    read_blocks,
    write_blocks,
)
from biometric_service.templates.minutiae_record import (
    QUALITY_NOT_REPORTED,
    Capture,
    Edition,
    FingerView,
    Minutia,
    MinutiaeRecord,
)

BEST_QUALITY = 100
WITH_ALGORITHM = {Edition.ANSI_2007, Edition.ANSI_2009}
ONE_SIZE_FOR_ALL = {Edition.ISO_2005, Edition.ANSI_2004}
KINDS: Mapping[int, int] = {0: 0, 1: 1, 2: 2, 3: 0}


def in_edition(record: MinutiaeRecord, edition: Edition) -> MinutiaeRecord:
    """The record in an edition; itself in its own.

    Places stay as they are; angles are rounded to the steps of the edition; a quality that was not reported stays so.
    Extended data goes along, cores and deltas in the new edition's layout, and unchanged where it is not understood.
    What only the old edition knows (the product, the capture of ISO 2011, certificates) is left behind.
    TEMPLATE_INVALID where views differ in size and the edition has one size for all.
    """
    if record.edition is edition:
        return record
    if edition in ONE_SIZE_FOR_ALL and len({(view.size, view.resolution) for view in record.views}) > 1:
        message = f"Its views differ in size or resolution, of which {edition} has one for all."
        raise BiometricServiceError(ErrorCode.TEMPLATE_INVALID, message, "Take a later edition, or write them apart.")
    views = tuple(_view(view, record.edition, edition) for view in record.views)
    ansi = not record.edition.is_iso and not edition.is_iso
    return MinutiaeRecord(edition, views, record.product if ansi else (0, 0), 0, _device(record, edition))


def _device(record: MinutiaeRecord, edition: Edition) -> int:
    return 0 if edition is Edition.ISO_2011 else record.device


def _view(view: FingerView, old: Edition, new: Edition) -> FingerView:
    overall = view.capture.qualities[0][0] if view.capture.qualities else view.quality
    reported = overall <= BEST_QUALITY
    return replace(
        view,
        minutiae=tuple(_minutia(each, old, new) for each in view.minutiae),
        quality=QUALITY_NOT_REPORTED if new is Edition.ISO_2011 else overall,
        algorithm=view.algorithm if new in WITH_ALGORITHM else (0, 0),
        extended=_extended(view.extended, old, new),
        capture=Capture(qualities=((overall, 0, 0),) if new is Edition.ISO_2011 and reported else ()),
    )


def _minutia(minutia: Minutia, old: Edition, new: Edition) -> Minutia:
    unreported = minutia.quality > BEST_QUALITY or (minutia.quality == 0 and old.zero_is_unreported)
    quality = max(minutia.quality, int(new.zero_is_unreported))
    if unreported:
        quality = 0 if new.zero_is_unreported else QUALITY_NOT_REPORTED
    return Minutia(KINDS[minutia.kind], minutia.x, minutia.y, _angle(minutia.angle, old, new), quality)


def _angle(angle: int, old: Edition, new: Edition) -> int:
    return round(angle * new.angle_steps / old.angle_steps) % new.angle_steps


def _extended(extended: bytes, old: Edition, new: Edition) -> bytes:
    try:
        blocks = [interpreted(block, old) for block in read_blocks(extended)]
    except ValueError:
        return extended
    return write_blocks([block_of(_turned(each, old, new), new) for each in blocks])


def _turned(data: ExtendedData, old: Edition, new: Edition) -> ExtendedData:
    if not isinstance(data, CoresAndDeltas):
        return data
    return CoresAndDeltas(_points(data.cores, old, new), _points(data.deltas, old, new))


def _points(points: tuple[SingularPoint, ...], old: Edition, new: Edition) -> tuple[SingularPoint, ...]:
    return tuple(replace(each, angles=tuple(_angle(angle, old, new) for angle in each.angles)) for each in points)
