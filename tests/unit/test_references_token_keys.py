"""A master key in a real PKCS#11 token (SoftHSM) stays there, and a token that fails says what to do."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pkcs11
import pytest
from pkcs11.exceptions import AttributeSensitive

from benchmarks.throughput.random_encounters import GALLERY, audit_event, random_encounter
from biometric_service.audit.log import ChainedLog
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.master_keys import KeyFile, MasterKeyProvider, choose_master_key, named_master_key
from biometric_service.references.opening import OpenedStore, open_store
from biometric_service.references.token_keys import parse_uri
from biometric_service.vocabulary.references import SubjectId

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
TOKEN, PIN = "prison", "1234"

pytestmark = pytest.mark.skipif(not MODULE.exists(), reason="Debian's softhsm2 is not installed")


@pytest.fixture(scope="module", autouse=True)
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """SoftHSM reads its settings once a process, so that all tests share its folder of tokens."""
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    settings = folder / "softhsm2.conf"
    settings.write_text(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(settings)
    initialise = ["softhsm2-util", "--init-token", "--free", "--label", TOKEN, "--pin", PIN, "--so-pin", "4321"]
    subprocess.run(initialise, check=True, stdout=subprocess.DEVNULL)
    return folder / "tokens"


def uri(key: str, token: str = TOKEN, pin: str = PIN, module: Path = MODULE) -> str:
    return f"pkcs11:token={token};object={key}?module-path={module}&pin-value={pin}"


def opening(folder: Path, provider: MasterKeyProvider) -> OpenedStore:
    return open_store(f"sqlite:///{folder}/store.db", provider, ChainedLog)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[OpenedStore]:
    opened = opening(tmp_path, KeyFile(tmp_path / "master.key"))
    opened.store.create_gallery(GALLERY, audit_event())
    opened.store.enrol(random_encounter(1, "A-1"), audit_event())
    yield opened
    opened.close()


def unusable(provider: MasterKeyProvider, *, create: bool = False) -> str:
    with pytest.raises(BiometricServiceError) as caught:
        provider.open(create=create)
    assert caught.value.code is ErrorCode.KEY_UNUSABLE
    return str(caught.value)


def test_a_new_store_gets_a_key_that_no_one_can_read_out_of_the_token(tmp_path: Path) -> None:
    provider = choose_master_key("", tmp_path / "unused.key", uri("fresh"))
    opened = opening(tmp_path, provider)
    opened.store.create_gallery(GALLERY, audit_event())
    opened.store.enrol(random_encounter(1, "A-1"), audit_event())
    opened.close()
    again = opening(tmp_path, provider)
    assert len(again.store.references(SubjectId("A-1"))) == 3
    again.close()
    with pkcs11.lib(str(MODULE)).get_token(token_label=TOKEN).open(user_pin=PIN) as session:
        key = session.get_key(label="fresh")
        assert not key[pkcs11.Attribute.EXTRACTABLE]
        with pytest.raises(AttributeSensitive):
            key[pkcs11.Attribute.VALUE]
    assert not (tmp_path / "unused.key").exists()


def test_a_store_moves_from_a_file_into_a_token_and_back(opened: OpenedStore, tmp_path: Path) -> None:
    opened.rotate_master_key(named_master_key(uri("moved")), audit_event())
    with pytest.raises(BiometricServiceError, match="key_wrong"):
        opening(tmp_path, KeyFile(tmp_path / "master.key"))
    in_token = opening(tmp_path, named_master_key(uri("moved")))
    assert in_token.store.verify_events() == 3
    in_token.rotate_master_key(KeyFile(tmp_path / "back.key"), audit_event())
    in_token.close()
    back = opening(tmp_path, KeyFile(tmp_path / "back.key"))
    assert len(back.store.references(SubjectId("A-1"))) == 3
    back.close()
    opened.store.enrol(random_encounter(2, "A-2"), audit_event())


def test_another_key_of_the_same_token_is_the_wrong_one(opened: OpenedStore, tmp_path: Path) -> None:
    opened.rotate_master_key(named_master_key(uri("right")), audit_event())
    named_master_key(uri("other")).open(create=True)
    with pytest.raises(BiometricServiceError, match="key_wrong"):
        opening(tmp_path, named_master_key(uri("other")))


def test_what_is_wrong_with_a_token_is_told_with_what_to_do(tmp_path: Path) -> None:
    named_master_key(uri("kept")).open(create=True)
    assert "has no AES key 'none'" in unusable(named_master_key(uri("none")))
    assert "refuses the PIN" in unusable(named_master_key(uri("kept", pin="9999")))
    assert "is not there. Connect it again" in unusable(named_master_key(uri("kept", token="gone")))
    assert "does not work" in unusable(named_master_key(uri("kept", module=tmp_path / "none.so")))
    assert named_master_key(uri("kept")).open(create=False).check


def test_a_token_that_goes_away_in_use_stops_no_reading_and_is_named_when_it_is_needed(
    opened: OpenedStore, tmp_path: Path, tokens: Path
) -> None:
    opened.rotate_master_key(named_master_key(uri("away")), audit_event())
    in_token = opening(tmp_path, named_master_key(uri("away")))
    (token,) = tokens.iterdir()
    hidden = token.rename(tokens.parent / "hidden")
    try:
        assert len(in_token.store.references(SubjectId("A-1"))) == 3
        in_token.store.enrol(random_encounter(2, "A-2"), audit_event())
        with pytest.raises(BiometricServiceError, match="key_unusable"):
            in_token.rotate_master_key(KeyFile(tmp_path / "new.key"), audit_event())
    finally:
        hidden.rename(token)
    in_token.rotate_master_key(KeyFile(tmp_path / "new.key"), audit_event())
    in_token.close()


def test_the_pin_comes_from_a_file_or_a_systemd_credential(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pin").write_text(f"{PIN}\n")
    (tmp_path / "pkcs11-pin").write_text(PIN)
    bare = f"pkcs11:token={TOKEN};object=k?module-path={MODULE}"
    assert parse_uri(f"{bare}&pin-source=file:{tmp_path}/pin").pin == PIN
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert parse_uri(bare).pin == PIN
    with pytest.raises(BiometricServiceError, match="key_unusable"):
        parse_uri(f"{bare}&pin-source=file:{tmp_path}/none")
    for wrong in ("pkcs11:token=a", "file:token=a;object=b?module-path=c&pin-value=1"):
        with pytest.raises(BiometricServiceError, match="settings_invalid"):
            parse_uri(wrong)
