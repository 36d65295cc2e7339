"""What a received recall is of, so that it holds also for what comes after it."""

import sqlalchemy as sa
from alembic import op

revision = "19"
down_revision = "18"
branch_labels = None
depends_on = None

_NAME = sa.String(255).with_variant(sa.String(255, collation="C"), "postgresql")


def upgrade() -> None:
    """Add the column; of recalls from before nobody knows it, and what they are of had come."""
    op.add_column("received_disclosures", sa.Column("about", _NAME, nullable=False, server_default=""))
    op.create_index("ix_received_disclosures_about", "received_disclosures", ["about"])


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_received_disclosures_about", "received_disclosures")
    op.drop_column("received_disclosures", "about")
