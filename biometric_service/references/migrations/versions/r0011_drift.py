"""Drift: how far the audit log was watched, what is known of each stream, and sketches by day."""

import sqlalchemy as sa
from alembic import op

revision = "11"
down_revision = "10"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_NAME = sa.String(255).with_variant(sa.String(255, collation="C"), "postgresql")


def upgrade() -> None:
    """Make the tables; watching begins with the first event that there is."""
    op.create_table(
        "drift_progress",
        sa.Column("id", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("event", _NUMBER, nullable=False),
    )
    op.create_table(
        "drift_streams",
        *_key(),
        sa.Column("counts", sa.JSON, nullable=False),
        sa.Column("lower", sa.JSON, nullable=False),
        sa.Column("higher", sa.JSON, nullable=False),
        sa.Column("checks", _NUMBER, nullable=False),
        sa.Column("alarm", _NAME),
        sa.Column("alarm_at", sa.DateTime(timezone=True)),
        sa.Column("alarm_event", _NUMBER),
    )
    op.create_table(
        "drift_days",
        *_key(),
        sa.Column("day", _NAME, primary_key=True),
        sa.Column("counts", sa.JSON, nullable=False),
    )


def downgrade() -> None:
    """Drop them; the audit log still tells it all."""
    for table in ("drift_days", "drift_streams", "drift_progress"):
        op.drop_table(table)


def _key() -> list[sa.Column[str]]:
    return [sa.Column(name, _NAME, primary_key=True) for name in ("device", "post", "kind", "measure")]
