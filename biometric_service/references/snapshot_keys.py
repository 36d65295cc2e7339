"""The key of the indexes' snapshots, a random one in the store: whatever destroys references destroys it as well.

So a snapshot, and every copy of it that lies anywhere, is noise from the commit of an erasure on (crypto-shredding).
References that are only handed on (a merge, a move, another status) leave it as it is.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from biometric_service.errors import BiometricServiceError
from biometric_service.references.database import Database
from biometric_service.references.key_ring import KeyRing
from biometric_service.references.models import SnapshotKeyRow
from biometric_service.references.numbers import take_numbers
from biometric_service.references.protection import ChunkKey
from biometric_service.vocabulary.references import ChangeNumber

_KEY = 1
_ROW = select(SnapshotKeyRow.wrapped, SnapshotKeyRow.since).where(SnapshotKeyRow.id == _KEY)


@dataclass(frozen=True, slots=True)
class SnapshotKey:
    """The key in force.

    ``wrapped``: as it lies in the store, which tells it from every other. ``since``: the last change before it was
    made; what has not taken that change must not be sealed with it.
    """

    wrapped: bytes
    since: ChangeNumber
    seal: ChunkKey


@dataclass(frozen=True, slots=True)
class SnapshotKeys:
    """Gives the key in force; what the database says goes for all processes on it."""

    database: Database
    keys: KeyRing

    def present(self) -> SnapshotKey | None:
        """The key; None where there is none, or none that opens under the store key: snapshots are of no use then."""
        with self.database.reading() as connection:
            return self._opened(connection)

    def present_or_new(self) -> SnapshotKey:
        """The key, made where there is none."""
        return self.present() or self._made()

    def _made(self) -> SnapshotKey:
        with self.database.writing() as connection:
            found = self._opened(connection)
            if found is not None:
                return found
            destroy_snapshot_key(connection)
            wrapped, since = self.keys.current.new_snapshot_key(), take_numbers(connection).change
            connection.execute(insert(SnapshotKeyRow), {"id": _KEY, "wrapped": wrapped, "since": since})
            return SnapshotKey(wrapped, ChangeNumber(since), self.keys.current.snapshot_key(wrapped))

    def _opened(self, connection: Connection) -> SnapshotKey | None:
        row = connection.execute(_ROW).one_or_none()
        try:
            return row and SnapshotKey(
                row.wrapped, ChangeNumber(row.since), self.keys.current.snapshot_key(row.wrapped)
            )
        except BiometricServiceError:
            return None


def destroy_snapshot_key(connection: Connection) -> None:
    """No snapshot that was ever made opens once this is committed."""
    connection.execute(delete(SnapshotKeyRow))
