"""Tasks: work that is done later, and its results until they are delivered."""

import sqlalchemy as sa
from alembic import op

revision = "7"
down_revision = "6"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_NAME = sa.String(255).with_variant(sa.String(255, collation="C"), "postgresql")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "tasks",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("id", _NAME, nullable=False, unique=True),
        sa.Column("actor", _NAME, nullable=False),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("subject", _NAME, index=True),
        sa.Column("other", _NAME, index=True),
        sa.Column("status", _NAME, nullable=False),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("due_at", _MOMENT, nullable=False, index=True),
        sa.Column("claimed_until", _MOMENT),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("failed", sa.Boolean, nullable=False),
        sa.Column("request", sa.LargeBinary),
        sa.Column("reply", sa.LargeBinary, nullable=False),
        sa.Column("result", sa.LargeBinary),
    )


def downgrade() -> None:
    """Drop it; what waits is lost."""
    op.drop_table("tasks")
