"""Whose an API key is, so that two keys of one person are one officer."""

import sqlalchemy as sa
from alembic import op

revision = "21"
down_revision = "20"
branch_labels = None
depends_on = None

_NAME = sa.String(255).with_variant(sa.String(255, collation="C"), "postgresql")


def upgrade() -> None:
    """Add the column; a key from before has no owner, and its seal stays as it is."""
    op.add_column("api_keys", sa.Column("owner", _NAME, nullable=False, server_default=""))


def downgrade() -> None:
    """Drop it: a key with an owner no longer fits its seal, for it would count as an officer of its own again."""
    op.drop_column("api_keys", "owner")
