"""Erasing again whoever was erased after the state that a store was brought back to.

Numbers restart with a restore, so that a person who was enrolled after one may have the number and the id of somebody
who was erased before it. The audit log tells the two apart: who was enrolled after the erasure is not whom it erased.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from biometric_service.references.erasure import KIND
from biometric_service.references.holders import find_subject, present_merge
from biometric_service.references.opening import OpenedStore
from biometric_service.vocabulary.events import AuditEvent, EventKind
from biometric_service.vocabulary.references import SubjectId
from biometric_service.vocabulary.statements import read_statement

_EVENTS_A_READ = 1000
_OUT_OF_STEP = timedelta(hours=1)
"""More than the times of events, which are taken before they are written, can be out of the order of their numbers."""


@dataclass(frozen=True, slots=True)
class _Erased:
    """Whom a certificate tells of, when they were erased and by which change."""

    number: int
    subject: SubjectId
    at: datetime
    change: int


def erase_again(opened: OpenedStore, certificates: Iterable[str], event: AuditEvent) -> Sequence[SubjectId]:
    """Erase whom the certificates tell of and who is there again; SIGNATURE_INVALID before anything is erased."""
    back = [each for each in _told(certificates) if _found(opened, each)]
    enrolled = _enrolled_since(opened, min(each.at for each in back)) if back else {}
    same = [each for each in back if enrolled.get(each.subject, each.at) <= each.at]
    return [
        each.subject for each in sorted(same, key=lambda each: _merged(opened, each)) if _erase(opened, each, event)
    ]


def _told(certificates: Iterable[str]) -> Iterator[_Erased]:
    for fields in [read_statement(each).fields for each in dict.fromkeys(certificates)]:
        if fields.get("kind") == KIND:
            at, change = datetime.fromisoformat(fields["at"]), int(fields["change"])
            numbers = sorted(fields["numbers"])  # as the ids are sorted, which older certificates do not do to numbers
            for number, subject in zip(numbers, fields["subjects"], strict=True):
                yield _Erased(number, SubjectId(subject), at, change)


def _found(opened: OpenedStore, erased: _Erased) -> bool:
    """Whether there is a subject of the same number and id: whoever has another number is somebody else."""
    with opened.database.reading() as connection:
        return find_subject(connection, erased.subject) == erased.number


def _merged(opened: OpenedStore, erased: _Erased) -> bool:
    with opened.database.reading() as connection:
        return present_merge(connection, erased.number) is not None


def _enrolled_since(opened: OpenedStore, moment: datetime) -> Mapping[SubjectId, datetime]:
    """Who was enrolled after a moment, and when last; the log is read from its end."""
    with opened.database.reading() as connection:
        end, _ = opened.log.head(connection)
    enrolled: dict[SubjectId, datetime] = {}
    while end > 0:
        start = max(0, end - _EVENTS_A_READ)
        page = [recorded.event for recorded in opened.store.events(start, end - start)]
        for event in page:
            if event.kind is EventKind.SUBJECT_ENROLLED and event.subject is not None:
                enrolled[event.subject] = max(event.at, enrolled.get(event.subject, event.at))
        end = 0 if page[0].at < moment - _OUT_OF_STEP else start
    return enrolled


def _erase(opened: OpenedStore, erased: _Erased, event: AuditEvent) -> bool:
    """Whether there was somebody left to erase; a merge that was taken back before the erasure is taken back again."""
    if not _found(opened, erased):
        return False
    again = replace(event, subject=erased.subject, details={"again": str(erased.change)})
    if _merged(opened, erased):
        opened.encounters.unmerge(erased.subject, replace(again, kind=EventKind.SUBJECT_UNMERGED))
    opened.store.erase_again(erased.subject, again)
    return True
