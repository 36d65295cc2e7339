"""The store key that a renewal is moving to."""

import sqlalchemy as sa
from alembic import op

revision = "5"
down_revision = "4"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it, empty: no renewal is under way."""
    op.add_column("store", sa.Column("next_store_key", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    """Drop it; a renewal under way must have ended."""
    op.drop_column("store", "next_store_key")
