"""The version of the tables: brought up to date when the store is opened, refused where it is newer than the code."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from biometric_service.references.faults import unavailable
from biometric_service.references.journal import unwatch

HEAD = "head"


def migrate(connection: Connection, revision: str = HEAD) -> None:
    """Upgrade within the connection's transaction; the tables must be watched anew then."""
    unwatch(connection)
    command.upgrade(_config(connection), revision)


def downgrade(connection: Connection, revision: str) -> None:
    """Go back to an older version within the connection's transaction (``base``: no tables at all)."""
    unwatch(connection)
    command.downgrade(_config(connection), revision)


def revision(connection: Connection) -> str:
    """The version of the tables there are; empty where there are none."""
    return MigrationContext.configure(connection).get_current_revision() or ""


def is_current(connection: Connection) -> bool:
    """Whether there is nothing to upgrade; STORE_UNAVAILABLE where a newer version of the service made the tables."""
    scripts = _scripts()
    current = MigrationContext.configure(connection).get_current_revision()
    if current is not None and current not in {script.revision for script in scripts.walk_revisions()}:
        raise unavailable(
            f"The store was made by a newer version of this service (tables {current}).",
            "Install that version or a later one; nothing was written.",
        )
    return current == scripts.get_current_head()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config(connection: Connection | None = None) -> Config:
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config
