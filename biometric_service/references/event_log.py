"""What the store asks of the audit log that it writes to in its own transactions."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from sqlalchemy import Connection

from biometric_service.vocabulary.events import AuditEvent, RecordedEvent


class EventLog(Protocol):
    """An append-only log in the same database; ``audit.log.ChainedLog`` is one."""

    def begin(self, connection: Connection) -> None:
        """Start the log of a new store."""

    def append(self, connection: Connection, event: AuditEvent) -> int:
        """Add an event within the connection's transaction; returns its number."""

    def read(self, connection: Connection, after: int, limit: int) -> Sequence[RecordedEvent]:
        """Events after the given number, in order."""

    def verify(self, connection: Connection) -> int:
        """Check the whole log; returns how many events there are, or AUDIT_CHAIN_BROKEN."""

    def export(self, connection: Connection) -> Iterator[str]:
        """Every event as a line that anybody can check."""

    def head(self, connection: Connection) -> tuple[int, str]:
        """How many events there are, and the digest of the last (hex); AUDIT_CHAIN_BROKEN."""

    def require_extension(self, connection: Connection, count: int, digest: str) -> None:
        """AUDIT_ROLLED_BACK unless the log goes on from a head that was kept outside."""

    def bind(self, connection: Connection, name: str, state: str) -> None:
        """Have the end of the log close over a state of something else in the database; AUDIT_CHAIN_BROKEN."""

    def bound(self, connection: Connection, name: str) -> str:
        """The state that was last bound under a name, empty where none was; AUDIT_CHAIN_BROKEN."""

    def reclose(self, connection: Connection, key: bytes) -> None:
        """Put the end of the log under another key; AUDIT_CHAIN_BROKEN where it is not as it was left."""


MakeLog = Callable[[Callable[[], bytes]], EventLog]
"""Makes the log from what gives the key of its head: a key that may be renewed while the log is open."""
