"""A PostgreSQL server of the tests' own, where one is installed: in a folder of its own, on a socket alone."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, text

from benchmarks.throughput.random_encounters import GALLERY, audit_event
from biometric_service.audit.log import ChainedLog
from biometric_service.references.master_keys import KeyFile
from biometric_service.references.opening import OpenedStore, open_store
from biometric_service.vocabulary.events import EventKind
from tests.stores import Opener

BINARIES = max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)
DATABASES = ["sqlite", "postgresql"] if BINARIES and find_spec("psycopg") else ["sqlite"]

collect_ignore = [] if "postgresql" in DATABASES else ["test_store_on_postgresql.py"]


class PostgresqlServer:
    """A server in a folder; ``new_database`` gives a URL, ``control`` starts and stops it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._run("initdb", "-U", "postgres", "-A", "trust", "--encoding=UTF8")
        self.control("start")

    def control(self, action: str) -> None:
        options = f"-c listen_addresses= -c unix_socket_directories={self.folder} -c fsync=off"
        mode = () if action == "start" else ("-m", "immediate")
        self._run("pg_ctl", "-w", "-o", options, "-l", str(self.folder / "log"), *mode, action)

    def new_database(self) -> str:
        name = f"s{uuid4().hex}"
        self._run_sql(f"CREATE DATABASE {name}")
        return self._url(name, "postgresql")

    def new_database_in(self, folder: Path) -> str:
        """A database whose rows lie in a folder (a tablespace), which ``drop_database_in`` gives back."""
        self._run_sql(f"CREATE TABLESPACE small LOCATION '{folder}'", "CREATE DATABASE small TABLESPACE small")
        return self._url("small", "postgresql")

    def checkpoint(self) -> None:
        """Have everything written to the files."""
        self._run_sql("CHECKPOINT")

    def drop_database_in(self) -> None:
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
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    server = PostgresqlServer(folder)
    yield server
    server.control("stop")
    shutil.rmtree(folder)


@pytest.fixture(params=DATABASES)
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a new store may be made, once on every database that there is."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/store/store.sqlite"
    server: PostgresqlServer = request.getfixturevalue("postgresql_server")
    return server.new_database()


@pytest.fixture
def opener(store_url: str, tmp_path: Path) -> Opener:
    return lambda: open_store(store_url, KeyFile(tmp_path / "master.key"), ChainedLog, patience_s=20)


@pytest.fixture
def opened(opener: Opener) -> Iterator[OpenedStore]:
    opened = opener()
    opened.store.create_gallery(GALLERY, audit_event(EventKind.GALLERY_CREATED))
    yield opened
    opened.close()


@pytest.fixture
def other_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where to restore: on the other kind of database, where there is one."""
    if request.node.callspec.params["store_url"] == "sqlite" and "postgresql" in DATABASES:
        server: PostgresqlServer = request.getfixturevalue("postgresql_server")
        return server.new_database()
    return f"sqlite:///{tmp_path}/restored/store.db"
