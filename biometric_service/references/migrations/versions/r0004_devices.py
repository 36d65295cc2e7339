"""Devices with their certificates, and the proofs that they have used."""

import sqlalchemy as sa
from alembic import op

revision = "4"
down_revision = "3"
branch_labels = None
depends_on = None

_NAME = sa.String(255).with_variant(sa.String(255, collation="C"), "postgresql")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make them."""
    op.create_table(
        "devices",
        sa.Column("id", _NAME, primary_key=True),
        sa.Column("name", _NAME, nullable=False),
        *(sa.Column(right, sa.JSON, nullable=False) for right in ("scopes", "galleries", "purposes")),
        sa.Column("expires_at", _MOMENT),
        sa.Column("certificate", sa.LargeBinary, nullable=False),
        sa.Column("fingerprint", _NAME, nullable=False, index=True),
        sa.Column("revoked_at", _MOMENT),
        sa.Column("seal", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "used_proofs",
        sa.Column("id", _NAME, primary_key=True),
        sa.Column("until", _MOMENT, nullable=False, index=True),
    )


def downgrade() -> None:
    """Drop them; every device has to be registered again."""
    op.drop_table("used_proofs")
    op.drop_table("devices")
