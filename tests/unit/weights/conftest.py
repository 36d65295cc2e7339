"""A small face embedder in ONNX, its manifest, and a shelf to put both on."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from biometric_service.weights.resolution import ModelShelf

MANIFEST = """
name = "{name}"
version = "1"
task = "face-embedding"
licence = "Apache-2.0"
redistributable = true
preference = {preference}
{sources}
[input]
size = [112, 112]
colour = "rgb"
mean = 127.5
scale = 0.0078125
alignment = [[0.34, 0.46], [0.66, 0.46], [0.5, 0.64], [0.37, 0.82], [0.63, 0.82]]
[output]
dimension = 512
"""


def embedder(
    shape: tuple[int | str, ...] = ("n", 3, 112, 112), dimension: int = 512, kind: int = onnx.TensorProto.FLOAT
) -> bytes:
    """An ArcFace-shaped model: colours averaged over the image, then a linear map."""
    channels = shape[1] if isinstance(shape[1], int) else 3
    table = np.linspace(-1, 1, channels * dimension, dtype=np.float32).reshape(channels, dimension)
    nodes = [
        helper.make_node("ReduceMean", ["input"], ["means"], axes=[2, 3], keepdims=0),
        helper.make_node("MatMul", ["means", "table"], ["embedding"]),
    ]
    graph = helper.make_graph(
        nodes,
        "embedder",
        [helper.make_tensor_value_info("input", kind, shape)],
        [helper.make_tensor_value_info("embedding", kind, [shape[0], dimension])],
        [numpy_helper.from_array(table, "table")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8).SerializeToString()


@dataclass(frozen=True)
class Bench:
    """Folders of a deployment, and ways to put things into them."""

    manifests: Path
    models: Path
    cache: Path

    weights = embedder()
    make_weights = staticmethod(embedder)

    def shelf(self, *, offline: bool = True) -> ModelShelf:
        return ModelShelf(self.manifests, self.models, self.cache, offline=offline)

    def supply(self, path: str, content: bytes) -> Path:
        target = self.models / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        return target

    @staticmethod
    def source(path: str, content: bytes) -> str:
        """The [[source]] of a file in the deployer's folder that holds ``content``."""
        digest = hashlib.sha256(content).hexdigest()
        return f'[[source]]\nkind = "file"\nfiles = [{{ path = "{path}", sha256 = "{digest}" }}]\n'

    def describe(self, name: str, sources: str, preference: int = 1) -> Path:
        target = self.manifests / name / "model.toml"
        target.parent.mkdir(parents=True)
        target.write_text(MANIFEST.format(name=name, sources=sources, preference=preference))
        return target


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    made = Bench(tmp_path / "manifests", tmp_path / "models", tmp_path / "cache")
    made.manifests.mkdir()
    made.models.mkdir()
    return made
