"""What Alembic runs: every step in the transaction of the connection that it is given."""

from alembic import context

from biometric_service.references.models import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
with context.begin_transaction():
    context.run_migrations()
