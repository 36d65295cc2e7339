"""Erasing again whoever was erased after the state that a store was brought back to.

Numbers restart with a restore, so that a person who was enrolled after one may have the number and the id of somebody
who was erased before it. What a certificate says tells the two apart: who signed it, which data keys were destroyed,
and when, for by the audit log whoever was enrolled after the erasure is not whom it erased. An erasure cannot be
undone, but made up for at any time: so whoever does not fit stays, and is told of.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from biometric_service.references.erasure import KIND, same_keys
from biometric_service.references.holders import find_subject, present_merge
from biometric_service.references.opening import OpenedStore
from biometric_service.references.witness import own_keys
from biometric_service.vocabulary.events import AuditEvent, EventKind
from biometric_service.vocabulary.references import SubjectId
from biometric_service.vocabulary.statements import Statement, read_statement

_EVENTS_A_READ = 1000
_OUT_OF_STEP = timedelta(hours=1)
"""More than the times of events, which are taken before they are written, can be out of the order of their numbers."""


@dataclass(frozen=True, slots=True)
class ErasedAgain:
    """Who was erased again; and of whom a certificate tells that does not fit them, each with the reason in words."""

    erased: Sequence[SubjectId]
    left: Mapping[SubjectId, str]


@dataclass(frozen=True, slots=True)
class _Erased:
    """Whom a certificate tells of, and the whole of it."""

    number: int
    subject: SubjectId
    said: Statement

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.said.fields["at"])


def erase_again(
    opened: OpenedStore, certificates: Iterable[str], event: AuditEvent, proven: Collection[str] = ()
) -> ErasedAgain:
    """Erase whom the certificates tell of and who is there again; SIGNATURE_INVALID before anything is erased.

    ``proven``: those that lay where nobody but the store can have put them, whichever key signed them: in a backup.
    """
    keys = own_keys(opened) | {read_statement(each).public_key for each in proven}
    back = [each for each in _told([*proven, *certificates]) if _found(opened, each)]
    enrolled = _enrolled_since(opened, min(each.at for each in back)) if back else {}
    why = [_misfit(opened, each, keys, enrolled) for each in back]
    same = sorted((each for each, no in zip(back, why, strict=True) if not no), key=lambda each: _merged(opened, each))
    erased = [each.subject for each in same if _erase(opened, each, event)]
    left = {each.subject: no for each, no in zip(back, why, strict=True) if no and _found(opened, each)}
    return ErasedAgain(erased, left)


def _told(certificates: Iterable[str]) -> Iterator[_Erased]:
    for said in [read_statement(each) for each in dict.fromkeys(certificates)]:
        if said.fields.get("kind") == KIND:
            numbers = sorted(said.fields["numbers"])  # as the ids are; older certificates do not sort them
            for number, subject in zip(numbers, said.fields["subjects"], strict=True):
                yield _Erased(number, SubjectId(subject), said)


def _misfit(opened: OpenedStore, erased: _Erased, keys: Collection[str], enrolled: Mapping[SubjectId, datetime]) -> str:
    """Why a certificate is not of whoever is there, empty where it is.

    A renewal of the store key renews the data keys too, so that they are compared only where there was none since.
    """
    signer = erased.said.public_key
    if signer not in keys:
        return f"it was signed by {signer[:16]}…, which is no key of this store up to the backup"
    if enrolled.get(erased.subject, erased.at) > erased.at:
        return "whoever has the id now was enrolled after that erasure"
    if signer == opened.keys.current.public_key.hex() and _other_keys(opened, erased.said.fields):
        return "the data key that was destroyed is not that of whoever has the id now"
    return ""


def _other_keys(opened: OpenedStore, certificate: Mapping[str, Any]) -> bool:
    with opened.database.reading() as connection:
        return same_keys(connection, certificate) is False


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
    again = replace(event, subject=erased.subject, details={"again": str(erased.said.fields["change"])})
    if _merged(opened, erased):
        opened.encounters.unmerge(erased.subject, replace(again, kind=EventKind.SUBJECT_UNMERGED))
    opened.store.erase_again(erased.subject, again)
    return True
