"""The tables: models and migrations say the same, both ways work, and a newer store is refused."""

import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect

from benchmarks.throughput.random_encounters import GALLERY, audit_event, random_encounter
from biometric_service.audit.log import ChainedLog
from biometric_service.audit.tables import Base as AuditBase
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.master_keys import KeyFromEnvironment
from biometric_service.references.models import Base as StoreBase
from biometric_service.references.opening import OpenedStore, open_store
from biometric_service.references.schema import downgrade, migrate
from biometric_service.vocabulary.access import ApiKey
from biometric_service.vocabulary.references import EncounterKey, EncounterStatus, SubjectId

KEY = KeyFromEnvironment("17" * 32)


def opening(folder: Path) -> OpenedStore:
    return open_store(f"sqlite:///{folder}/store.db", KEY, ChainedLog)


def test_migrations_make_what_the_models_describe(tmp_path: Path) -> None:
    opened = opening(tmp_path)
    with opened.database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, [StoreBase.metadata, AuditBase.metadata]) == []  # type: ignore[arg-type]
    opened.close()


def test_migrations_go_down_and_up_again(tmp_path: Path) -> None:
    opened = opening(tmp_path)
    with opened.database.writing() as connection:
        downgrade(connection, "base")
        assert inspect(connection).get_table_names() == ["alembic_version"]
        migrate(connection)
    opened.close()
    again = opening(tmp_path)
    assert again.store.record(audit_event()) == 1
    again.close()


def test_a_store_of_the_first_version_keeps_its_people(tmp_path: Path) -> None:
    opened = opening(tmp_path)
    opened.store.create_gallery(GALLERY, audit_event())
    given = random_encounter(1, "A")
    opened.store.enrol(given, audit_event())
    with opened.database.writing() as connection:
        downgrade(connection, "1")
    opened.close()
    again = opening(tmp_path)
    (kept,) = again.encounters.encounters(SubjectId("A"))
    assert (kept.version, kept.encounter.circumstances, kept.changed_at) == (1, given.circumstances, given.at)
    assert [sample.image for sample in kept.encounter.samples] == [sample.image for sample in given.samples]
    assert again.store.subject(SubjectId("A")).searched_in == {GALLERY}
    again.encounters.set_status(EncounterKey(SubjectId("A"), given.encounter), EncounterStatus.RELEASED, audit_event())
    again.close()


def test_keys_from_before_there_were_owners_go_on_and_owned_ones_do_not_lose_theirs(tmp_path: Path) -> None:
    opened = opening(tmp_path)
    keys = (ApiKey(name, name, frozenset(), frozenset(), frozenset(), None, owner=name[1:]) for name in ("a", "b4711"))
    unowned, owned = (opened.api_keys.create(each, audit_event()) for each in keys)
    with opened.database.writing() as connection:
        downgrade(connection, "20")
    opened.close()
    again = opening(tmp_path)
    assert again.api_keys.find(unowned)
    with pytest.raises(BiometricServiceError, match="record_tampered"):
        again.api_keys.find(owned)
    again.close()


def test_a_migration_that_is_broken_off_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    opened = opening(tmp_path)

    def break_off() -> None:
        with opened.database.writing() as connection:
            downgrade(connection, "base")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        break_off()
    assert opened.store.record(audit_event()) == 1
    opened.close()


def test_a_store_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    opening(tmp_path).close()
    with sqlite3.connect(tmp_path / "store.db") as raw:
        raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.close()
    before = (tmp_path / "store.db").read_bytes()
    with pytest.raises(BiometricServiceError, match="newer version") as caught:
        opening(tmp_path)
    assert caught.value.code is ErrorCode.STORE_UNAVAILABLE
    assert (tmp_path / "store.db").read_bytes() == before
