"""What the head of the audit log closes over, so that nobody puts back how it was before.

The head is under a MAC and is written anew with every event: an older one fits no later log. It carries a digest of the
rows of each kind of right, so that a key, device or subscription that was revoked stays so, and how many references
were removed with a keyed sum over them (MSet-Add-Hash: Clarke et al., ASIACRYPT 2003), so that no such row is taken
away unnoticed.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import ColumnElement, Connection, select, true

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.card_tables import CardRow
from biometric_service.references.day_tables import ReleaseRow
from biometric_service.references.event_log import EventLog
from biometric_service.references.models import ApiKeyRow, DeviceRow, RemovedReferenceRow
from biometric_service.references.place_tables import OrderRow, PostRow
from biometric_service.references.protection import StoreKey, replayed
from biometric_service.references.sharing_tables import AgreementRow
from biometric_service.references.subscription_tables import SubscriptionRow
from biometric_service.vocabulary.references import ChangeNumber

REMOVED: Final = "removed_references"
_WHOLE = 1 << 256
_ROWS_A_READ = 10_000
_REMOVED = select(RemovedReferenceRow.reference, RemovedReferenceRow.change)

Rights = (
    type[ApiKeyRow]
    | type[DeviceRow]
    | type[SubscriptionRow]
    | type[PostRow]
    | type[OrderRow]
    | type[ReleaseRow]
    | type[AgreementRow]
    | type[CardRow]
)

_STANDING: Mapping[str, ColumnElement[bool]] = {
    OrderRow.__tablename__: OrderRow.over.is_(False),
    ReleaseRow.__tablename__: ReleaseRow.ended_at.is_(None),
}
"""Of which rows alone the head has the seals, where others only tell of what is over."""


@dataclass(slots=True)
class AnchoredRights:
    """Rows of one kind of right, as the head has them; safe in threads.

    All are read once for each state of them, so that a request costs a look at the head.
    """

    row: Rights
    log: EventLog
    _proven: tuple[str, dict[str, bytes]] = field(default=("", {}))

    def require(self, connection: Connection, right: str, seal: bytes) -> None:
        """RIGHTS_REPLAYED where the row of this id is not the one that was last written."""
        bound = self.log.bound(connection, self.row.__tablename__)
        digest, seals = self._proven
        if bound != digest:
            seals = _seals(connection, self.row)
            if _digest(seals) != bound:
                raise _rights_replayed(self.row)
            self._proven = (bound, seals)
        if not hmac.compare_digest(seals.get(right, b""), seal):
            raise _rights_replayed(self.row)

    def bind(self, connection: Connection) -> None:
        """Have the head close over the rows as they are now."""
        self.log.bind(connection, self.row.__tablename__, _digest(_seals(connection, self.row)))


def bind_removals(connection: Connection, log: EventLog, key: StoreKey, change: ChangeNumber) -> None:
    """Have the head close over what a change removed, beside all that was removed before."""
    removed = connection.execute(_REMOVED.where(RemovedReferenceRow.change == change)).all()
    if removed:
        count, total = _read(log.bound(connection, REMOVED))
        log.bind(connection, REMOVED, _written(count + len(removed), total + _sum(removed, key)))


def require_removals(connection: Connection, log: EventLog, key: StoreKey) -> None:
    """RECORD_REPLAYED where a row that tells of a removal is gone, or was never written."""
    if _counted(connection, key) != log.bound(connection, REMOVED):
        raise replayed()


def bind_all(connection: Connection, log: EventLog, key: StoreKey) -> None:
    """Have the head close over everything as it is now: of a store that has no such states, or gets another key."""
    for row in (ApiKeyRow, DeviceRow, SubscriptionRow, AgreementRow, CardRow):
        AnchoredRights(row, log).bind(connection)
    bind_day(connection, log)
    log.bind(connection, REMOVED, _counted(connection, key))


def bind_day(connection: Connection, log: EventLog) -> None:
    """Have the head close over posts, movement orders and open releases as they are now."""
    for row in (PostRow, OrderRow, ReleaseRow):
        AnchoredRights(row, log).bind(connection)


def _counted(connection: Connection, key: StoreKey) -> str:
    count, total = 0, 0
    rows = connection.execute(_REMOVED, execution_options={"yield_per": _ROWS_A_READ})
    for part in rows.partitions():
        count, total = count + len(part), total + _sum(part, key)
    return _written(count, total)


def _sum(removed: Iterable[tuple[int, int]], key: StoreKey) -> int:
    """Of a MAC of each row, as numbers: whoever lacks the key finds no other rows with the same sum."""
    macs = (
        hmac.digest(key.removals, f"{reference} {change}".encode(), hashlib.sha256) for reference, change in removed
    )
    return sum(int.from_bytes(mac) for mac in macs)


def _written(count: int, total: int) -> str:
    return f"{count} {total % _WHOLE:064x}"


def _read(state: str) -> tuple[int, int]:
    count, total = (state or "0 0").split(" ")
    return int(count), int(total, 16)


def _seals(connection: Connection, row: Rights) -> dict[str, bytes]:
    standing = _STANDING.get(row.__tablename__, true())
    return dict(connection.execute(select(row.id, row.seal).where(standing)).all())


def _digest(seals: dict[str, bytes]) -> str:
    """SHA-256 over every id and seal, in the order of ids."""
    digest = hashlib.sha256()
    for right in sorted(seals):
        digest.update(hashlib.sha256(right.encode()).digest() + hashlib.sha256(seals[right]).digest())
    return digest.hexdigest()


def _rights_replayed(row: Rights) -> BiometricServiceError:
    return BiometricServiceError(
        ErrorCode.RIGHTS_REPLAYED,
        f"The table {row.__tablename__} is not as it was last written: rows were put back, changed or taken away.",
        "Keep the database as evidence, find out who could write to it, and restore the newest backup.",
    )
