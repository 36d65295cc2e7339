"""Files of commands: wrong ones are typed faults, and what is written is its user's alone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmarks.throughput.random_encounters import GALLERY, audit_event, random_encounter
from biometric_service.app import settings_store
from biometric_service.cli import app
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.witness import ANCHOR
from biometric_service.settings import load_settings
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.references import ChangeNumber, SubjectId
from biometric_service.vocabulary.statements import state


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a store, an export of its log, and statements of it: all but one of them no anchors."""
    folder = tmp_path_factory.mktemp("kept")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BIOMETRIC_DATA_DIR", str(folder / "data"))
        with settings_store(load_settings()) as opened:
            opened.store.create_gallery(GALLERY, audit_event(EventKind.GALLERY_CREATED))
            opened.store.enrol(random_encounter(1, "A"), audit_event())
            opened.store.erase(SubjectId("A"), audit_event(EventKind.SUBJECT_ERASED, "A"))
            [certificate] = opened.store.erasures(ChangeNumber(0))
            (folder / "certificate").write_text(certificate)
            for name, said in (("bare", {}), ("no_digest", {"events": 2, "digest": "no"}), ("list", {"events": []})):
                (folder / name).write_text(state({"kind": ANCHOR, **said}, opened.keys.current))
        (folder / "anchor").write_text(run("audit", "anchor"))
        (folder / "binary").write_bytes(bytes(range(256)))
        run("audit", "export", str(folder / "log"))
        yield folder


def run(*words: str, status: int = 0) -> str:
    done = CliRunner().invoke(app, words, catch_exceptions=False)
    assert done.exit_code == status, done.output
    return done.output


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("audit verify --anchor {}/none", ErrorCode.REQUEST_INVALID),
        ("audit verify --anchor {}/binary", ErrorCode.SIGNATURE_INVALID),
        ("audit verify --file {}/none", ErrorCode.REQUEST_INVALID),
        ("audit verify --file {}", ErrorCode.REQUEST_INVALID),
        ("audit verify --file {}/binary", ErrorCode.AUDIT_CHAIN_BROKEN),
        ("audit verify --file {0}/log --anchor {0}/certificate", ErrorCode.SIGNATURE_INVALID),
        ("audit verify --file {0}/log --anchor {0}/bare", ErrorCode.SIGNATURE_INVALID),
        ("audit verify --file {0}/log --anchor {0}/no_digest", ErrorCode.SIGNATURE_INVALID),
        ("audit verify --file {0}/log --anchor {0}/list", ErrorCode.SIGNATURE_INVALID),
        ("audit certificate {}/none", ErrorCode.REQUEST_INVALID),
        ("audit certificate {}/binary", ErrorCode.SIGNATURE_INVALID),
        ("audit export {}/log", ErrorCode.REQUEST_INVALID),
        ("audit export {}/none/log", ErrorCode.REQUEST_INVALID),
        ("muster verify {}/none", ErrorCode.REQUEST_INVALID),
        ("sharing reconcile police 2026-11-30 --manifest {}/none", ErrorCode.REQUEST_INVALID),
        ("evaluate {} --report {}/log", ErrorCode.REQUEST_INVALID),
    ],
)
def test_a_file_that_is_not_what_was_asked_for_is_a_typed_fault(
    kept: Path, monkeypatch: pytest.MonkeyPatch, words: str, code: ErrorCode
) -> None:
    monkeypatch.setenv("BIOMETRIC_DATA_DIR", str(kept / "data"))
    with pytest.raises(BiometricServiceError) as caught:
        run(*words.replace("{}", "{0}").format(kept).split())
    assert caught.value.code is code


def test_an_export_is_verified_from_its_anchor_and_its_users_alone(kept: Path) -> None:
    assert "is intact" in run("audit", "verify", "--file", str(kept / "log"), "--anchor", str(kept / "anchor"))
    assert mode(kept / "log") == 0o600


def test_a_moment_that_is_none_is_said_to_be_none(kept: Path) -> None:
    for moment in ("yesterday", "0001-01-01"):
        assert "is no moment" in run("backup", "verify", str(kept), "--until", moment, status=2)
