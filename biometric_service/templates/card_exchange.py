"""Minutiae templates for cards, and from them."""

from collections.abc import Callable, Mapping
from enum import StrEnum

import numpy as np

from biometric_service.templates.iso19794_2_card import LAST_KIND, CardFormat, CardTemplate, invalid
from biometric_service.templates.minutiae_record import QUALITY_NOT_REPORTED, Minutia
from biometric_service.vocabulary.samples import FingerPosition
from biometric_service.vocabulary.templates import MinutiaeTemplate, TemplateFormat

MOST_ON_CARD = 60
"""As many as cards commonly take; a card's own limit may be lower."""

_MM_A_PIXEL = 25.4 / 500
_FULL_TURN = 2 * np.pi


class Order(StrEnum):
    """What the minutiae are sorted by, ascending, because some cards want them so."""

    NONE = "none"
    X_THEN_Y = "x-y"
    Y_THEN_X = "y-x"
    ANGLE = "angle"
    FROM_MIDDLE = "polar"


def card_of(
    template: MinutiaeTemplate, form: CardFormat, most: int = MOST_ON_CARD, order: Order = Order.NONE
) -> CardTemplate:
    """The best minutiae for a card.

    A print that reaches beyond what the format can say (25.5 mm in compact size) is moved to the corner, and what is
    outside even so is left out. TEMPLATE_INVALID without any minutia.
    """
    if not len(template.positions):
        raise invalid("it has no minutia")
    places = np.rint(template.positions * (_MM_A_PIXEL / form.unit)).astype(int)
    least, greatest = places.min(0), places.max(0)
    places -= np.where((least < 0) | (greatest > form.largest), least, 0)
    inside = np.flatnonzero((places <= form.largest).all(1))
    best = np.sort(inside[np.argsort(-template.qualities[inside], kind="stable")[:most]])
    steps = np.rint(template.directions[best] * (form.angle_steps / _FULL_TURN)).astype(int) % form.angle_steps
    rows = zip(template.kinds[best].tolist(), places[best, 0].tolist(), places[best, 1].tolist(), steps, strict=True)
    found = [Minutia(kind, x, y, int(angle), QUALITY_NOT_REPORTED) for kind, x, y, angle in rows]
    return CardTemplate(form, tuple(_ordered(found, order)))


def template_of(card: CardTemplate, form: TemplateFormat, position: FingerPosition) -> MinutiaeTemplate:
    """Minutiae at 500 dpi under the given format's name; as large as they reach, and of quality 1."""
    rows = np.asarray(card.minutiae, np.float64).reshape(-1, len(Minutia._fields))
    positions = rows[:, 1:3] * (card.format.unit / _MM_A_PIXEL)
    width, height = np.ceil(positions.max(0)).astype(int) + 1
    return MinutiaeTemplate(
        format=form,
        position=position,
        positions=positions.astype(np.float32),
        directions=(rows[:, 3] * (_FULL_TURN / card.format.angle_steps)).astype(np.float32),
        qualities=np.ones(len(rows), np.float32),
        kinds=np.where(rows[:, 0] > LAST_KIND, 0, rows[:, 0]).astype(np.uint8),
        size=(int(width), int(height)),
    )


def _ordered(minutiae: list[Minutia], order: Order) -> list[Minutia]:
    middle = [float(np.mean([each[axis] for each in minutiae])) for axis in (1, 2)]
    return sorted(minutiae, key=lambda each: _KEYS[order](each, *middle))


_KEYS: Mapping[Order, Callable[[Minutia, float, float], tuple[float, ...]]] = {
    Order.NONE: lambda *_: (),
    Order.X_THEN_Y: lambda each, *_: (each.x, each.y),
    Order.Y_THEN_X: lambda each, *_: (each.y, each.x),
    Order.ANGLE: lambda each, *_: (each.angle,),
    Order.FROM_MIDDLE: lambda each, x, y: ((each.x - x) ** 2 + (each.y - y) ** 2, each.angle),
}
