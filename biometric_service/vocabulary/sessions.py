"""Sessions of the console that ended before their time."""

from datetime import datetime
from typing import Protocol

from biometric_service.vocabulary.events import AuditEvent


class SessionStore(Protocol):
    """Keeps of each that it is over, until it would be anyhow."""

    def end_session(self, session: str, until: datetime, event: AuditEvent) -> None:
        """Keep that a session is over; ``until``: its end by age."""

    def is_ended(self, session: str) -> bool:
        """Whether a session was ended before its time."""
