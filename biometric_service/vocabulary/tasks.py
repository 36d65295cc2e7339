"""Work that is done later: tasks, whose results are delivered to an address that the caller named."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from biometric_service.vocabulary.references import SubjectId


class TaskStatus(StrEnum):
    """How far a task has got (OSIA's names)."""

    PENDING = "PENDING"
    RESPONSE_SCHEDULED = "RESPONSE_SCHEDULED"
    RESPONSE_RETRY = "RESPONSE_RETRY"
    RESPONSE_ERROR = "RESPONSE_ERROR"
    COMPLETED = "COMPLETED"


@dataclass(frozen=True, slots=True)
class Commission:
    """A task as it is given. ``actor``: who gives it. ``priority``: 0 to 9, 9 first.

    ``subjects``: whom it is about, two at the most; tasks about one subject are done in the order in which they came.
    ``request``: what is to be done; forgotten once it is done. ``reply``: where to send the result.
    """

    id: str
    actor: str
    priority: int
    subjects: tuple[SubjectId, ...]
    request: bytes
    reply: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class TaskWork:
    """A task to be done by whoever claimed it; ``attempt`` counts from 1, also attempts that a dead process made."""

    id: str
    request: bytes
    attempt: int


@dataclass(frozen=True, slots=True)
class TaskDelivery:
    """A result to be sent by whoever claimed it; ``failed``: it is an error. ``attempt`` counts from 1."""

    id: str
    reply: bytes
    result: bytes
    failed: bool
    attempt: int


@dataclass(frozen=True, slots=True)
class TaskState:
    """How far a task has got, and whose it is."""

    actor: str
    status: TaskStatus
