"""Queues in SQL that several processes work on: what is claimed is held for a while, and in order where it matters."""

from datetime import datetime

from sqlalchemy import ColumnElement, or_

from biometric_service.references.models import TaskRow
from biometric_service.references.sharing_tables import AgencyRequestRow, DisclosureRow
from biometric_service.references.subscription_tables import DeliveryRow

Ordered = type[TaskRow] | type[DeliveryRow]
Queue = Ordered | type[DisclosureRow] | type[AgencyRequestRow]


def is_free(row: Queue, now: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """Nobody holds it."""
    return or_(row.claimed_until.is_(None), row.claimed_until < now)


def about_the_same(one: Ordered, row: Ordered) -> ColumnElement[bool]:
    """Each of the two is about one subject or two, of which one is the same."""
    return or_(one.subject == row.subject, one.subject == row.other, one.other == row.subject, one.other == row.other)
