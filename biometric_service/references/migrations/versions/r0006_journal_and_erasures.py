"""The journal of touched rows, the certificates of erasures, and where a store was moved."""

import sqlalchemy as sa
from alembic import op

revision = "6"
down_revision = "5"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_NAME = sa.String(255).with_variant(sa.String(255, collation="C"), "postgresql")
_KEY = sa.String(1024).with_variant(sa.String(1024, collation="C"), "postgresql")


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "journal",
        sa.Column("name", _NAME, primary_key=True),
        sa.Column("key", _KEY, primary_key=True),
        sa.Column("number", _NUMBER, nullable=False, index=True),
    )
    op.create_table(
        "erasures",
        sa.Column("change", _NUMBER, sa.ForeignKey("changes.number"), primary_key=True, autoincrement=False),
        sa.Column("certificate", sa.Text, nullable=False),
    )
    op.add_column("store", sa.Column("moved_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Drop them."""
    op.drop_column("store", "moved_at")
    op.drop_table("erasures")
    op.drop_table("journal")
