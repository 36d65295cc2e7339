"""The head of the audit log closes over what must not be put back: who has rights, and what was removed."""

import sqlalchemy as sa
from alembic import op

revision = "12"
down_revision = "11"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make room; the states are bound when the store is next opened."""
    op.add_column("audit_head", sa.Column("states", sa.Text))
    op.add_column("audit_head", sa.Column("states_mac", sa.LargeBinary))


def downgrade() -> None:
    """Drop them."""
    op.drop_column("audit_head", "states_mac")
    op.drop_column("audit_head", "states")
