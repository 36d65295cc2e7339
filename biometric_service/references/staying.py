"""Whom the day is kept for leaves by a release, and not by a word in the record, nor with the record (ADR 37)."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Exists, exists, or_, select

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.day_tables import VisitRow
from biometric_service.references.models import EncounterGalleryRow, EncounterRow
from biometric_service.references.place_tables import PostRow
from biometric_service.references.sightings import Known, believed
from biometric_service.vocabulary.references import ALL_GALLERIES, EncounterStatus

_LET_GO = frozenset({EncounterStatus.RELEASED, EncounterStatus.TRANSFERRED})
_HELD = frozenset({EncounterStatus.ACTIVE, EncounterStatus.INACTIVE})


@contextmanager
def nobody_let_go(connection: Connection, person: Known) -> Iterator[None]:
    """RELEASE_REQUIRED where a change of the record within would let somebody go from a gallery that has a post.

    Nobody comes to be released or transferred by it, and who is believed to be in a zone stays active there. A death
    is no release.
    """
    before, there = _statuses(connection, person), believed(connection, person) is not None
    yield
    after = _statuses(connection, person)
    if EncounterStatus.DECEASED in after:
        return
    said_gone = bool(before & _HELD) and not after & _HELD and bool(after & _LET_GO)
    vanishes = there and EncounterStatus.ACTIVE in before and EncounterStatus.ACTIVE not in after
    if said_gone or vanishes:
        raise BiometricServiceError.of(ErrorCode.RELEASE_REQUIRED, "held", subject=person.id)


def require_nobody_lost(connection: Connection, person: Known, without: Collection[int]) -> None:
    """RELEASE_REQUIRED where nobody would be told any more that somebody who is inside is there.

    ``without``: the numbers of the encounters that are to go.
    """
    if loses(connection, person, without):
        raise BiometricServiceError.of(ErrorCode.RELEASE_REQUIRED, "record", subject=person.id)


def loses(connection: Connection, person: Known, without: Collection[int]) -> bool:
    """Whether somebody who is inside would be expected nowhere, or nowhere that has a post, without these encounters.

    Inside is who is believed to be in a zone, and a visitor who was not let out.
    """
    numbers = select(EncounterRow.number).where(EncounterRow.subject == person.number)
    if _visiting(connection, person) and set(connection.scalars(numbers)) <= set(without):
        return True
    if believed(connection, person) is None:
        return False
    active = numbers.where(EncounterRow.status == EncounterStatus.ACTIVE.value)
    row = EncounterGalleryRow
    at_posts = active.join(row, row.encounter == EncounterRow.number).where(_at_a_post())
    rolls = (set(connection.scalars(each)) for each in (active, at_posts))
    return any(roll and roll <= set(without) for roll in rolls)


def _visiting(connection: Connection, person: Known) -> bool:
    standing = exists().where(VisitRow.visitor == person.number, VisitRow.left_at.is_(None))
    return bool(connection.scalar(select(standing)))


def _statuses(connection: Connection, person: Known) -> frozenset[EncounterStatus]:
    """Of the person's encounters in galleries that a post lets people of pass."""
    row = EncounterGalleryRow
    joined = select(EncounterRow.status).join(row, row.encounter == EncounterRow.number)
    found = connection.scalars(joined.where(EncounterRow.subject == person.number, _at_a_post()))
    return frozenset(map(EncounterStatus, found))


def _at_a_post() -> Exists:
    """True of memberships of a gallery that a post lets people of pass."""
    return exists().where(or_(PostRow.gallery == EncounterGalleryRow.gallery, PostRow.gallery == ALL_GALLERIES))
