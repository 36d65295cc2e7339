"""The two tables of the log: its events, and where it ends."""

from sqlalchemy import BigInteger, Integer, LargeBinary, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NUMBER = BigInteger().with_variant(Integer, "sqlite")


class Base(DeclarativeBase):
    """Base of the log's tables."""


class AuditEventRow(Base):
    """One event: the bytes that were hashed, and the digests that tie it to its neighbours."""

    __tablename__ = "audit_events"

    number: Mapped[int] = mapped_column(NUMBER, primary_key=True, autoincrement=False)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    previous: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[bytes] = mapped_column(LargeBinary)


class AuditHeadRow(Base):
    """Where the chain ends, under a MAC that only the holder of the master key can make.

    ``states``: JSON of what the head closes over besides, by name, under ``states_mac``, which covers the head as well.
    """

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(NUMBER, primary_key=True, autoincrement=False)
    count: Mapped[int] = mapped_column(NUMBER)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    mac: Mapped[bytes] = mapped_column(LargeBinary)
    states: Mapped[str | None] = mapped_column(Text)
    states_mac: Mapped[bytes | None] = mapped_column(LargeBinary)
