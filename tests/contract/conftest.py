"""A PostgreSQL server of the tests' own, where one is installed: in a folder of its own, on a socket alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.service.postgresql import PostgresqlServer, available, running_server
from benchmarks.throughput.random_encounters import GALLERY, audit_event
from biometric_service.audit.log import ChainedLog
from biometric_service.references.master_keys import KeyFile
from biometric_service.references.opening import OpenedStore, open_store
from biometric_service.vocabulary.events import EventKind
from tests.stores import Opener

__all__ = ["DATABASES", "PostgresqlServer"]

DATABASES = ["sqlite", "postgresql"] if available() else ["sqlite"]

collect_ignore = [] if "postgresql" in DATABASES else ["test_store_on_postgresql.py"]


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgresqlServer]:
    with running_server() as server:
        yield server


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
