"""The change feed: what was added and removed, in the order of commits, from any point on."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from biometric_service.references.key_ring import KeyRing
from biometric_service.references.models import ChangeRow, RemovedReferenceRow, TemplateRow
from biometric_service.references.sealed_references import SealedReference, open_references, read_sealed
from biometric_service.vocabulary.references import Change, ChangeNumber, Reference, ReferenceId


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of changes as one transaction saw it.

    A reference that was erased since it was added is in no page any more; its removal always is, for whoever read the
    page that had it.
    """

    numbers: Sequence[ChangeNumber]
    added: Sequence[SealedReference]
    removed: Mapping[ChangeNumber, Sequence[ReferenceId]]


def read_page(connection: Connection, after: ChangeNumber, limit: int) -> Page:
    """Up to ``limit`` changes after the given one."""
    later = select(ChangeRow.number).where(ChangeRow.number > after).order_by(ChangeRow.number).limit(limit)
    numbers = [ChangeNumber(number) for number in connection.scalars(later)]
    if not numbers:
        return Page((), (), {})
    added = read_sealed(connection, TemplateRow.change.between(numbers[0], numbers[-1]))
    return Page(numbers, added, _removed(connection, numbers))


def open_page(page: Page, keys: KeyRing) -> Iterator[tuple[ChangeNumber, Change]]:
    """The changes of a page, decrypted."""
    added: defaultdict[ChangeNumber, list[Reference]] = defaultdict(list)
    for sealed, reference in zip(page.added, open_references(keys, page.added), strict=True):
        added[sealed.change].append(reference)
    for number in page.numbers:
        yield number, Change(tuple(added.get(number, ())), tuple(page.removed.get(number, ())))


def _removed(connection: Connection, numbers: Sequence[ChangeNumber]) -> Mapping[ChangeNumber, Sequence[ReferenceId]]:
    within = RemovedReferenceRow.change.between(numbers[0], numbers[-1])
    rows = select(RemovedReferenceRow.change, RemovedReferenceRow.reference).where(within)
    removed: defaultdict[ChangeNumber, list[ReferenceId]] = defaultdict(list)
    for change, reference in connection.execute(rows.order_by(RemovedReferenceRow.reference)):
        removed[ChangeNumber(change)].append(ReferenceId(reference))
    return removed
