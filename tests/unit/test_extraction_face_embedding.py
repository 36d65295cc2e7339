from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.extraction.face.embedding import FaceEmbedder
from biometric_service.extraction.runtime import open_session
from biometric_service.weights.manifest import ModelManifest, read_manifest

MANIFEST = """
name = "arcface"
version = "1"
task = "face-embedding"
licence = "Apache-2.0"
redistributable = true
[[source]]
kind = "file"
files = [{{ path = "arcface/model.onnx", sha256 = "{zeros}" }}]
[input]
colour = "{colour}"
layout = "{layout}"
size = [112, 112]
mean = 127.5
scale = 0.0078125
alignment = [[0.34, 0.46], [0.66, 0.46], [0.5, 0.64], [0.37, 0.82], [0.63, 0.82]]
[output]
dimension = {dimension}
"""


def manifest(folder: Path, colour: str = "rgb", dimension: int = 4, layout: str = "nchw") -> ModelManifest:
    path = folder / "model.toml"
    path.write_text(MANIFEST.format(zeros="0" * 64, colour=colour, dimension=dimension, layout=layout))
    return read_manifest(path)


def arcface(folder: Path, batch: int | str = "n", axes: tuple[int, int] = (2, 3)) -> Path:
    """Embeds a face as the mean of each of its channels as they come, and the mean of its left half's first."""
    path = folder / "model.onnx"
    shape = [batch, 3, 112, 112] if axes == (2, 3) else [batch, 112, 112, 3]
    half = [0, 1, 112, 56] if axes == (2, 3) else [0, 112, 56, 1]
    numbers = {
        "axes": np.array(axes),
        "from": np.array([0, 0, 0]),
        "to": np.array(half[1:]),
        "cut": np.array([1, 2, 3]),
    }
    graph = helper.make_graph(
        [
            helper.make_node("ReduceMean", ["image", "axes"], ["means"], keepdims=0),
            helper.make_node("Slice", ["image", "from", "to", "cut"], ["left"]),
            helper.make_node("ReduceMean", ["left", "axes"], ["half"], keepdims=0),
            helper.make_node("Concat", ["means", "half"], ["embedding"], axis=1),
        ],
        "arcface",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, [batch, 4])],
        [numpy_helper.from_array(each.astype(np.int64), name) for name, each in numbers.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9), path)
    return path


def split_face() -> np.ndarray:
    """Blue 0, green 127.5 on average, red 255 in the left half and 0 in the right one."""
    face = np.zeros((112, 112, 3), np.uint8)
    face[::2, :, 1] = 255
    face[:, :56, 2] = 255
    return face


@pytest.mark.parametrize("batch", ["n", 1])
@pytest.mark.parametrize(("colour", "first", "last"), [("rgb", 0, -1), ("bgr", -1, 0)])
def test_the_manifest_alone_says_what_a_model_is_fed(
    tmp_path: Path, batch: int | str, colour: str, first: float, last: float
) -> None:
    embedder = FaceEmbedder(open_session(arcface(tmp_path, batch)), manifest(tmp_path, colour))
    embedding = embedder.embed(split_face())
    assert embedding is not None
    unit = 127.5 * 0.0078125
    means = np.array([first, 0, last, 0 if colour == "rgb" else -1]) * unit
    np.testing.assert_allclose(embedding.vector, means / np.linalg.norm(means), atol=1e-6)
    assert embedding.norm == pytest.approx(np.linalg.norm(means))


def test_channels_may_come_last(tmp_path: Path) -> None:
    session = open_session(arcface(tmp_path, axes=(1, 2)))
    embedding = FaceEmbedder(session, manifest(tmp_path, layout="nhwc")).embed(split_face())
    assert embedding is not None
    np.testing.assert_allclose(embedding.vector, [0, 0, -1, 0], atol=1e-6)


def test_a_mirrored_face_has_the_same_embedding(tmp_path: Path) -> None:
    embedder = FaceEmbedder(open_session(arcface(tmp_path)), manifest(tmp_path))
    face = np.random.default_rng(1).integers(0, 256, (112, 112, 3)).astype(np.uint8)
    straight, mirrored = embedder.embed(face), embedder.embed(np.ascontiguousarray(face[:, ::-1]))
    assert straight is not None
    assert mirrored is not None
    np.testing.assert_allclose(straight.vector, mirrored.vector, atol=1e-6)


def test_the_template_is_in_pixels_of_the_models_input(tmp_path: Path) -> None:
    embedder = FaceEmbedder(open_session(arcface(tmp_path)), manifest(tmp_path))
    np.testing.assert_allclose(embedder.template[2], [56, 71.68])
    assert embedder.size == (112, 112)


def test_a_model_of_another_dimension_than_its_manifests_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BiometricServiceError, match="gives 4 numbers, not 512") as fault:
        FaceEmbedder(open_session(arcface(tmp_path)), manifest(tmp_path, dimension=512))
    assert fault.value.code is ErrorCode.MODEL_INVALID


def test_a_model_of_another_layout_than_its_manifests_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BiometricServiceError, match="does not take rgb images of 112x112") as fault:
        FaceEmbedder(open_session(arcface(tmp_path)), manifest(tmp_path, layout="nhwc"))
    assert fault.value.code is ErrorCode.MODEL_INVALID
