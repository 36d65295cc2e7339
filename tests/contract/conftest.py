"""A PostgreSQL server of the tests' own, where one is installed: in a folder of its own, on a socket alone."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import make_url

from benchmarks.service.postgresql import PostgresqlServer, available, running_server
from benchmarks.throughput.random_encounters import GALLERY, audit_event
from biometric_service.audit.log import ChainedLog
from biometric_service.recognition.walk import Walk
from biometric_service.references.master_keys import KeyFile
from biometric_service.references.opening import OpenedStore, open_database, open_store
from biometric_service.references.schema import migrate
from biometric_service.settings import Settings
from biometric_service.vocabulary.day_stores import DayStores
from biometric_service.vocabulary.events import EventKind
from tests.stores import Opener
from tests.template_walk import template_walk

__all__ = ["DATABASES", "PostgresqlServer"]

DATABASES = ["sqlite", "postgresql"] if available() else ["sqlite"]

collect_ignore = [] if "postgresql" in DATABASES else ["test_store_on_postgresql.py"]


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    with running_server() as server:
        yield server


@pytest.fixture(scope="session")
def tables_in_a_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables of a store, empty: to copy them takes a tenth of the time to make them."""
    file = tmp_path_factory.mktemp("tables") / "store.sqlite"
    _make_tables(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def tables_on_a_server(postgresql_server: PostgresqlServer) -> str:
    """The name of a database with the tables of a store, empty."""
    url = postgresql_server.new_database()
    _make_tables(url)
    return str(make_url(url).database)


def _make_tables(url: str) -> None:
    database = open_database(url)
    with database.writing() as connection:
        migrate(connection)
    database.close()


@pytest.fixture(params=DATABASES)
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a new store may be made, once on every database that there is; its tables are there."""
    if request.param == "sqlite":
        file = tmp_path / "store" / "store.sqlite"
        file.parent.mkdir(mode=0o700)
        shutil.copyfile(request.getfixturevalue("tables_in_a_file"), file)
        return f"sqlite:///{file}"
    server: PostgresqlServer = request.getfixturevalue("postgresql_server")
    return server.new_database(like=request.getfixturevalue("tables_on_a_server"))


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
def walk(opened: OpenedStore, day: DayStores, tmp_path_factory: pytest.TempPathFactory) -> Walk:
    """On a store whose ``day`` the test has set up."""
    assert day is opened.day
    return template_walk(opened, Settings(data_dir=tmp_path_factory.mktemp("settings")))


@pytest.fixture
def other_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where to restore: on the other kind of database, where there is one."""
    if request.node.callspec.params["store_url"] == "sqlite" and "postgresql" in DATABASES:
        server: PostgresqlServer = request.getfixturevalue("postgresql_server")
        return server.new_database()
    return f"sqlite:///{tmp_path}/restored/store.db"
