"""Encounters as full citizens: status, circumstances, consents; merged subjects; versions."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "2"
down_revision = "1"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_NAME = sa.String(255).with_variant(sa.String(255, collation="C"), "postgresql")
_MOMENT = sa.DateTime(timezone=True)
_LONG_AGO = "1970-01-01 00:00:00.000000"
_KEEP_UNTIL = "ix_encounters_keep_until"


def upgrade() -> None:
    """Add them; every encounter there is becomes an active one."""
    for table, column in _columns():
        op.add_column(table, column)
    op.execute("UPDATE encounters SET changed_at = at")
    op.create_index(_KEEP_UNTIL, "encounters", ["keep_until"])
    _make_consents()
    _make_merges()


def downgrade() -> None:
    """Drop them, and what they say."""
    for table in ("merged_encounters", "merges", "consents"):
        op.drop_table(table)
    op.drop_index(_KEEP_UNTIL, "encounters")
    for table, column in _columns():
        op.drop_column(table, column.name)


def _columns() -> list[tuple[str, sa.Column[Any]]]:
    return [
        ("subjects", _column("version", sa.Integer(), "1")),
        ("encounters", _column("version", sa.Integer(), "1")),
        ("encounters", _column("changed_at", _MOMENT, _LONG_AGO)),
        ("encounters", _column("status", _NAME, "active")),
        ("encounters", _column("kind", _NAME, "")),
        ("encounters", _column("legal_basis", _NAME, "")),
        ("encounters", sa.Column("keep_until", _MOMENT, nullable=True)),
        ("encounters", sa.Column("details", sa.LargeBinary, nullable=True)),
        ("capture_exceptions", sa.Column("since", sa.Date, nullable=True)),
        ("samples", sa.Column("notes", sa.LargeBinary, nullable=True)),
    ]


def _column(name: str, kind: sa.types.TypeEngine[Any], for_those_there: str) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, server_default=for_those_there)


def _make_consents() -> None:
    op.create_table(
        "consents",
        _key("encounter", _owned_by("encounters")),
        sa.Column("purpose", _NAME, primary_key=True),
        sa.Column("given_at", _MOMENT, nullable=False),
        sa.Column("withdrawn_at", _MOMENT, nullable=True),
    )


def _make_merges() -> None:
    op.create_table(
        "merges",
        _key("change", sa.ForeignKey("changes.number")),
        sa.Column("source", _NUMBER, _owned_by("subjects"), nullable=False, index=True),
        sa.Column("target", _NUMBER, _owned_by("subjects"), nullable=False, index=True),
        sa.Column("undone", _NUMBER, nullable=True),
    )
    op.create_table(
        "merged_encounters",
        _key("merge", sa.ForeignKey("merges.change", ondelete="CASCADE")),
        _key("encounter", _owned_by("encounters"), index=True),
    )


def _key(name: str, *constraints: sa.ForeignKey, index: bool = False) -> sa.Column[int]:
    return sa.Column(name, _NUMBER, *constraints, primary_key=True, autoincrement=False, index=index)


def _owned_by(table: str) -> sa.ForeignKey:
    return sa.ForeignKey(f"{table}.number", ondelete="CASCADE")
