from pathlib import Path

import pytest

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.settings import SettingLine, describe, load_settings


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("MODELS_DIR", "PORT", "MASTER_KEY", "SETTINGS_FILE"):
        monkeypatch.delenv(f"BIOMETRIC_{name}", raising=False)


def lines() -> dict[str, SettingLine]:
    return {line.name: line for line in describe(load_settings())}


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    Path("biometric-service.toml").write_text('port = 9000\nhost = "0.0.0.0"\n', encoding="utf-8")
    monkeypatch.setenv("BIOMETRIC_PORT", "9001")
    assert (lines()["port"].value, lines()["port"].source) == ("9001", "environment")
    assert (lines()["host"].value, lines()["host"].source) == ("0.0.0.0", "file")
    assert lines()["log_level"].source == "default"


def test_a_secret_is_masked_wherever_it_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIOMETRIC_MASTER_KEY", "ab" * 32)
    assert not [line for line in describe(load_settings()) if "abab" in line.value]
    assert load_settings().master_key.get_secret_value() == "ab" * 32


@pytest.mark.parametrize("text", ["port = 0", 'colour = "red"', "port = ", "candidate_limit = 1"])
def test_a_wrong_setting_is_named(text: str) -> None:
    Path("biometric-service.toml").write_text(text, encoding="utf-8")
    with pytest.raises(BiometricServiceError) as refused:
        load_settings()
    assert refused.value.code is ErrorCode.SETTINGS_INVALID
    assert text.split(" = ", maxsplit=1)[0] in str(refused.value) or "cannot be read" in str(refused.value)


def test_a_wrong_secret_is_refused_without_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIOMETRIC_PORT", "not-a-port")
    with pytest.raises(BiometricServiceError) as refused:
        load_settings()
    assert "not-a-port" not in str(refused.value)


def test_an_empty_folder_in_the_environment_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BIOMETRIC_MODELS_DIR", "")
    assert load_settings().models_dir is None
