"""A PostgreSQL server in a folder of its own, on a socket alone, for benchmarks and tests."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

from sqlalchemy import create_engine, text

BINARIES = max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)


def available() -> bool:
    """Whether there is a server to be started and a driver for it."""
    return BINARIES is not None and find_spec("psycopg") is not None


@contextmanager
def running_server() -> Iterator["PostgresqlServer"]:
    """A server, gone with everything in it at the end."""
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    server = PostgresqlServer(folder)
    try:
        yield server
    finally:
        server.control("stop")
        shutil.rmtree(folder)


class PostgresqlServer:
    """A server in a folder; ``new_database`` gives a URL, ``control`` starts and stops it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._run("initdb", "-U", "postgres", "-A", "trust", "--encoding=UTF8")
        self.control("start")

    def control(self, action: str) -> None:
        """``start``, ``stop`` or ``restart``, at once."""
        options = f"-c listen_addresses= -c unix_socket_directories={self.folder} -c fsync=off"
        mode = () if action == "start" else ("-m", "immediate")
        self._run("pg_ctl", "-w", "-t", "600", "-o", options, "-l", str(self.folder / "log"), *mode, action)

    def new_database(self, like: str = "template1") -> str:
        """The URL of a new database, empty or like another one that nobody is connected to (its name)."""
        name = f"s{uuid4().hex}"
        self._run_sql(f"CREATE DATABASE {name} TEMPLATE {like}")
        return self._url(name, "postgresql")

    def new_database_in(self, folder: Path) -> str:
        """A database whose rows lie in a folder (a tablespace), which ``drop_database_in`` gives back."""
        self._run_sql(f"CREATE TABLESPACE small LOCATION '{folder}'", "CREATE DATABASE small TABLESPACE small")
        return self._url("small", "postgresql")

    def checkpoint(self) -> None:
        """Have everything written to the files."""
        self._run_sql("CHECKPOINT")

    def drop_database_in(self) -> None:
        """Drop what ``new_database_in`` made."""
        self._run_sql("DROP DATABASE small WITH (FORCE)", "DROP TABLESPACE small")

    def _run_sql(self, *statements: str) -> None:
        engine = create_engine(self._url("postgres", "postgresql+psycopg"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
        engine.dispose()

    def _url(self, database: str, driver: str) -> str:
        return f"{driver}://postgres@/{database}?host={self.folder}"

    def _run(self, program: str, *arguments: str) -> None:
        """PostgreSQL refuses to run as root."""
        assert BINARIES
        user = ("runuser", "-u", "postgres", "--") if os.geteuid() == 0 else ()
        command = (*user, str(BINARIES / program), "-D", str(self.folder / "data"), *arguments)
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")  # noqa: S603 - the server's own programs
