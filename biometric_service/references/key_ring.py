"""The store key in force in a running process, and beside it, while a renewal goes on, the one that is to follow.

Another process may renew the store at any time. What a transaction needs to know of that is one row, read at its start:
whatever it reads was sealed under the key that was in force then, also where a renewal ends while it goes on, so that
what is derived from that key is used within the transaction. A data key under a store key that was not met yet makes
the ring look again.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock, local

from sqlalchemy import Connection, select

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.faults import unavailable
from biometric_service.references.key_faults import wrong
from biometric_service.references.models import StoreRow
from biometric_service.references.numbers import STORE
from biometric_service.references.protection import DataKey, MasterKey, StoreKey, key_id, tampered
from biometric_service.vocabulary.references import SubjectId

_WRAPPED = select(StoreRow.store_key, StoreRow.next_store_key, StoreRow.moved_at).where(StoreRow.id == STORE)


@dataclass(slots=True)
class KeyRing:
    """Knows every store key that something may be under; ``look``: reads the row again in a transaction of its own.

    ``even_moved``: whether to go on where the store was moved to another database.
    """

    master: MasterKey
    even_moved: bool = False
    look: Callable[[], None] = field(default=lambda: None)
    _known: dict[bytes, StoreKey] = field(default_factory=dict)
    _seen: tuple[bytes, bytes | None] = (b"", None)
    _current: bytes = b""
    _superseded: set[bytes] = field(default_factory=set)
    _turn: Lock = field(default_factory=Lock)
    _here: local = field(default_factory=local)

    @property
    def current(self) -> StoreKey:
        """What new data keys are wrapped by, and what every derived key comes from.

        In a transaction, in its thread, the key of the state that it sees; else the newest.
        """
        return self._known[getattr(self._here, "identity", self._current)]

    @property
    def next(self) -> StoreKey | None:
        """The key that a renewal under way is moving to."""
        return None if self._seen[1] is None else self._store_key(self._seen[1])

    @contextmanager
    def during(self, connection: Connection) -> Iterator[None]:
        """Use the key of the state that this transaction sees; as ``sync``."""
        around = getattr(self._here, "identity", None)
        newest = self._current
        seen = self.sync(connection)
        self._here.identity = seen if seen == newest or seen not in self._superseded else self._current
        try:
            yield
        finally:
            if around is None:
                del self._here.identity
            else:
                self._here.identity = around

    def sync(self, connection: Connection) -> bytes:
        """Learn what the row says; KEY_WRONG where a new store key is under another master key.

        STORE_UNAVAILABLE where the store was moved to another database, or its restore did not come to its end.
        Returns the id of the key in force there.
        """
        current, following, moved_at = connection.execute(_WRAPPED).one()
        if moved_at is not None and not self.even_moved:
            raise unavailable(
                "This store was moved to another database, or its restore was cut off.",
                "Set database_url to where it was moved and restart the service, or empty this one and restore again.",
            )
        identity = self._store_key(current).id
        if (current, following) != self._seen:
            self._take_up(identity, (current, following))
        return identity

    def new_data_key(self, subject: int, known_as: SubjectId) -> bytes:
        """A fresh data key, wrapped by the key in force."""
        return self.current.new_data_key(subject, known_as)

    def data_key(self, wrapped: bytes, subject: int, known_as: SubjectId) -> DataKey:
        """The subject's data key, whichever store key it is under; RECORD_TAMPERED where it is another's."""
        return self._for(key_id(wrapped)).data_key(wrapped, subject, known_as)

    def _take_up(self, identity: bytes, seen: tuple[bytes, bytes | None]) -> None:
        """A reader whose state is from before a renewal may come late: nobody goes back to the key that it saw."""
        with self._turn:
            if identity in self._superseded:
                return
            if identity != self._current:
                self._superseded.add(self._current)
            self._current, self._seen = identity, seen

    def _for(self, identity: bytes) -> StoreKey:
        if not identity:
            return self.current
        if identity not in self._known:
            self.look()
        following = self.next
        if following is not None and following.id == identity:
            return following
        if identity not in self._known:
            raise tampered()
        return self._known[identity]

    def _store_key(self, wrapped: bytes) -> StoreKey:
        known = self._known.get(key_id(wrapped))
        if known is None:
            known = self._opened(wrapped)
            self._known[known.id] = known
        return known

    def _opened(self, wrapped: bytes) -> StoreKey:
        try:
            return self.master.store_key(wrapped)
        except BiometricServiceError as fault:
            if self._known and fault.code is ErrorCode.RECORD_TAMPERED:
                raise wrong() from fault
            raise
