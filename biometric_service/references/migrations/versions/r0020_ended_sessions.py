"""Sessions of the console that were signed out of, so that no copy of a cookie outlives them."""

import sqlalchemy as sa
from alembic import op

revision = "20"
down_revision = "19"
branch_labels = None
depends_on = None

_NAME = sa.String(255).with_variant(sa.String(255, collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "ended_sessions",
        sa.Column("id", _NAME, primary_key=True),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_ended_sessions_until", "ended_sessions", ["until"])


def downgrade() -> None:
    """Drop it: copies of cookies are good again until their end."""
    op.drop_table("ended_sessions")
