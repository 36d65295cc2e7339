"""Under which other ids somebody was shared, so that what left follows both persons where a merge was wrong."""

import sqlalchemy as sa
from alembic import op

revision = "22"
down_revision = "21"
branch_labels = None
depends_on = None

_NAME = sa.String(255).with_variant(sa.String(255, collation="C"), "postgresql")
_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Make the table; what was shared before is known under one id, as it was."""
    op.create_table(
        "disclosed_people",
        sa.Column(
            "disclosure",
            _NUMBER,
            sa.ForeignKey("disclosures.number", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("subject", _NAME, primary_key=True, index=True),
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("disclosed_people")
