"""Requests that were made under an idempotency key, and what was answered."""

import sqlalchemy as sa
from alembic import op

revision = "3"
down_revision = "2"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_NAME = sa.String(255).with_variant(sa.String(255, collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "idempotency_keys",
        sa.Column("actor", _NAME, primary_key=True),
        sa.Column("key", _NAME, primary_key=True),
        sa.Column("request", sa.LargeBinary, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, index=True),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("change", _NUMBER, nullable=True),
        sa.Column("answer", sa.LargeBinary, nullable=True),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("idempotency_keys")
