"""How long encounters are kept; which model's templates are searched, and which samples a model could not read."""

import sqlalchemy as sa
from alembic import op

revision = "8"
down_revision = "7"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_NAME = sa.String(255).with_variant(sa.String(255, collation="C"), "postgresql")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make them; an encounter that is over was so when it was last changed."""
    op.add_column("encounters", sa.Column("ended_at", _MOMENT, nullable=True))
    op.execute("UPDATE encounters SET ended_at = changed_at WHERE status <> 'active'")
    op.create_table(
        "retention_rules",
        sa.Column("gallery", _NAME, primary_key=True),
        sa.Column("legal_basis", _NAME, primary_key=True),
        sa.Column("days", sa.Integer, nullable=False),
        sa.Column("counted_from", _NAME, nullable=False),
    )
    op.create_table(
        "models_in_use",
        sa.Column("modality", _NAME, primary_key=True),
        sa.Column("form", _NAME, nullable=False),
        sa.Column("before", _NAME, nullable=True),
        sa.Column("since", _MOMENT, nullable=False),
    )
    op.create_table(
        "failed_extractions",
        sa.Column(
            "sample",
            _NUMBER,
            sa.ForeignKey("samples.number", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("form", _NAME, primary_key=True),
        sa.Column("reason", _NAME, nullable=False),
    )


def downgrade() -> None:
    """Drop them."""
    for table in ("failed_extractions", "models_in_use", "retention_rules"):
        op.drop_table(table)
    op.drop_column("encounters", "ended_at")
