"""Jars from Maven Central: by path and hash, through Maven where the machine has one, else over https."""

import json
import shutil
from pathlib import Path

import pytest

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.settings import MANIFESTS
from biometric_service.weights import registries
from biometric_service.weights.fetching import fetch
from biometric_service.weights.manifest import MavenSource, read_manifest
from biometric_service.weights.resolution import ModelShelf

CLIENTS = ["https", "mvn"] if shutil.which("mvn") else ["https"]
SLF4J = "org/slf4j/slf4j-api/2.0.9/slf4j-api-2.0.9.jar"
SHA256 = "0818930dc8d7debb403204611691da58e49d42c50b6ffcfdce02dadb7c3c2b6c"


def jar(path: str = SLF4J, sha256: str = SHA256) -> MavenSource:
    return MavenSource.model_validate_json(json.dumps({"kind": "maven", "files": [{"path": path, "sha256": sha256}]}))


def test_a_path_tells_the_coordinates() -> None:
    assert jar().files[0].coordinates == ("org.slf4j", "slf4j-api", "2.0.9")


@pytest.mark.parametrize(
    "path",
    [
        "slf4j-api-2.0.9.jar",
        "org/slf4j/slf4j-api/2.0.9/slf4j-api-2.0.8.jar",
        "org/slf4j/slf4j-api/2.0.9/slf4j-api-2.0.9.pom",
        "org/<b>/slf4j-api/2.0.9/slf4j-api-2.0.9.jar",
    ],
)
def test_a_path_that_maven_would_not_have_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="artifact-version"):
        jar(path)


def test_only_an_engine_may_be_of_several_files(tmp_path: Path) -> None:
    text = (MANIFESTS / "sourceafis" / "model.toml").read_text()
    changed = tmp_path / "model.toml"
    changed.write_text(
        text.replace("fingerprint-engine", "face-detection").replace("[output]", '[output]\ndecoder = "a"')
    )
    with pytest.raises(BiometricServiceError, match="needs a recipe"):
        read_manifest(changed)


def test_jars_of_the_wrong_hash_are_refused_and_nothing_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    asked: list[str] = []

    def give(url: str, target: Path) -> None:
        asked.append(url)
        target.parent.mkdir(parents=True)
        target.write_bytes(b"not the jar")

    monkeypatch.setattr(registries, "download", give)
    with pytest.raises(BiometricServiceError) as refusal:
        ModelShelf(MANIFESTS, None, tmp_path).resolve("sourceafis")
    assert refusal.value.code is ErrorCode.MODEL_HASH_MISMATCH
    assert asked[0].startswith("https://repo1.maven.org/maven2/com/machinezoo/sourceafis/")
    assert not [path for path in tmp_path.rglob("*") if path.suffix == ".jar"]


@pytest.mark.models
@pytest.mark.parametrize("client", CLIENTS)
def test_a_jar_comes_by_either_way(client: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if client == "https":
        monkeypatch.setattr(shutil, "which", lambda _: None)
    fetch(jar(), tmp_path)
    assert (tmp_path / SLF4J).is_file()
    (tmp_path / "again").mkdir()
    with pytest.raises(BiometricServiceError) as refusal:
        fetch(jar(sha256="0" * 64), tmp_path / "again")
    assert refusal.value.code is ErrorCode.MODEL_HASH_MISMATCH


@pytest.mark.models
def test_a_jar_that_is_not_there_is_unavailable_with_a_reason(tmp_path: Path) -> None:
    missing = jar("org/slf4j/slf4j-api/0.0.0/slf4j-api-0.0.0.jar")
    with pytest.raises(BiometricServiceError) as refusal:
        fetch(missing, tmp_path)
    assert refusal.value.code is ErrorCode.MODEL_UNAVAILABLE
    assert "cannot be had (" in refusal.value.message
    assert str(tmp_path) not in refusal.value.message
