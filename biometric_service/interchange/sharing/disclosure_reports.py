"""What was shared of a person, on pages that the person is handed (PDF): the access right."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepTogether, Spacer

from biometric_service.interchange.printed_pages import Words, printed, section, table, text, title, words_of
from biometric_service.texts.speaking import ENGLISH
from biometric_service.vocabulary.references import SubjectId
from biometric_service.vocabulary.sharing import Disclosure


@dataclass(frozen=True, slots=True)
class Shared:
    """All that was shared of a person, newest last, as it stood ``at`` a moment.

    ``agency``: who shared it. ``whole``: False where more was shared than whoever prints this may see.
    """

    agency: str
    subject: SubjectId
    disclosures: Sequence[Disclosure]
    at: datetime
    whole: bool = True


def disclosures_pdf(shared: Shared, language: str = ENGLISH) -> bytes:
    """With whom, what, why, on which basis, and what became of it; fields, purposes and bases as they are named."""
    words = words_of(language, "printed.disclosures")
    name = words("title", subject=shared.subject)
    heading = (title(name), text(words("by", agency=shared.agency, at=_moment(shared.at))), text(words("recalls")))
    more = () if shared.whole else (text(words("more")),)
    each = [part for disclosure in shared.disclosures for part in _disclosure(disclosure, words)]
    return printed(name, (*heading, *more, *(each or [section(words("nothing"))])))


def _disclosure(found: Disclosure, words: Words) -> Iterator[Flowable]:
    rows = [
        ("with", words("partner", agency=found.agency, agreement=found.agreement)),
        ("purpose", found.purpose),
        ("legal_basis", found.legal_basis),
        ("holds", ", ".join(found.fields) or words("no_field")),
        ("made_by", found.made_by),
        ("it", words(f"state.{found.state.value}")),
        *([("signed_for", _moment(found.acknowledged_at))] if found.acknowledged_at else []),
        *([("recalled_by", found.recalled_by)] if found.recalled_by else []),
        *([("of", found.about)] if found.about else []),
        ("id", found.id),
    ]
    heading = section(words("heading", at=_moment(found.at), what=words(f"what.{found.kind.value}")))
    yield KeepTogether([heading, table([(words(name), said) for name, said in rows], None), Spacer(1, 2 * mm)])


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
