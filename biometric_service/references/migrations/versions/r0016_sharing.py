"""Sharing with other agencies: agreements, what leaves and comes in under them, and published statistics."""

import sqlalchemy as sa
from alembic import op

revision = "16"
down_revision = "15"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_NAME = sa.String(255).with_variant(sa.String(255, collation="C"), "postgresql")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "agreements",
        sa.Column("id", _NAME, primary_key=True),
        sa.Column("name", _NAME, nullable=False, index=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("terms", sa.Text, nullable=False),
        sa.Column("proposed_by", _NAME, nullable=False),
        sa.Column("proposed_at", _MOMENT, nullable=False),
        sa.Column("signatures", sa.JSON, nullable=False),
        sa.Column("expires_at", _MOMENT, nullable=False),
        sa.Column("revoked_at", _MOMENT),
        sa.Column("seal", sa.LargeBinary, nullable=False),
    )
    _make_disclosures()
    _make_incoming()
    op.create_table(
        "reconciliations",
        sa.Column("agency", _NAME, primary_key=True),
        sa.Column("day", _NAME, primary_key=True),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("proven", sa.Boolean, nullable=False),
        sa.Column("found", sa.Text, nullable=False),
    )
    op.create_table(
        "statistics_tables",
        sa.Column("month", _NAME, primary_key=True),
        sa.Column("published_at", _MOMENT, nullable=False),
        sa.Column("event", _NUMBER, nullable=False),
        sa.Column("event_digest", _NAME, nullable=False),
        sa.Column("epsilon", sa.Double),
        sa.Column("table", sa.Text, nullable=False),
        sa.Column("digest", _NAME, nullable=False),
    )


def _make_disclosures() -> None:
    op.create_table(
        "disclosures",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("id", _NAME, nullable=False, unique=True),
        sa.Column("event", _NUMBER, nullable=False),
        sa.Column("kind", _NAME, nullable=False),
        sa.Column("agreement", _NAME, sa.ForeignKey("agreements.id"), nullable=False, index=True),
        sa.Column("agency", _NAME, nullable=False),
        sa.Column("principal", _NAME, nullable=False, index=True),
        sa.Column("channel", _NAME, nullable=False),
        sa.Column("subject", _NAME, index=True),
        sa.Column("about", _NAME, nullable=False, index=True),
        sa.Column("cause", _NAME, unique=True),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("day", _NAME, nullable=False, index=True),
        sa.Column("made_by", _NAME, nullable=False),
        sa.Column("purpose", _NAME, nullable=False),
        sa.Column("legal_basis", _NAME, nullable=False),
        sa.Column("fields", sa.JSON, nullable=False),
        sa.Column("digest", _NAME, nullable=False),
        sa.Column("state", _NAME, nullable=False, index=True),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", _MOMENT, nullable=False, index=True),
        sa.Column("claimed_until", _MOMENT),
        sa.Column("sent_at", _MOMENT),
        sa.Column("acknowledged_at", _MOMENT),
        sa.Column("receipt", sa.Text, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("draft", sa.LargeBinary),
        sa.Column("payload", sa.LargeBinary),
    )
    op.create_table(
        "disclosure_approvals",
        sa.Column(
            "disclosure",
            _NUMBER,
            sa.ForeignKey("disclosures.number", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("officer", _NAME, primary_key=True),
        sa.Column("at", _MOMENT, nullable=False),
    )
    op.create_table(
        "sharing_progress",
        sa.Column("id", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("event", _NUMBER, nullable=False),
    )


def _make_incoming() -> None:
    op.create_table(
        "received_disclosures",
        sa.Column("agency", _NAME, primary_key=True),
        sa.Column("id", _NAME, primary_key=True),
        sa.Column("kind", _NAME, nullable=False),
        sa.Column("agreement", _NAME, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("day", _NAME, nullable=False, index=True),
        sa.Column("digest", _NAME, nullable=False),
        sa.Column("received_at", _MOMENT, nullable=False),
        sa.Column("recalled_at", _MOMENT),
        sa.Column("content", sa.LargeBinary),
    )
    op.create_table(
        "agency_requests",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("id", _NAME, nullable=False, unique=True),
        sa.Column("agency", _NAME, nullable=False, index=True),
        sa.Column("agreement", _NAME, sa.ForeignKey("agreements.id"), nullable=False, index=True),
        sa.Column("kind", _NAME, nullable=False),
        sa.Column("gallery", _NAME, nullable=False),
        sa.Column("subject", _NAME, index=True),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("asked_at", _MOMENT, nullable=False),
        sa.Column("state", _NAME, nullable=False, index=True),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("due_at", _MOMENT, nullable=False, index=True),
        sa.Column("claimed_until", _MOMENT),
        sa.Column("outcome", _NAME, nullable=False),
        sa.Column("answer", _NAME, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("content", sa.LargeBinary),
    )


def downgrade() -> None:
    """Drop them; what was shared with whom is then in the audit log alone."""
    for table in (
        "statistics_tables",
        "reconciliations",
        "agency_requests",
        "received_disclosures",
        "sharing_progress",
        "disclosure_approvals",
        "disclosures",
        "agreements",
    ):
        op.drop_table(table)
