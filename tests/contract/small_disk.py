"""A real file system of 24 MB that a store lies on, to be filled, or mounted read-only. Only root can mount one."""

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, text

from tests.contract.conftest import DATABASES

SIZE = "size=24M"
BALLAST_LEFT = 300_000


@contextmanager
def small_disk() -> Iterator[Path]:
    """Where PostgreSQL's own user can reach it."""
    folder = Path(tempfile.mkdtemp(prefix="disk"))
    owner = ",uid=postgres,mode=0700" if "postgresql" in DATABASES else ""
    subprocess.run(["mount", "-t", "tmpfs", "-o", SIZE + owner, "tmpfs", folder], check=True)
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)
    folder.rmdir()


def fill(disk: Path, ballast: Path, left: int = BALLAST_LEFT) -> None:
    """Leave so many bytes free."""
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    ballast.write_bytes(bytes(max(free - left, 0)))


@contextmanager
def read_only(engine: Engine, disk: Path) -> Iterator[None]:
    """SQLite: the disk is mounted read-only; PostgreSQL: the server takes no writes, as a standby does not."""
    sqlite = engine.dialect.name == "sqlite"
    if sqlite:
        engine.dispose()
    for switch in ("on", "off"):
        if sqlite:
            mode = "remount,ro" if switch == "on" else "remount,rw"
            subprocess.run(["mount", "-o", mode, disk], check=True)
        else:
            _set_read_only(engine.url, switch)
        if switch == "on":
            yield


def drop_connections(url: URL) -> None:
    """End every other connection to a database of PostgreSQL's, and wait until each has."""
    ended = (
        "SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    with _connected(url) as connection:
        connection.execute(text(ended))


def _set_read_only(url: URL, switch: str) -> None:
    with _connected(url) as connection:
        connection.execute(text("SET default_transaction_read_only = off"))
        name = connection.execute(text("SELECT current_database()")).scalar_one()
        connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {switch}'))
    drop_connections(url)


@contextmanager
def _connected(url: URL) -> Iterator[Connection]:
    engine = create_engine(url.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()
