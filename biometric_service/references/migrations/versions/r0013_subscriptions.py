"""Who is told what of what happens here, how far each has got, and what is on its way."""

import sqlalchemy as sa
from alembic import op

revision = "13"
down_revision = "12"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_NAME = sa.String(255).with_variant(sa.String(255, collation="C"), "postgresql")
_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "subscriptions",
        sa.Column("id", _NAME, primary_key=True),
        *(sa.Column(name, _NAME, nullable=False) for name in ("name", "purpose", "created_by")),
        sa.Column("url", sa.Text, nullable=False),
        *(sa.Column(name, sa.JSON, nullable=False) for name in ("types", "galleries")),
        sa.Column("secret", sa.LargeBinary, nullable=False),
        sa.Column("former", sa.LargeBinary),
        *(sa.Column(name, _TIME) for name in ("former_until", "paused_at", "expires_at", "revoked_at")),
        sa.Column("seal", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "subscription_progress",
        sa.Column("subscription", _NAME, _subscription("subscription_progress"), primary_key=True),
        sa.Column("event", _NUMBER, nullable=False),
    )
    op.create_table(
        "deliveries",
        sa.Column("number", _NUMBER, primary_key=True, autoincrement=False),
        sa.Column("subscription", _NAME, _subscription("deliveries"), nullable=False),
        sa.Column("event", _NUMBER, nullable=False),
        *(sa.Column(name, _NAME, nullable=False) for name in ("subject", "status", "answer")),
        sa.Column("other", _NAME),
        *(sa.Column(name, _TIME, nullable=False) for name in ("since", "due_at")),
        sa.Column("claimed_until", _TIME),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.UniqueConstraint("subscription", "event", name="uq_deliveries_subscription"),
    )
    op.create_index("ix_deliveries_subject", "deliveries", ["subscription", "subject"])
    op.create_index("ix_deliveries_due_at", "deliveries", ["status", "due_at"])


def downgrade() -> None:
    """Drop them; the audit log still tells all that happened, but not who is to know."""
    for table in ("deliveries", "subscription_progress", "subscriptions"):
        op.drop_table(table)


def _subscription(table: str) -> sa.ForeignKey:
    return sa.ForeignKey("subscriptions.id", name=f"fk_{table}_subscription")
