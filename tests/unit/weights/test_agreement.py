from pathlib import Path
from typing import TYPE_CHECKING, Any

import onnx
import pytest

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.weights.agreement import require_agreement
from biometric_service.weights.manifest import ModelManifest, read_manifest

if TYPE_CHECKING:
    from tests.unit.weights.conftest import Bench


@pytest.fixture
def manifest(bench: "Bench") -> ModelManifest:
    return read_manifest(bench.describe("example", bench.source("example.onnx", bench.weights)))


def check(manifest: ModelManifest, folder: Path, content: bytes) -> None:
    path = folder / "model.onnx"
    path.write_bytes(content)
    require_agreement(manifest, path)


@pytest.mark.parametrize("shape", [("n", 3, 112, 112), (1, 3, 112, 112), ("n", 3, "h", "w"), ("n", "c", 112, "w")])
def test_what_a_model_leaves_open_contradicts_nothing(
    manifest: ModelManifest, bench: "Bench", tmp_path: Path, shape: tuple[int | str, ...]
) -> None:
    check(manifest, tmp_path, bench.make_weights(shape))


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ({"shape": ("n", 3, 128, 128)}, r"input.size is \(112, 112\), and they take 128 x 128"),
        ({"shape": ("n", 3, 112, 96)}, "they take 96 x 112"),
        ({"shape": ("n", 1, 112, 112)}, "input.colour rgb means 3 channels, and they take 1"),
        ({"shape": ("n", 112, 112, 3)}, "means 3 channels, and they take 112"),
        ({"shape": ("n", 3, 112, 112, 1)}, "not images of float32 with the axes nchw"),
        ({"kind": onnx.TensorProto.FLOAT16}, "not images of float32"),
        ({"dimension": 256}, "output.dimension is 512, and they give 256"),
    ],
)
def test_a_contradiction_is_named(
    manifest: ModelManifest,
    bench: "Bench",
    tmp_path: Path,
    arguments: dict[str, Any],
    fault: str,
) -> None:
    with pytest.raises(BiometricServiceError, match=fault) as caught:
        check(manifest, tmp_path, bench.make_weights(**arguments))
    assert caught.value.code is ErrorCode.MODEL_INVALID


def test_a_manifest_without_a_size_does_not_take_a_model_of_one_size(
    manifest: ModelManifest, bench: "Bench", tmp_path: Path
) -> None:
    any_size = manifest.model_copy(update={"input": manifest.input.model_copy(update={"size": None})})
    with pytest.raises(BiometricServiceError, match=r"input.size is missing, and they take only 112 x 112"):
        check(any_size, tmp_path, bench.weights)


def test_a_model_that_keeps_weights_in_a_file_beside_it_is_refused(
    manifest: ModelManifest, bench: "Bench", tmp_path: Path
) -> None:
    model = onnx.load_from_string(bench.weights)
    onnx.save(model, tmp_path / "model.onnx", save_as_external_data=True, location="beside", size_threshold=0)
    with pytest.raises(BiometricServiceError, match="lies in another file"):
        require_agreement(manifest, tmp_path / "model.onnx")


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x08\x08"])
def test_what_is_no_model_is_refused(manifest: ModelManifest, tmp_path: Path, content: bytes) -> None:
    with pytest.raises(BiometricServiceError) as caught:
        check(manifest, tmp_path, content)
    assert caught.value.code is ErrorCode.MODEL_INVALID


def test_a_truncated_model_is_refused(manifest: ModelManifest, bench: "Bench", tmp_path: Path) -> None:
    for length in range(0, len(bench.weights) - 1, 97):
        with pytest.raises(BiometricServiceError):
            check(manifest, tmp_path, bench.weights[:length])
