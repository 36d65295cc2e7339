"""What files are called that are held, and where latents came from, is sealed."""

import json

import sqlalchemy as sa
from alembic import op

revision = "18"
down_revision = "17"
branch_labels = None
depends_on = None

_NAME = sa.String(255).with_variant(sa.String(255, collation="C"), "postgresql")
_CLEAR = {"held_transactions": ("name",), "latents": ("control", "origin")}
_UNSEALED = b"unsealed:"


def upgrade() -> None:
    """Put the columns together; a migration has no key, so that they are sealed right after it (``preparation``)."""
    for name, columns in _CLEAR.items():
        op.add_column(name, sa.Column("facts", sa.LargeBinary, nullable=False, server_default=sa.text("''")))
        table = sa.table(name, sa.column("number"), sa.column("facts", sa.LargeBinary), *map(sa.column, columns))
        for number, *said in op.get_bind().execute(sa.select(table.c.number, *(table.c[each] for each in columns))):
            facts = _UNSEALED + json.dumps(dict(zip(columns, said, strict=True))).encode()
            op.get_bind().execute(sa.update(table).where(table.c.number == number).values(facts=facts))
        for each in columns:
            op.drop_column(name, each)


def downgrade() -> None:
    """Have the columns again, empty: what was sealed is lost."""
    for name, columns in _CLEAR.items():
        for each in columns:
            op.add_column(name, sa.Column(each, _NAME, nullable=False, server_default=""))
        op.drop_column(name, "facts")
