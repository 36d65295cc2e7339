"""Giving out the numbers of rows, in the order of commits and never twice."""

from dataclasses import dataclass

from sqlalchemy import Connection, update

from biometric_service.references.models import StoreRow

STORE = 1


@dataclass(frozen=True, slots=True)
class Numbers:
    """The last number given out of each kind, after those that were asked for."""

    change: int
    subject: int
    encounter: int
    sample: int
    template: int


def take_numbers(connection: Connection, *, subjects: int = 0, encounters: int = 0, samples: int = 0) -> Numbers:
    """Take one change and as many of the others, one template a sample.

    The row stays locked until the transaction ends, so that numbers become visible in their order.
    """
    taken = (
        update(StoreRow)
        .where(StoreRow.id == STORE)
        .values(
            last_change=StoreRow.last_change + 1,
            last_subject=StoreRow.last_subject + subjects,
            last_encounter=StoreRow.last_encounter + encounters,
            last_sample=StoreRow.last_sample + samples,
            last_template=StoreRow.last_template + samples,
        )
        .returning(
            StoreRow.last_change,
            StoreRow.last_subject,
            StoreRow.last_encounter,
            StoreRow.last_sample,
            StoreRow.last_template,
        )
    )
    return Numbers(*connection.execute(taken).one())
