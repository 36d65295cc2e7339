import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.weights.adding import add_model
from biometric_service.weights.manifest import Task

if TYPE_CHECKING:
    from tests.unit.weights.conftest import Bench


@pytest.fixture
def given(bench: "Bench", tmp_path: Path) -> tuple[Path, Path]:
    """A manifest and weights as somebody brings them along."""
    manifest = bench.describe("mine", bench.source("mine/arc.onnx", bench.weights))
    brought = manifest.parent.rename(tmp_path / "brought")
    (brought / "weights.bin").write_bytes(bench.weights)
    return brought / "model.toml", brought / "weights.bin"


def everything(bench: "Bench") -> list[Path]:
    return [path for folder in (bench.manifests, bench.models) for path in folder.rglob("*")]


@pytest.mark.parametrize("by_folder", [True, False])
def test_a_model_is_added_and_taken(bench: "Bench", given: tuple[Path, Path], *, by_folder: bool) -> None:
    manifest, weights = given
    model = bench.shelf().add(manifest.parent if by_folder else manifest, weights)
    assert model.path == bench.models / "mine/arc.onnx"
    assert (best := bench.shelf().best(Task.FACE_EMBEDDING)) is not None
    assert best.manifest == model.manifest
    assert bench.shelf().add(manifest, weights) == model


@pytest.mark.parametrize(
    ("right", "wrong", "code", "fault"),
    [
        ('sha256 = "', 'sha256 = "0000', ErrorCode.MODEL_INVALID, "sha256"),
        ('colour = "rgb"', 'colour = "rbg"', ErrorCode.MODEL_INVALID, "'bgr', 'rgb' or 'grey'"),
        ('colour = "rgb"', 'colour = "grey"', ErrorCode.MODEL_INVALID, "means 1 channels, and they take 3"),
        ("size = [112, 112]", "size = [128, 128]", ErrorCode.MODEL_INVALID, "they take 112 x 112"),
        ("dimension = 512", "dimension = 128", ErrorCode.MODEL_INVALID, "they give 512"),
        ('kind = "file"', 'kind = "file"\nrecipe = "centerface"', ErrorCode.MODEL_INVALID, "centerface"),
        ("mine/arc.onnx", "../arc.onnx", ErrorCode.MODEL_INVALID, "'..'"),
    ],
)
def test_what_contradicts_itself_is_refused_and_nothing_copied(  # noqa: PLR0913, PLR0917
    bench: "Bench", given: tuple[Path, Path], right: str, wrong: str, code: ErrorCode, fault: str
) -> None:
    manifest, weights = given
    assert right in manifest.read_text()
    manifest.write_text(manifest.read_text().replace(right, wrong))
    with pytest.raises(BiometricServiceError) as caught:
        bench.shelf().add(manifest, weights)
    assert caught.value.code is code
    assert fault in caught.value.message
    assert everything(bench) == []


def test_other_weights_than_the_described_are_refused(bench: "Bench", given: tuple[Path, Path]) -> None:
    manifest, weights = given
    weights.write_bytes(bench.make_weights(dimension=500))
    with pytest.raises(BiometricServiceError) as caught:
        bench.shelf().add(manifest, weights)
    assert caught.value.code is ErrorCode.MODEL_HASH_MISMATCH
    assert everything(bench) == []


def test_what_is_there_is_neither_overwritten_nor_removed(bench: "Bench", given: tuple[Path, Path]) -> None:
    manifest, weights = given
    there = bench.supply("mine/arc.onnx", b"somebody's")
    with pytest.raises(BiometricServiceError) as caught:
        bench.shelf().add(manifest, weights)
    assert caught.value.code is ErrorCode.MODEL_HASH_MISMATCH
    assert there.read_bytes() == b"somebody's"
    there.unlink()
    other = bench.describe("mine", bench.source("mine/other.onnx", bench.weights))
    with pytest.raises(BiometricServiceError, match="another manifest of the name mine"):
        bench.shelf().add(manifest, weights)
    assert "other.onnx" in other.read_text()


def test_what_is_missing_is_named(bench: "Bench", given: tuple[Path, Path], tmp_path: Path) -> None:
    manifest, weights = given
    with pytest.raises(BiometricServiceError, match=r"no file none\.onnx"):
        bench.shelf().add(manifest, tmp_path / "none.onnx")
    with pytest.raises(BiometricServiceError) as caught:
        add_model(manifest, weights, bench.manifests, None)
    assert caught.value.code is ErrorCode.SETTINGS_INVALID
    manifest.write_text(
        manifest.read_text().replace(
            'kind = "file"', 'kind = "pypi"\npackage="x"\nversion="1"\narchive_sha256="' + "0" * 64 + '"'
        )
    )
    with pytest.raises(BiometricServiceError, match="no \\[\\[source\\]\\] of kind 'file'"):
        bench.shelf().add(manifest, weights)


def test_a_folder_that_cannot_be_written_is_said_to_be_one(bench: "Bench", given: tuple[Path, Path]) -> None:
    bench.supply("mine", b"a file where a folder should be")
    with pytest.raises(BiometricServiceError, match="cannot be copied") as caught:
        bench.shelf().add(*given)
    assert caught.value.code is ErrorCode.MODEL_UNAVAILABLE
    assert not (bench.manifests / "mine").exists()


def test_the_example_of_the_how_to_works_as_it_stands(bench: "Bench", tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "docs/how_to/bring_your_own_model.md").read_text("utf-8")
    example = text.split("```toml\n")[1].split("```")[0]
    digest = hashlib.sha256(bench.weights).hexdigest()
    (tmp_path / "model.toml").write_text(example.replace("64 hexadecimal digits, from sha256sum", digest))
    (tmp_path / "arcface.onnx").write_bytes(bench.weights)
    model = bench.shelf().add(tmp_path, tmp_path / "arcface.onnx")
    assert model.path == bench.models / "our-arcface/arcface.onnx"
    assert set(model.manifest.calibration["cosine"]) == {
        *("of", "version", "raw", "scores", "data_limit", "nonmated", "data")
    }
