"""The models that a machine without any supplied weights gets: fetched from the real registries."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from biometric_service.settings import MANIFESTS
from biometric_service.weights.manifest import Task
from biometric_service.weights.resolution import ModelShelf, Presence

pytestmark = [pytest.mark.models, pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def shelf(cache: Path, *, offline: bool = False) -> ModelShelf:
    return ModelShelf(MANIFESTS, None, cache, offline=offline)


def test_a_fresh_machine_gets_a_face_detector_and_an_embedder(cache: Path) -> None:
    detector = shelf(cache).best(Task.FACE_DETECTION)
    embedder = shelf(cache).best(Task.FACE_EMBEDDING)
    assert detector is not None
    assert embedder is not None
    assert (detector.manifest.name, embedder.manifest.name) == ("centerface", "mobilefacenet")
    again = shelf(cache, offline=True)
    assert again.resolve("centerface") == detector
    assert again.resolve("mobilefacenet") == embedder
    presence = {line.manifest.name: line.presence for line in again.status()}
    assert presence["centerface"] is presence["mobilefacenet"] is Presence.CACHED


def test_every_prelu_of_mobilefacenet_is_mended(cache: Path) -> None:
    model = shelf(cache).resolve("mobilefacenet")
    kinds = [node.op_type for node in onnx.load(model.path).graph.node]
    assert (kinds.count("PRelu"), kinds.count("Relu"), kinds.count("Conv")) == (33, 0, 52)
    session = onnxruntime.InferenceSession(model.path, providers=["CPUExecutionProvider"])
    (embeddings,) = session.run(None, {"image": np.random.default_rng(1).normal(size=(2, 3, 112, 112)).astype("f")})
    assert embeddings.shape == (2, model.manifest.output.dimension)
    assert np.isfinite(embeddings).all()
