"""Whom a kept answer names, so that it goes with whoever is erased."""

import sqlalchemy as sa
from alembic import op

revision = "23"
down_revision = "22"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; an answer from before names nobody, and is gone after a day."""
    op.add_column("idempotency_keys", sa.Column("about", sa.JSON, nullable=True))


def downgrade() -> None:
    """Drop it."""
    op.drop_column("idempotency_keys", "about")
