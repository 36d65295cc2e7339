"""The key that snapshots of the indexes are sealed with, which goes with whoever is erased."""

import sqlalchemy as sa
from alembic import op

revision = "10"
down_revision = "9"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the table, empty: a key is made with the next snapshot."""
    op.create_table(
        "snapshot_keys",
        sa.Column("id", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("wrapped", sa.LargeBinary, nullable=False),
        sa.Column("since", _NUMBER, nullable=False),
    )


def downgrade() -> None:
    """Drop it; the next start builds the indexes from the store."""
    op.drop_table("snapshot_keys")
