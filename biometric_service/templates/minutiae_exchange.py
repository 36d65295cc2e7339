"""Minutiae templates from records of other makers, and records for them.

A record rounds: positions to whole pixels, directions to 1.4 (ISO) or 2 (ANSI) degrees, qualities to hundredths. A
resolution is in whole pixels a centimetre, so that 197 stands for 500 dpi: one that a multiple of 50 dpi rounds to is
taken for that.
"""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.templates.minutiae_record import (
    QUALITY_NOT_REPORTED,
    Edition,
    FingerView,
    Minutia,
    MinutiaeRecord,
)
from biometric_service.vocabulary.samples import FingerPosition
from biometric_service.vocabulary.templates import MinutiaeTemplate, TemplateFormat

DPI = 500
MOST_MINUTIAE = 255

_PIXELS_A_CM = (197, 197)
_CM_AN_INCH = 2.54
_NOMINAL_STEP = 50
_HUNDRED = 100
_FULL_TURN = 2 * np.pi


def templates_of(record: MinutiaeRecord, form: TemplateFormat) -> list[MinutiaeTemplate]:
    """A template a view, at 500 dpi, under the given format's name; minutiae outside the image are left out.

    A quality that was not reported counts as 1; a resolution that was not told as 500 dpi.
    """
    return [_template(view, record.edition, form) for view in record.views]


def record_of(templates: Sequence[MinutiaeTemplate], edition: Edition) -> MinutiaeRecord:
    """A record with a view a template, of the 255 best minutiae each; TEMPLATE_INVALID for none.

    Views of one record are as large as its largest: ISO 2005 and ANSI 2004 tell one size for all.
    """
    if not templates:
        raise BiometricServiceError(
            ErrorCode.TEMPLATE_INVALID, "A record needs a template.", "Give the templates to be written."
        )
    size = (max(one.size[0] for one in templates), max(one.size[1] for one in templates))
    seen: Counter[FingerPosition] = Counter()
    views = []
    for template in templates:
        views.append(_view(template, edition, size, seen[template.position]))
        seen[template.position] += 1
    return MinutiaeRecord(edition, tuple(views))


def _template(view: FingerView, edition: Edition, form: TemplateFormat) -> MinutiaeTemplate:
    inside = [one for one in view.minutiae if one.x < view.size[0] and one.y < view.size[1]]
    rows = np.asarray(inside, np.float64).reshape(-1, len(Minutia._fields))
    scale = np.array([DPI / _dpi(pixels) for pixels in view.resolution])
    width, height = np.ceil(np.asarray(view.size) * scale).astype(int)
    return MinutiaeTemplate(
        format=form,
        position=FingerPosition(view.position),
        positions=(rows[:, 1:3] * scale).astype(np.float32),
        directions=(rows[:, 3] % edition.angle_steps * (_FULL_TURN / edition.angle_steps)).astype(np.float32),
        qualities=_qualities(rows[:, 4], edition),
        kinds=np.where(rows[:, 0] > 2, 0, rows[:, 0]).astype(np.uint8),  # noqa: PLR2004
        size=(int(width), int(height)),
    )


def _dpi(pixels_a_cm: int) -> float:
    dpi = pixels_a_cm * _CM_AN_INCH or DPI
    nominal = round(dpi / _NOMINAL_STEP) * _NOMINAL_STEP
    return float(nominal) if abs(dpi - nominal) <= _CM_AN_INCH / 2 else dpi


def _qualities(reported: NDArray[np.float64], edition: Edition) -> NDArray[np.float32]:
    missing = reported > _HUNDRED
    if edition.zero_is_unreported:
        missing |= reported == 0
    return np.where(missing, 1, reported / _HUNDRED).astype(np.float32)


def _view(template: MinutiaeTemplate, edition: Edition, size: tuple[int, int], number: int) -> FingerView:
    return FingerView(
        position=int(template.position),
        number=number,
        impression=0,
        size=size,
        resolution=_PIXELS_A_CM,
        minutiae=_minutiae(template, edition),
        quality=_overall(template) if edition.zero_is_unreported else QUALITY_NOT_REPORTED,
    )


def _overall(template: MinutiaeTemplate) -> int:
    """The first editions want a quality of the view: the mean of its minutiae."""
    return round(_HUNDRED * float(template.qualities.mean())) if len(template.qualities) else 0


def _minutiae(template: MinutiaeTemplate, edition: Edition) -> tuple[Minutia, ...]:
    best = np.sort(np.argsort(-template.qualities, kind="stable")[:MOST_MINUTIAE])
    limit = np.asarray(template.size) - 1
    places = np.clip(np.rint(template.positions[best]), 0, limit).astype(int)
    steps = np.rint(template.directions[best] * (edition.angle_steps / _FULL_TURN)).astype(int) % edition.angle_steps
    least = 1 if edition.zero_is_unreported else 0
    grades = np.clip(np.rint(template.qualities[best] * _HUNDRED), least, _HUNDRED).astype(int)
    columns = (template.kinds[best], places[:, 0], places[:, 1], steps, grades)
    return tuple(Minutia(*map(int, row)) for row in zip(*columns, strict=True))
