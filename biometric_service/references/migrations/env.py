"""What Alembic runs: every step in the transaction of the connection that it is given."""

from alembic import context

from biometric_service.references import (
    card_tables,
    day_tables,
    intake_tables,
    place_tables,
    sharing_tables,
    subscription_tables,
)
from biometric_service.references.models import Base

ALL = (card_tables, day_tables, intake_tables, place_tables, sharing_tables, subscription_tables)
"""Modules whose tables are part of the metadata."""

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
