"""The master key comes from where it should, or not at all."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.master_keys import (
    KeyFile,
    KeyFromEnvironment,
    MasterKeyProvider,
    SystemdCredential,
    choose_master_key,
)
from biometric_service.references.protection import MasterKey

KEY = bytes(range(32))


def unusable(provider: MasterKeyProvider, *, create: bool = False) -> bool:
    with pytest.raises(BiometricServiceError) as caught:
        provider.open(create=create)
    return caught.value.code is ErrorCode.KEY_UNUSABLE


def test_a_new_store_gets_a_fresh_key_that_only_its_owner_can_read(tmp_path: Path) -> None:
    path = tmp_path / "new" / "master.key"
    key = KeyFile(path).master_key(create=True)
    assert len(key) == 32
    assert KeyFile(path).master_key(create=False) == key
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert KeyFile(tmp_path / "other.key").master_key(create=True) != key
    assert list(path.parent.iterdir()) == [path]


def test_processes_that_start_together_end_with_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: KeyFile(tmp_path / "master.key").master_key(create=True), range(16)))
    assert len(set(keys)) == 1


def test_an_old_store_never_gets_a_new_key(tmp_path: Path) -> None:
    assert unusable(KeyFile(tmp_path / "master.key"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o644])
def test_a_key_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "master.key"
    path.write_text(KEY.hex())
    path.chmod(mode)
    assert unusable(KeyFile(path))
    path.chmod(0o400)
    assert KeyFile(path).master_key(create=False) == KEY


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_key_file_of_another_user_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    path.write_text(KEY.hex())
    path.chmod(0o600)
    os.chown(path, 12345, 12345)
    assert unusable(KeyFile(path))


@pytest.mark.parametrize("text", ["", "00" * 31, "00" * 33, "zz" * 32, "00 " * 32, "\u00e9" * 64])
def test_what_is_no_key_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "key"
    path.write_text(text)
    path.chmod(0o600)
    assert unusable(KeyFile(path))
    assert unusable(KeyFile(path), create=True)
    assert unusable(SystemdCredential(path))
    assert unusable(KeyFromEnvironment(text))


def test_the_value_goes_before_the_credential_and_that_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credential, file = tmp_path / "credentials" / "master-key", tmp_path / "master.key"
    credential.parent.mkdir()
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    assert isinstance(choose_master_key("", file), KeyFile)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(credential.parent))
    assert isinstance(choose_master_key("", file), KeyFile)
    credential.write_bytes(KEY)
    assert choose_master_key("", file).open(create=False).check == MasterKey.of(KEY).check
    credential.write_text(f"{'11' * 32}\n")
    assert choose_master_key("", file).open(create=False).check == MasterKey.of(b"\x11" * 32).check
    assert choose_master_key("22" * 32, file).open(create=False).check == MasterKey.of(b"\x22" * 32).check
