"""Adjudication: cases of two who may be one person, and what each reviewer said."""

import sqlalchemy as sa
from alembic import op

revision = "9"
down_revision = "8"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_NAME = sa.String(255).with_variant(sa.String(255, collation="C"), "postgresql")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "cases",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("id", _NAME, nullable=False, unique=True),
        sa.Column("origin", _NAME, nullable=False),
        sa.Column("subject", _NAME, index=True),
        sa.Column("candidate", _NAME, nullable=False, index=True),
        sa.Column("galleries", sa.JSON, nullable=False),
        sa.Column("score", sa.Double, nullable=False),
        sa.Column("threshold", sa.Double, nullable=False),
        sa.Column("parts", sa.Text, nullable=False),
        sa.Column("evidence", sa.JSON, nullable=False),
        sa.Column("opened_at", _MOMENT, nullable=False),
        sa.Column("opened_by", _NAME, nullable=False),
        sa.Column("outcome", _NAME, index=True),
        sa.Column("closed_at", _MOMENT),
        sa.Column("probe", sa.LargeBinary),
    )
    op.create_table(
        "reviews",
        sa.Column(
            "case", _NUMBER, sa.ForeignKey("cases.number", ondelete="CASCADE"), primary_key=True, autoincrement=False
        ),
        sa.Column("reviewer", _NAME, primary_key=True),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )


def downgrade() -> None:
    """Drop them; what was judged is lost."""
    op.drop_table("reviews")
    op.drop_table("cases")
