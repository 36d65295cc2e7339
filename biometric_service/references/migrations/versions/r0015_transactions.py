"""Interchange: transactions that are held, and latents."""

import sqlalchemy as sa
from alembic import op

revision = "15"
down_revision = "14"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_NAME = sa.String(255).with_variant(sa.String(255, collation="C"), "postgresql")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "held_transactions",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("id", _NAME, nullable=False, unique=True),
        sa.Column("received_at", _MOMENT, nullable=False),
        sa.Column("sender", _NAME, nullable=False),
        sa.Column("name", _NAME, nullable=False),
        sa.Column("profile", _NAME, nullable=False),
        sa.Column("digest", _NAME, nullable=False, index=True),
        sa.Column("size", _NUMBER, nullable=False),
        sa.Column("reason", _NAME, nullable=False),
        sa.Column("why", sa.LargeBinary, nullable=False),
        sa.Column("state", _NAME, nullable=False, index=True),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("keep_until", _MOMENT, nullable=False, index=True),
        sa.Column("settled_at", _MOMENT),
        sa.Column("sealed", sa.LargeBinary),
    )
    op.create_table(
        "latents",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("id", _NAME, nullable=False, unique=True),
        sa.Column("received_at", _MOMENT, nullable=False),
        sa.Column("sender", _NAME, nullable=False),
        sa.Column("dpi", sa.Double, nullable=False),
        sa.Column("positions", _NAME, nullable=False),
        sa.Column("control", _NAME, nullable=False),
        sa.Column("origin", _NAME, nullable=False),
        sa.Column("digest", _NAME, nullable=False, index=True),
        sa.Column("keep_until", _MOMENT, nullable=False, index=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("mark", sa.LargeBinary),
    )


def downgrade() -> None:
    """Drop them; what was held is lost."""
    op.drop_table("latents")
    op.drop_table("held_transactions")
