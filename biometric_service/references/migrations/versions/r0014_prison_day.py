"""The prison's day: zones, posts, orders, where people are, counts, releases and visits."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "14"
down_revision = "13"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_NAME = sa.String(255).with_variant(sa.String(255, collation="C"), "postgresql")
_TIME = sa.DateTime(timezone=True)
_TABLES = (
    "visits",
    "releases",
    "muster_findings",
    "muster_people",
    "musters",
    "manual_checks",
    "whereabouts",
    "sightings",
    "movement_orders",
    "posts",
    "zones",
)


def upgrade() -> None:
    """Make the tables; nobody is known to be anywhere until they are next seen."""
    _places()
    _movements()
    _musters()
    _departures()


def downgrade() -> None:
    """Drop them; the audit log still tells it all."""
    for table in _TABLES:
        op.drop_table(table)


def _places() -> None:
    op.create_table(
        "zones",
        sa.Column("id", _NAME, primary_key=True),
        _name("name"),
        sa.Column("capacity", sa.Integer),
        _flag("off_site"),
    )
    op.create_table(
        "posts",
        sa.Column("id", _NAME, primary_key=True),
        _name("name"),
        sa.Column("from_zone", _NAME, sa.ForeignKey("zones.id"), nullable=False, index=True),
        sa.Column("to_zone", _NAME, sa.ForeignKey("zones.id"), nullable=False, index=True),
        _name("gallery"),
        sa.Column("devices", sa.JSON, nullable=False),
        _flag("demands_order"),
        _name("on_discrepancy"),
        _blob("seal"),
    )
    op.create_table(
        "movement_orders",
        *_named(),
        _name("gallery"),
        _subject(nullable=True),
        *_optional_names("zone", "from_zone"),
        _name("to_zone"),
        *_times("valid_from", "valid_until"),
        _name("purpose"),
        _flag("must"),
        _flag("both_ways"),
        _blob("note"),
        _name("issued_by"),
        *_times("issued_at"),
        _name("cancelled_by"),
        sa.Column("cancelled_at", _TIME),
        sa.Column("over", sa.Boolean, nullable=False, index=True),
        _blob("seal"),
    )


def _movements() -> None:
    op.create_table(
        "sightings",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=False),
        _name("device"),
        _name("id"),
        _subject(nullable=True),
        sa.Column("at", _TIME, nullable=False, index=True),
        *_times("received_at"),
        *(_name(name) for name in ("how", "means", "passage", "ground")),
        *_optional_names("zone", "post", "direction"),
        _flag("discrepancy"),
        sa.Column("slice", _NUMBER),
        _name("muster"),
        sa.Column("event", _NUMBER, nullable=False),
        sa.UniqueConstraint("device", "id"),
    )
    op.create_table(
        "whereabouts",
        _key("subject", "subjects"),
        sa.Column("zone", _NAME, nullable=False, index=True),
        *_times("since"),
        sa.Column("event", _NUMBER, nullable=False),
        _name("how"),
    )
    op.create_table(
        "manual_checks",
        *_named(),
        _subject(),
        _name("gallery"),
        *_optional_names("post", "direction"),
        _name("muster"),
        *_optional_names("zone"),
        _blob("reason"),
        _name("opened_by"),
        *_times("opened_at", "expires_at"),
        _name("confirmed_by"),
        sa.Column("confirmed_at", _TIME),
        *_optional_names("passage"),
    )


def _musters() -> None:
    op.create_table(
        "musters",
        *_named(),
        sa.Column("galleries", sa.JSON, nullable=False),
        sa.Column("zones", sa.JSON, nullable=False),
        _name("shown"),
        sa.Column("off_site", sa.Integer, nullable=False),
        _name("started_by"),
        *_times("started_at"),
        _name("closed_by"),
        sa.Column("closed_at", _TIME, index=True),
        sa.Column("report", sa.Text, nullable=False),
    )
    op.create_table(
        "muster_people",
        _key("muster", "musters"),
        _key("subject", "subjects", index=True),
        *_optional_names("zone"),
        sa.Column("since", _TIME),
        sa.Column("demanded", sa.Integer),
        _name("state"),
        sa.Column("counted_at", _TIME),
        _name("counted_by"),
        *_optional_names("counted_zone"),
        _name("means"),
        sa.Column("event", _NUMBER),
    )
    op.create_table(
        "muster_findings",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("muster", _NUMBER, _to("musters"), nullable=False, index=True),
        _name("finding"),
        _subject(nullable=True),
        *_times("at"),
        *_optional_names("zone"),
        sa.Column("event", _NUMBER, nullable=False),
    )


def _departures() -> None:
    op.create_table(
        "releases",
        *_named(),
        _name("kind"),
        _subject(),
        _name("gallery"),
        _blob("particulars"),
        sa.Column("checked", sa.LargeBinary),
        _name("opened_by"),
        *_times("opened_at", "expires_at"),
        _name("state"),
        sa.Column("confirmed_by", sa.JSON, nullable=False),
        sa.Column("ended_at", _TIME, index=True),
        _blob("seal"),
    )
    op.create_table(
        "visits",
        *_named(),
        _subject("visitor"),
        _subject("host", nullable=True, ondelete="SET NULL"),
        _name("gallery"),
        *_optional_names("zone"),
        _name("opened_by"),
        *_times("opened_at"),
        sa.Column("left_at", _TIME, index=True),
    )


def _named() -> list[sa.Column[Any]]:
    return [
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("id", _NAME, nullable=False, unique=True),
    ]


def _to(table: str, ondelete: str = "CASCADE") -> sa.ForeignKey:
    return sa.ForeignKey(f"{table}.number", ondelete=ondelete)


def _key(column: str, table: str, *, index: bool = False) -> sa.Column[int]:
    return sa.Column(column, _NUMBER, _to(table), primary_key=True, autoincrement=False, index=index)


def _subject(column: str = "subject", *, ondelete: str = "CASCADE", nullable: bool = False) -> sa.Column[int]:
    return sa.Column(column, _NUMBER, _to("subjects", ondelete), nullable=nullable, index=True)


def _name(column: str) -> sa.Column[str]:
    return sa.Column(column, _NAME, nullable=False)


def _optional_names(*columns: str) -> list[sa.Column[str]]:
    return [sa.Column(column, _NAME) for column in columns]


def _times(*columns: str) -> list[sa.Column[datetime]]:
    return [sa.Column(column, _TIME, nullable=False) for column in columns]


def _flag(column: str) -> sa.Column[bool]:
    return sa.Column(column, sa.Boolean, nullable=False)


def _blob(column: str) -> sa.Column[bytes]:
    return sa.Column(column, sa.LargeBinary, nullable=False)
