"""Intakes with their captures, the names that people are enrolled under, and the cards that they carry."""

import sqlalchemy as sa
from alembic import op

revision = "17"
down_revision = "16"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_NAME = sa.String(255).with_variant(sa.String(255, collation="C"), "postgresql")


def upgrade() -> None:
    """Make the tables; names of encounters from before are sealed, and stay where they are."""
    op.create_table(
        "intakes",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=False),
        *(sa.Column(name, _NAME, nullable=False) for name in ("id", "state", "subject")),
        sa.Column("galleries", sa.JSON, nullable=False),
        sa.Column("found", sa.JSON, nullable=False),
        sa.Column("opened_by", _NAME, nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("encounter", _NAME),
        sa.Column("details", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("id", name="uq_intakes_id"),
    )
    for column in ("subject", "expires_at"):
        op.create_index(f"ix_intakes_{column}", "intakes", [column])
    op.create_table(
        "intake_captures",
        sa.Column(
            "intake",
            _NUMBER,
            sa.ForeignKey("intakes.number", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("place", _NAME, primary_key=True),
        sa.Column("facts", sa.LargeBinary, nullable=False),
        sa.Column("image", sa.LargeBinary, nullable=False),
        sa.Column("template", sa.LargeBinary),
    )
    op.create_table(
        "person_names",
        _of("encounter", "encounters.number"),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "cards",
        sa.Column("id", _NAME, primary_key=True),
        sa.Column("subject", _NUMBER, nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True)),
        sa.Column("seal", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_cards_subject", "cards", ["subject"])


def downgrade() -> None:
    """Drop them: intakes under way are lost, and cards are no longer known."""
    for table in ("cards", "person_names", "intake_captures", "intakes"):
        op.drop_table(table)


def _of(name: str, target: str) -> "sa.Column[int]":
    return sa.Column(name, _NUMBER, sa.ForeignKey(target, ondelete="CASCADE"), primary_key=True, autoincrement=False)
