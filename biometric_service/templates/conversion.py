"""Any kind of fingerprint template that is read becomes any that is written."""

from collections.abc import Sequence
from enum import StrEnum
from typing import TypeAlias

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.templates import native
from biometric_service.templates.card_exchange import card_of, template_of
from biometric_service.templates.edition_change import in_edition
from biometric_service.templates.iso19794_2_card import CardFormat, CardTemplate, read_card, write_card
from biometric_service.templates.minutiae_exchange import record_of, templates_of
from biometric_service.templates.minutiae_fields import MAGIC
from biometric_service.templates.minutiae_record import Edition, MinutiaeRecord
from biometric_service.templates.minutiae_records import read_record, write_record
from biometric_service.templates.sourceafis import VERSION, minutiae_of, sourceafis_of
from biometric_service.vocabulary.samples import FingerPosition, Modality
from biometric_service.vocabulary.templates import MinutiaeTemplate, SourceAfisTemplate, TemplateFormat

Held: TypeAlias = MinutiaeRecord | CardTemplate | MinutiaeTemplate | SourceAfisTemplate

SOURCEAFIS = TemplateFormat(Modality.FINGERPRINT, "sourceafis", VERSION)


class TemplateKind(StrEnum):
    """What is written, by a short name."""

    ISO_2005 = "iso-2005"
    ISO_2011 = "iso-2011"
    ANSI_2004 = "ansi-2004"
    ANSI_2009 = "ansi-2009"
    CARD_NORMAL = "card-normal"
    CARD_COMPACT = "card-compact"
    SOURCEAFIS = "sourceafis"


EDITIONS = {
    TemplateKind.ISO_2005: Edition.ISO_2005,
    TemplateKind.ISO_2011: Edition.ISO_2011,
    TemplateKind.ANSI_2004: Edition.ANSI_2004,
    TemplateKind.ANSI_2009: Edition.ANSI_2009,
}
CARDS = {TemplateKind.CARD_NORMAL: CardFormat.NORMAL, TemplateKind.CARD_COMPACT: CardFormat.COMPACT}


def read_any(data: bytes, card: CardFormat | None = None, *, strict: bool = True) -> Held:
    """A record of any edition, a template of this service or of SourceAFIS, or, where it is said, of a card.

    Nothing in a card's template tells that it is one. TEMPLATE_INVALID, also for a face.
    """
    if card is not None:
        return read_card(data, card, strict=strict)
    if data.startswith(MAGIC):
        return read_record(data, strict=strict)
    found = native.decode(data) if data.startswith(native.MAGIC) else _sourceafis(data)
    if isinstance(found, MinutiaeTemplate | SourceAfisTemplate):
        return found
    message = "The template is of a face, of which only fingerprints' are exchanged."
    raise BiometricServiceError(ErrorCode.TEMPLATE_INVALID, message, "Give a fingerprint's.")


def write_as(held: Held, kind: TemplateKind) -> bytes:
    """The bytes; a record stays a record without a detour.

    TEMPLATE_INVALID where it holds several fingers or views and the kind has room for one.
    """
    if kind in EDITIONS:
        edition = EDITIONS[kind]
        whole = in_edition(held, edition) if isinstance(held, MinutiaeRecord) else record_of(minutiae(held), edition)
        return write_record(whole)
    if kind is TemplateKind.SOURCEAFIS and isinstance(held, SourceAfisTemplate):
        return held.data
    if isinstance(held, CardTemplate) and CARDS.get(kind) is held.format:
        return write_card(held)
    one = _only(minutiae(held))
    return write_card(card_of(one, CARDS[kind])) if kind in CARDS else sourceafis_of(one, SOURCEAFIS).data


def minutiae(held: Held) -> Sequence[MinutiaeTemplate]:
    """A template a view, at 500 dpi, under the name of what it came from."""
    match held:
        case MinutiaeRecord():
            return templates_of(held, _named(held.edition))
        case CardTemplate():
            return [template_of(held, _named(held.format), FingerPosition.UNKNOWN)]
        case SourceAfisTemplate():
            return [minutiae_of(held)]
        case MinutiaeTemplate():
            return [held]


def _sourceafis(data: bytes) -> SourceAfisTemplate:
    found = SourceAfisTemplate(SOURCEAFIS, FingerPosition.UNKNOWN, data)
    minutiae_of(found)
    return found


def _only(templates: Sequence[MinutiaeTemplate]) -> MinutiaeTemplate:
    if len(templates) == 1:
        return templates[0]
    message = f"The record has {len(templates)} views, and the format has room for one."
    raise BiometricServiceError(ErrorCode.TEMPLATE_INVALID, message, "Say which view, or write a record.")


def _named(name: str) -> TemplateFormat:
    return TemplateFormat(Modality.FINGERPRINT, str(name), "")
