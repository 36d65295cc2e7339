"""A PostgreSQL that is restarted, gone or busy is told of in the service's own words, and got over."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from benchmarks.service.postgresql import PostgresqlServer
from benchmarks.throughput.random_encounters import GALLERY, audit_event, random_encounter
from biometric_service.audit.log import ChainedLog
from biometric_service.audit.tables import Base as AuditBase
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.master_keys import KeyFromEnvironment
from biometric_service.references.models import Base as StoreBase
from biometric_service.references.opening import OpenedStore, open_store
from biometric_service.references.schema import downgrade, migrate

KEY = KeyFromEnvironment("17" * 32)


@pytest.fixture
def url(postgresql_server: PostgresqlServer) -> str:
    return postgresql_server.new_database()


@pytest.fixture
def opened(url: str) -> Iterator[OpenedStore]:
    opened = open_store(url, KEY, ChainedLog, patience_s=0.5)
    opened.store.create_gallery(GALLERY, audit_event())
    yield opened
    opened.close()


def fault(act: Callable[[], object]) -> tuple[ErrorCode, str]:
    with pytest.raises(BiometricServiceError) as caught:
        act()
    return caught.value.code, caught.value.message


def enrol(opened: OpenedStore, seed: int = 1) -> Callable[[], object]:
    return lambda: opened.store.enrol(random_encounter(seed, f"A-{seed}"), audit_event())


def test_migrations_make_what_the_models_describe_and_go_both_ways(opened: OpenedStore) -> None:
    with opened.database.writing() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, [StoreBase.metadata, AuditBase.metadata]) == []  # type: ignore[arg-type]
        downgrade(connection, "base")
        migrate(connection)
        assert compare_metadata(context, [StoreBase.metadata, AuditBase.metadata]) == []  # type: ignore[arg-type]


def test_a_server_that_is_away_is_told_and_got_over(opened: OpenedStore, postgresql_server: PostgresqlServer) -> None:
    enrol(opened)()
    postgresql_server.control("stop")
    assert fault(enrol(opened, 2)) == (ErrorCode.STORE_UNAVAILABLE, "The store does not answer.")
    assert fault(opened.store.last_change) == (ErrorCode.STORE_UNAVAILABLE, "The store does not answer.")
    postgresql_server.control("start")
    enrol(opened, 3)()
    assert [one.subject for one in opened.store.subjects(GALLERY, None, 9)] == ["A-1", "A-3"]
    assert opened.store.verify_events() == 3


def test_a_connection_that_is_lost_in_a_transaction_undoes_it(opened: OpenedStore) -> None:
    def lose(connection: Connection) -> None:
        connection.execute(text("DELETE FROM galleries"))
        connection.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    def write() -> None:
        with opened.database.writing() as connection:
            lose(connection)

    assert fault(write)[0] is ErrorCode.STORE_UNAVAILABLE
    assert opened.store.galleries() == [GALLERY]
    enrol(opened)()


def test_a_store_that_another_process_writes_to_for_too_long_is_busy(opened: OpenedStore, url: str) -> None:
    other = open_store(url, KEY, ChainedLog)
    with other.database.writing():
        assert fault(enrol(opened)) == (ErrorCode.STORE_BUSY, "The store is busy.")
    other.close()
    enrol(opened)()


def test_a_server_or_database_that_is_not_there_is_refused(tmp_path_factory: pytest.TempPathFactory, url: str) -> None:
    nowhere = f"postgresql://postgres@/x?host={tmp_path_factory.mktemp('none')}"
    for missing in (nowhere, url.replace("/s", "/missing")):
        assert fault(partial(open_store, missing, KEY, ChainedLog))[0] is ErrorCode.STORE_UNAVAILABLE
