"""The tables of the store. Blobs are sealed (see ``protection``); nothing biometric is in the clear.

Numbers are given out by the one row of ``store`` and never used again, so that a blob can be bound to its number
before it is written and an erased reference's number never names another. The audit log keeps its own tables.
"""

from datetime import UTC, date, datetime
from typing import Annotated

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

LONGEST_NAME = 255

NUMBER = BigInteger().with_variant(Integer, "sqlite")
_LONG_NAME = String(1024).with_variant(String(1024, collation="C"), "postgresql")
NAME = String(LONGEST_NAME).with_variant(String(LONGEST_NAME, collation="C"), "postgresql")


class UtcTime(TypeDecorator[datetime]):
    """A moment, kept and given back in UTC; a time without a zone is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """To UTC."""
        if value is not None and value.tzinfo is None:
            raise ValueError("a time needs its zone")
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """SQLite forgets the zone."""
        return None if value is None else value.replace(tzinfo=value.tzinfo or UTC)


NumberKey = Annotated[int, mapped_column(NUMBER, primary_key=True, autoincrement=False)]
Number = Annotated[int, mapped_column(NUMBER)]
Name = Annotated[str, mapped_column(NAME)]
Moment = Annotated[datetime, mapped_column(UtcTime)]
Sealed = Annotated[bytes, mapped_column(LargeBinary)]
Names = Annotated[list[str], mapped_column(JSON)]


class Base(DeclarativeBase):
    """Base of the store's tables."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ix": "ix_%(table_name)s_%(column_0_name)s",
        }
    )


class StoreRow(Base):
    """The one row that says which master key the store is under and which numbers were given out last.

    ``next_store_key``: what a renewal under way is moving to. ``moved_at``: when everything went to another database.
    """

    __tablename__ = "store"

    id: Mapped[NumberKey]
    key_check: Mapped[Sealed]
    store_key: Mapped[Sealed]
    next_store_key: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[Moment]
    moved_at: Mapped[datetime | None] = mapped_column(UtcTime)
    last_change: Mapped[Number]
    last_subject: Mapped[Number]
    last_encounter: Mapped[Number]
    last_sample: Mapped[Number]
    last_template: Mapped[Number]


class GalleryRow(Base):
    """A gallery."""

    __tablename__ = "galleries"

    id: Mapped[str] = mapped_column(NAME, primary_key=True)
    created_at: Mapped[Moment]


class SubjectRow(Base):
    """A subject under the id that the callers know."""

    __tablename__ = "subjects"

    number: Mapped[NumberKey]
    id: Mapped[str] = mapped_column(NAME, unique=True)
    enrolled_at: Mapped[Moment]
    version: Mapped[int] = mapped_column(Integer, default=1)


class DataKeyRow(Base):
    """The subject's data key, wrapped by the store key; without it the subject's blobs are noise."""

    __tablename__ = "data_keys"

    subject: Mapped[NumberKey] = mapped_column(ForeignKey("subjects.number", ondelete="CASCADE"))
    wrapped: Mapped[Sealed]


class EncounterRow(Base):
    """One occasion on which a subject was captured."""

    __tablename__ = "encounters"
    __table_args__ = (UniqueConstraint("subject", "id"),)

    number: Mapped[NumberKey]
    subject: Mapped[Number] = mapped_column(ForeignKey("subjects.number", ondelete="CASCADE"))
    id: Mapped[Name]
    at: Mapped[Moment]
    version: Mapped[int] = mapped_column(Integer, default=1)
    changed_at: Mapped[Moment]
    status: Mapped[Name]
    kind: Mapped[Name]
    legal_basis: Mapped[Name]
    keep_until: Mapped[datetime | None] = mapped_column(UtcTime, index=True)
    details: Mapped[Sealed | None]
    ended_at: Mapped[datetime | None] = mapped_column(UtcTime)


class ConsentRow(Base):
    """What the person agreed to at an encounter."""

    __tablename__ = "consents"

    encounter: Mapped[NumberKey] = mapped_column(ForeignKey("encounters.number", ondelete="CASCADE"))
    purpose: Mapped[str] = mapped_column(NAME, primary_key=True)
    given_at: Mapped[Moment]
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcTime)


class RetentionRuleRow(Base):
    """How long encounters of a gallery and legal basis are kept; empty for any."""

    __tablename__ = "retention_rules"

    gallery: Mapped[str] = mapped_column(NAME, primary_key=True)
    legal_basis: Mapped[str] = mapped_column(NAME, primary_key=True)
    days: Mapped[int]
    counted_from: Mapped[Name]


class ModelInUseRow(Base):
    """The format whose templates of a modality are searched, and the one before it that can be gone back to."""

    __tablename__ = "models_in_use"

    modality: Mapped[str] = mapped_column(NAME, primary_key=True)
    form: Mapped[Name]
    before: Mapped[Name | None]
    since: Mapped[Moment]


class FailedExtractionRow(Base):
    """A sample that a model could make no template of, so that it is not tried for ever."""

    __tablename__ = "failed_extractions"

    sample: Mapped[NumberKey] = mapped_column(ForeignKey("samples.number", ondelete="CASCADE"))
    form: Mapped[str] = mapped_column(NAME, primary_key=True)
    reason: Mapped[Name]


class MergeRow(Base):
    """The change that took a subject's last encounters to another subject.

    ``undone``: the change that brought them back, None where nothing did. A subject with a merge that is not
    undone holds nothing itself: it is known as where its encounters went.
    """

    __tablename__ = "merges"

    change: Mapped[NumberKey] = mapped_column(ForeignKey("changes.number"))
    source: Mapped[Number] = mapped_column(ForeignKey("subjects.number", ondelete="CASCADE"), index=True)
    target: Mapped[Number] = mapped_column(ForeignKey("subjects.number", ondelete="CASCADE"), index=True)
    undone: Mapped[Number | None]


class MergedEncounterRow(Base):
    """An encounter that a merge took along."""

    __tablename__ = "merged_encounters"

    merge: Mapped[NumberKey] = mapped_column(ForeignKey("merges.change", ondelete="CASCADE"))
    encounter: Mapped[NumberKey] = mapped_column(ForeignKey("encounters.number", ondelete="CASCADE"), index=True)


class EncounterGalleryRow(Base):
    """A gallery that an encounter's references are searched in."""

    __tablename__ = "encounter_galleries"

    encounter: Mapped[NumberKey] = mapped_column(ForeignKey("encounters.number", ondelete="CASCADE"))
    gallery: Mapped[str] = mapped_column(NAME, ForeignKey("galleries.id"), primary_key=True, index=True)


class CaptureExceptionRow(Base):
    """A finger that could not be captured."""

    __tablename__ = "capture_exceptions"

    encounter: Mapped[NumberKey] = mapped_column(ForeignKey("encounters.number", ondelete="CASCADE"))
    position: Mapped[NumberKey]
    kind: Mapped[Name]
    since: Mapped[date | None]


class SampleRow(Base):
    """A sample: what is told of it in the clear, and the image as it was given, sealed."""

    __tablename__ = "samples"

    number: Mapped[NumberKey]
    encounter: Mapped[Number] = mapped_column(ForeignKey("encounters.number", ondelete="CASCADE"), index=True)
    modality: Mapped[Name]
    position: Mapped[int]
    dpi: Mapped[float | None]
    device: Mapped[str] = mapped_column(Text)
    captured_at: Mapped[Moment]
    digest: Mapped[Name]
    quality: Mapped[float]
    image: Mapped[Sealed]
    notes: Mapped[Sealed | None]


class TemplateRow(Base):
    """A reference: a template made of a sample, sealed; ``change`` is the change that added it."""

    __tablename__ = "templates"

    number: Mapped[NumberKey]
    sample: Mapped[Number] = mapped_column(ForeignKey("samples.number", ondelete="CASCADE"), index=True)
    change: Mapped[Number] = mapped_column(ForeignKey("changes.number"), index=True)
    format: Mapped[Name]
    sealed: Mapped[Sealed]


class ChangeRow(Base):
    """A change of the references, with the number of its audit event."""

    __tablename__ = "changes"

    number: Mapped[NumberKey]
    event: Mapped[Number]


class RemovedReferenceRow(Base):
    """A reference that is no more, and the change that removed it; nothing leads from it to a subject."""

    __tablename__ = "removed_references"

    reference: Mapped[NumberKey]
    change: Mapped[Number] = mapped_column(ForeignKey("changes.number"), index=True)


class IdempotencyKeyRow(Base):
    """A request that is to be done once: ``change`` is what it did, ``answer`` what its caller was told, sealed.

    ``about``: ids of the subjects that the answer names, null for none.
    """

    __tablename__ = "idempotency_keys"

    actor: Mapped[str] = mapped_column(NAME, primary_key=True)
    key: Mapped[str] = mapped_column(NAME, primary_key=True)
    request: Mapped[Sealed]
    at: Mapped[datetime] = mapped_column(UtcTime, index=True)
    begun_at: Mapped[Moment]
    change: Mapped[Number | None]
    answer: Mapped[Sealed | None]
    about: Mapped[list[str] | None] = mapped_column(JSON(none_as_null=True))


class SnapshotKeyRow(Base):
    """The key that snapshots of the indexes are sealed with, wrapped by the store key; gone with whoever is erased.

    ``since``: the last change before it was made.
    """

    __tablename__ = "snapshot_keys"

    id: Mapped[NumberKey]
    wrapped: Mapped[Sealed]
    since: Mapped[Number]


class JournalRow(Base):
    """The last time (``number``) that the row with this primary key (a JSON array) of a table was touched."""

    __tablename__ = "journal"

    name: Mapped[str] = mapped_column(NAME, primary_key=True)
    key: Mapped[str] = mapped_column(_LONG_NAME, primary_key=True)
    number: Mapped[int] = mapped_column(NUMBER, index=True)


class ErasureRow(Base):
    """The certificate of an erasure, a signed statement, and the change that made it."""

    __tablename__ = "erasures"

    change: Mapped[NumberKey] = mapped_column(ForeignKey("changes.number"))
    certificate: Mapped[str] = mapped_column(Text)


class ApiKeyRow(Base):
    """A caller's key; ``seal`` is a MAC over all the rest, so that a right added by hand is found.

    ``owner``: the officer whose it is, empty for none.
    """

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(NAME, primary_key=True)
    name: Mapped[Name]
    scopes: Mapped[Names]
    galleries: Mapped[Names]
    purposes: Mapped[Names]
    expires_at: Mapped[datetime | None] = mapped_column(UtcTime)
    secret_digest: Mapped[Sealed]
    revoked_at: Mapped[datetime | None] = mapped_column(UtcTime)
    owner: Mapped[Name]
    seal: Mapped[Sealed]


class EndedSessionRow(Base):
    """A session of the console that was signed out of; ``id``: SHA-256 of its token, hexadecimal."""

    __tablename__ = "ended_sessions"

    id: Mapped[str] = mapped_column(NAME, primary_key=True)
    until: Mapped[datetime] = mapped_column(UtcTime, index=True)


class DeviceRow(Base):
    """A registered device; ``certificate`` is public (X.509, DER), ``fingerprint`` its SHA-256; ``seal`` as of keys."""

    __tablename__ = "devices"

    id: Mapped[str] = mapped_column(NAME, primary_key=True)
    name: Mapped[Name]
    scopes: Mapped[Names]
    galleries: Mapped[Names]
    purposes: Mapped[Names]
    expires_at: Mapped[datetime | None] = mapped_column(UtcTime)
    certificate: Mapped[Sealed]
    fingerprint: Mapped[str] = mapped_column(NAME, index=True)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcTime)
    seal: Mapped[Sealed]


class UsedProofRow(Base):
    """The id of a proof that a device signed for one request, kept until nobody would take it any more."""

    __tablename__ = "used_proofs"

    id: Mapped[str] = mapped_column(NAME, primary_key=True)
    until: Mapped[datetime] = mapped_column(UtcTime, index=True)


class TaskRow(Base):
    """Work that is done later, and its result until it is delivered; request, reply and result are sealed."""

    __tablename__ = "tasks"

    number: Mapped[NumberKey]
    id: Mapped[str] = mapped_column(NAME, unique=True)
    actor: Mapped[Name]
    priority: Mapped[int]
    subject: Mapped[str | None] = mapped_column(NAME, index=True)
    other: Mapped[str | None] = mapped_column(NAME, index=True)
    status: Mapped[Name]
    created_at: Mapped[Moment]
    due_at: Mapped[datetime] = mapped_column(UtcTime, index=True)
    claimed_until: Mapped[datetime | None] = mapped_column(UtcTime)
    attempts: Mapped[int]
    failed: Mapped[bool]
    request: Mapped[bytes | None] = mapped_column(LargeBinary)
    reply: Mapped[Sealed]
    result: Mapped[bytes | None] = mapped_column(LargeBinary)


class CaseRow(Base):
    """Two who may be one person; ``probe``: the images of the one, sealed, until the case is closed."""

    __tablename__ = "cases"

    number: Mapped[NumberKey]
    id: Mapped[str] = mapped_column(NAME, unique=True)
    origin: Mapped[Name]
    subject: Mapped[str | None] = mapped_column(NAME, index=True)
    candidate: Mapped[str] = mapped_column(NAME, index=True)
    galleries: Mapped[Names]
    score: Mapped[float]
    threshold: Mapped[float]
    parts: Mapped[str] = mapped_column(Text)
    evidence: Mapped[Names]
    opened_at: Mapped[Moment]
    opened_by: Mapped[Name]
    outcome: Mapped[str | None] = mapped_column(NAME, index=True)
    closed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    probe: Mapped[bytes | None] = mapped_column(LargeBinary)


class ReviewRow(Base):
    """What one reviewer said of a case, sealed: nobody reads it before the case is closed."""

    __tablename__ = "reviews"

    case: Mapped[NumberKey] = mapped_column(ForeignKey("cases.number", ondelete="CASCADE"))
    reviewer: Mapped[str] = mapped_column(NAME, primary_key=True)
    at: Mapped[Moment]
    sealed: Mapped[Sealed]


class DriftProgressRow(Base):
    """The one row that says up to which event the audit log was watched for drift."""

    __tablename__ = "drift_progress"

    id: Mapped[NumberKey]
    event: Mapped[Number]


class DriftStreamRow(Base):
    """Figures of one kind from one device and post: all so far by bin, the evidence of a change, and its alarm."""

    __tablename__ = "drift_streams"

    device: Mapped[str] = mapped_column(NAME, primary_key=True)
    post: Mapped[str] = mapped_column(NAME, primary_key=True)
    kind: Mapped[str] = mapped_column(NAME, primary_key=True)
    measure: Mapped[str] = mapped_column(NAME, primary_key=True)
    counts: Mapped[list[int]] = mapped_column(JSON)
    lower: Mapped[list[float | None]] = mapped_column(JSON)
    higher: Mapped[list[float | None]] = mapped_column(JSON)
    checks: Mapped[Number]
    alarm: Mapped[str | None] = mapped_column(NAME)
    alarm_at: Mapped[datetime | None] = mapped_column(UtcTime)
    alarm_event: Mapped[int | None] = mapped_column(NUMBER)


class DriftDayRow(Base):
    """Figures of one stream on one day (UTC, as text), by bin."""

    __tablename__ = "drift_days"

    device: Mapped[str] = mapped_column(NAME, primary_key=True)
    post: Mapped[str] = mapped_column(NAME, primary_key=True)
    kind: Mapped[str] = mapped_column(NAME, primary_key=True)
    measure: Mapped[str] = mapped_column(NAME, primary_key=True)
    day: Mapped[str] = mapped_column(NAME, primary_key=True)
    counts: Mapped[list[int]] = mapped_column(JSON)
