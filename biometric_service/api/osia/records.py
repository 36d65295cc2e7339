"""The formats of templates by the names that callers have for them."""

from collections.abc import Mapping

from biometric_service.templates.conversion import CARDS, TemplateKind
from biometric_service.templates.iso19794_2_card import CardFormat

RECORDS: Mapping[str, TemplateKind] = {
    "ISO_19794_2": TemplateKind.ISO_2005,
    "ISO_19794_2_NS": TemplateKind.CARD_NORMAL,
    "ISO_19794_2_CS": TemplateKind.CARD_COMPACT,
    "ISO_19794_2_2011": TemplateKind.ISO_2011,
    "ANSI_378": TemplateKind.ANSI_2004,
    "ANSI_378_2009": TemplateKind.ANSI_2009,
}
CARD_RECORDS: Mapping[str, CardFormat] = {name: CARDS[kind] for name, kind in RECORDS.items() if kind in CARDS}
