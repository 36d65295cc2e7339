"""Face embedders on one runtime or the other: the same embeddings, and the faster one where nobody says."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest

from benchmarks.throughput.face import compare_runtimes
from biometric_service.app import runtimes
from biometric_service.app.choosing import AUTO, chosen
from biometric_service.app.runtimes import open_embedder
from biometric_service.app.stages import model_shelf
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.extraction.face.embedding import FaceEmbedder
from biometric_service.extraction.openvino_session import OpenVinoSession, open_openvino
from biometric_service.extraction.runtime import open_session
from biometric_service.settings import load_settings
from biometric_service.weights.manifest import Task
from biometric_service.weights.resolution import ResolvedModel
from tests.unit.test_extraction_face_embedding import arcface, manifest, split_face

SETTINGS = load_settings().model_copy(update={"face_runtime": AUTO})


@pytest.fixture(scope="module")
def model() -> ResolvedModel:
    found = chosen(model_shelf(SETTINGS), AUTO, Task.FACE_EMBEDDING)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def photographs(shared_data: Path, model: ResolvedModel) -> list[np.ndarray]:
    """Forty real photographs, the middle of each as the model wants it."""
    paths = sorted((shared_data / "faces" / "lfw_half").rglob("*.jpg"))[::160]
    pictures = [np.asarray(cv2.imread(str(path)), np.uint8) for path in paths]
    cut = [picture[60:190, 60:190] for picture in pictures]
    assert model.manifest.input.size is not None
    return [np.asarray(cv2.resize(each, model.manifest.input.size), np.uint8) for each in cut]


@pytest.fixture(scope="module")
def embedders(model: ResolvedModel) -> dict[str, FaceEmbedder]:
    names = ("onnxruntime", "openvino")
    return {name: open_embedder(model, SETTINGS.model_copy(update={"face_runtime": name})) for name in names}


def runtime_of(embedder: FaceEmbedder) -> str:
    return "openvino" if isinstance(embedder._session, OpenVinoSession) else "onnxruntime"


def vectors(embedder: FaceEmbedder, pictures: list[np.ndarray]) -> np.ndarray:
    made = [embedder.embed(each) for each in pictures]
    return np.array([each.vector for each in made if each])


@pytest.mark.models
@pytest.mark.shared_data
def test_both_runtimes_make_the_same_embeddings_of_real_photographs(
    embedders: dict[str, FaceEmbedder], photographs: list[np.ndarray]
) -> None:
    assert {name: runtime_of(each) for name, each in embedders.items()} == {name: name for name in embedders}
    ours, theirs = (vectors(each, photographs) for each in embedders.values())
    assert len(ours) == len(theirs) == len(photographs) >= 40
    assert (ours * theirs).sum(axis=1).min() > 0.9999
    assert np.abs(ours @ ours.T - theirs @ theirs.T).max() < 0.005


@pytest.mark.models
@pytest.mark.shared_data
def test_ten_threads_at_once_get_what_one_gets(
    embedders: dict[str, FaceEmbedder], photographs: list[np.ndarray]
) -> None:
    embedder = embedders["openvino"]
    alone = vectors(embedder, photographs)
    with ThreadPoolExecutor(10) as threads:
        together = list(threads.map(lambda _: vectors(embedder, photographs[:8]), range(10)))
    for each in together:
        np.testing.assert_array_equal(each, alone[:8])


@pytest.mark.parametrize(("faster", "slower"), [("onnxruntime", "openvino"), ("openvino", "onnxruntime")])
@pytest.mark.models
def test_the_faster_one_is_taken(
    model: ResolvedModel, monkeypatch: pytest.MonkeyPatch, faster: str, slower: str
) -> None:
    times = {faster: 5.0, slower: 9.0}
    monkeypatch.setattr(runtimes, "_milliseconds", lambda embedder: times[runtime_of(embedder)])
    assert runtime_of(open_embedder(model, SETTINGS)) == faster


@pytest.mark.models
def test_a_faster_one_that_makes_other_embeddings_is_left(
    model: ResolvedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtimes, "_milliseconds", lambda embedder: 1.0 + (runtime_of(embedder) == "onnxruntime"))
    monkeypatch.setattr(runtimes, "_likeness", lambda *_: 0.9998)
    assert runtime_of(open_embedder(model, SETTINGS)) == "onnxruntime"


@pytest.mark.models
def test_both_are_measured_in_a_moment(model: ResolvedModel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtimes, "SECONDS", 0.05)
    for name in ("onnxruntime", "openvino"):
        embedder = open_embedder(model, SETTINGS.model_copy(update={"face_runtime": name}))
        assert 0 < runtimes._milliseconds(embedder) < 5000


@pytest.mark.models
def test_without_the_extra_onnxruntime_serves_and_openvino_cannot_be_pinned(
    model: ResolvedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtimes, "has_openvino", lambda: False)
    assert runtime_of(open_embedder(model, SETTINGS)) == "onnxruntime"
    with pytest.raises(BiometricServiceError, match="not installed") as fault:
        open_embedder(model, SETTINGS.model_copy(update={"face_runtime": "openvino"}))
    assert fault.value.code is ErrorCode.SETTINGS_INVALID


@pytest.mark.parametrize("batch", ["n", 1])
def test_a_model_of_any_batch_runs_on_openvino_as_on_onnxruntime(tmp_path: Path, batch: int | str) -> None:
    path = arcface(tmp_path, batch)
    session = open_openvino(path, tmp_path / "cache", 2)
    assert [(port.name, port.shape[1:]) for port in session.get_inputs()] == [("image", [3, 112, 112])]
    assert [port.name for port in session.get_outputs()] == ["embedding"]
    ours = FaceEmbedder(session, manifest(tmp_path)).embed(split_face())
    theirs = FaceEmbedder(open_session(path), manifest(tmp_path)).embed(split_face())
    assert ours is not None
    assert theirs is not None
    np.testing.assert_allclose(ours.vector, theirs.vector, atol=1e-3)
    named, image = session.run(["embedding"], {"image": np.ones((1, 3, 112, 112), np.float32)}), "image"
    np.testing.assert_array_equal(named[0], session.run(None, {image: np.ones((1, 3, 112, 112), np.float32)})[0])


def test_what_is_no_model_is_a_typed_fault(tmp_path: Path) -> None:
    (tmp_path / "broken.onnx").write_bytes(b"no model")
    with pytest.raises(BiometricServiceError, match=r"broken\.onnx cannot be loaded by OpenVINO") as fault:
        open_openvino(tmp_path / "broken.onnx", tmp_path / "cache", 1)
    assert fault.value.code is ErrorCode.MODEL_INVALID


@pytest.mark.models
def test_where_openvino_cannot_load_a_model_onnxruntime_serves(
    model: ResolvedModel, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise BiometricServiceError(ErrorCode.MODEL_INVALID, "The model cannot be loaded.", "Look.")

    monkeypatch.setattr(runtimes, "open_openvino", broken)
    assert runtime_of(open_embedder(model, SETTINGS)) == "onnxruntime"
    assert "The model cannot be loaded." in caplog.text


@pytest.mark.models
@pytest.mark.shared_data
def test_the_benchmark_times_both_runtimes_and_compares_them(shared_data: Path) -> None:
    result = compare_runtimes(shared_data / "faces" / "lfw_half", 3, {"face_companion": ""})
    assert result["least_cosine"] > 0.9999
    for runtime in ("onnxruntime", "openvino"):
        figures = result[runtime]
        assert figures["frames"] == 3
        assert figures["recognise_ms"] > 0
        assert figures["ten_threads_per_s"] > 0
