import logging
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
import pytest

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.weights.manifest import FolderSource, Task, read_manifest
from biometric_service.weights.resolution import Presence

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.weights.conftest import Bench

ABSENT_WHEEL = """
[[source]]
kind = "pypi"
package = "no-such-weights-here"
version = "1.0"
archive_sha256 = "{zeros}"
files = [{{ path = "model.onnx", sha256 = "{zeros}" }}]
""".format(zeros="0" * 64)
ADDRESS = """
[[source]]
kind = "url"
files = [{{ path = "model.onnx", sha256 = "{zeros}", url = "https://127.0.0.1:1/model.onnx" }}]
""".format(zeros="0" * 64)


@pytest.fixture
def no_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """pip has nowhere to look."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)


def test_a_foreign_model_is_activated_by_a_manifest_alone(bench: "Bench") -> None:
    bench.supply("mine/arc.onnx", bench.weights)
    bench.describe("mine", bench.source("mine/arc.onnx", bench.weights))
    model = bench.shelf().resolve("mine")
    assert model.path == bench.models / "mine/arc.onnx"
    assert isinstance(model.source, FolderSource)
    session = onnxruntime.InferenceSession(model.path, providers=["CPUExecutionProvider"])
    (embedding,) = session.run(None, {"input": np.ones((2, 3, 112, 112), np.float32)})
    assert embedding.shape == (2, model.manifest.output.dimension)


def test_a_wrong_hash_is_a_refusal_and_never_leads_on_to_another_source(bench: "Bench") -> None:
    supplied = bench.supply("arc.onnx", b"something else")
    bench.supply("other.onnx", bench.weights)
    sources = bench.source("arc.onnx", bench.weights) + bench.source("other.onnx", bench.weights)
    bench.describe("mine", sources)
    asks: list[Callable[[], object]] = [
        lambda: bench.shelf().resolve("mine"),
        lambda: bench.shelf().best(Task.FACE_EMBEDDING),
    ]
    for ask in asks:
        with pytest.raises(BiometricServiceError) as caught:
            ask()
        assert caught.value.code is ErrorCode.MODEL_HASH_MISMATCH
    assert supplied.read_bytes() == b"something else"


@pytest.mark.parametrize("target", ["/proc/self/mem", "/no/such/file", "."])
def test_a_supplied_file_that_cannot_be_read_is_a_refusal_too(bench: "Bench", target: str) -> None:
    (bench.models / "arc.onnx").symlink_to(target)
    bench.supply("other.onnx", bench.weights)
    sources = bench.source("arc.onnx", bench.weights) + bench.source("other.onnx", bench.weights)
    bench.describe("mine", sources)
    with pytest.raises(BiometricServiceError, match="is there, but cannot be read") as caught:
        bench.shelf().best(Task.FACE_EMBEDDING)
    assert caught.value.code is ErrorCode.MODEL_INVALID


def test_a_folder_that_is_named_and_not_there_is_a_refusal(bench: "Bench") -> None:
    bench.models.rmdir()
    with pytest.raises(BiometricServiceError) as caught:
        bench.shelf()
    assert caught.value.code is ErrorCode.SETTINGS_INVALID


@pytest.mark.usefixtures("no_index")
def test_where_one_source_has_nothing_the_next_is_asked(bench: "Bench") -> None:
    bench.supply("arc.onnx", bench.weights)
    bench.describe("mine", ABSENT_WHEEL + bench.source("not/there.onnx", b"") + bench.source("arc.onnx", bench.weights))
    assert bench.shelf(offline=False).resolve("mine").path.name == "arc.onnx"


@pytest.mark.usefixtures("no_index")
@pytest.mark.parametrize("offline", [True, False])
def test_nothing_to_be_had_says_what_to_do(bench: "Bench", *, offline: bool) -> None:
    bench.describe("mine", bench.source("mine/arc.onnx", bench.weights) + ABSENT_WHEEL)
    with pytest.raises(BiometricServiceError) as caught:
        bench.shelf(offline=offline).resolve("mine")
    assert caught.value.code is ErrorCode.MODEL_UNAVAILABLE
    assert "mine/arc.onnx into BIOMETRIC_MODELS_DIR" in caught.value.action
    assert ("no-such-weights-here" in caught.value.message) is not offline


def test_an_unknown_name_is_answered_with_the_known_ones(bench: "Bench") -> None:
    bench.describe("mine", bench.source("arc.onnx", bench.weights))
    with pytest.raises(BiometricServiceError, match="called yours; there are mine") as caught:
        bench.shelf().resolve("yours")
    assert caught.value.code is ErrorCode.MODEL_UNAVAILABLE


def test_a_model_for_something_else_is_refused(bench: "Bench") -> None:
    bench.describe("mine", bench.source("arc.onnx", bench.weights))
    bench.supply("arc.onnx", bench.weights)
    assert bench.shelf().resolve("mine", Task.FACE_EMBEDDING).manifest.name == "mine"
    with pytest.raises(BiometricServiceError, match="is for face-embedding, not for face-detection") as caught:
        bench.shelf().resolve("mine", Task.FACE_DETECTION)
    assert caught.value.code is ErrorCode.MODEL_INVALID


def test_the_best_is_the_preferred_one_of_those_at_hand(bench: "Bench") -> None:
    bench.describe("first", bench.source("first.onnx", bench.weights), preference=1)
    bench.describe("second", bench.source("second.onnx", bench.weights), preference=2)
    shelf = bench.shelf()
    assert shelf.best(Task.FACE_EMBEDDING) is None
    bench.supply("second.onnx", bench.weights)
    assert (model := shelf.best(Task.FACE_EMBEDDING)) is not None
    assert model.manifest.name == "second"
    bench.supply("first.onnx", bench.weights)
    assert (model := shelf.best(Task.FACE_EMBEDDING)) is not None
    assert model.manifest.name == "first"
    assert shelf.best(Task.FACE_DETECTION) is None


COMPANION = '[companion.{name}]\nversion = "{version}"\nweight = 0.3\n[companion.{name}.calibration]\n'


def test_a_companion_is_joined_when_it_is_at_hand_in_the_version_that_was_measured(bench: "Bench") -> None:
    bench.describe("second", bench.source("second.onnx", bench.weights))
    companions = COMPANION.format(name="elsewhere", version="1") + COMPANION.format(name="second", version="1")
    path = bench.describe("first", bench.source("first.onnx", bench.weights))
    path.write_text(path.read_text() + companions)
    shelf, first = bench.shelf(), read_manifest(path)
    assert shelf.companion(first) is None
    bench.supply("second.onnx", bench.weights)
    assert (model := shelf.companion(first)) is not None
    assert model.manifest.name == "second"
    path.write_text(path.read_text().replace('[companion.second]\nversion = "1"', '[companion.second]\nversion = "2"'))
    assert shelf.companion(read_manifest(path)) is None


@pytest.mark.usefixtures("no_index")
def test_what_is_at_hand_comes_before_a_preferred_model_that_has_to_be_fetched(
    bench: "Bench", caplog: pytest.LogCaptureFixture
) -> None:
    bench.describe("first", ADDRESS + ABSENT_WHEEL, preference=1)
    caplog.set_level(logging.INFO)
    assert bench.shelf(offline=False).best(Task.FACE_EMBEDDING) is None
    assert "PyPI's no-such-weights-here 1.0 cannot be had" in caplog.text
    assert "its address" not in caplog.text
    bench.describe("second", bench.source("second.onnx", bench.weights), preference=2)
    bench.supply("second.onnx", bench.weights)
    assert (model := bench.shelf(offline=False).best(Task.FACE_EMBEDDING)) is not None
    assert model.manifest.name == "second"


def test_an_address_is_asked_for_a_model_that_is_named(bench: "Bench") -> None:
    bench.describe("mine", ADDRESS)
    with pytest.raises(BiometricServiceError, match="cannot be had from its address"):
        bench.shelf(offline=False).resolve("mine")
    with pytest.raises(BiometricServiceError, match="not on this machine"):
        bench.shelf(offline=True).resolve("mine")


def test_the_status_says_where_each_model_is_without_fetching_any(bench: "Bench") -> None:
    bench.describe("a", bench.source("a.onnx", bench.weights) + ABSENT_WHEEL)
    bench.describe("b", bench.source("b.onnx", bench.weights) + ADDRESS + ABSENT_WHEEL)
    bench.describe("c", ADDRESS)
    bench.describe("d", bench.source("d.onnx", bench.weights))
    bench.supply("a.onnx", bench.weights)
    found = [(line.manifest.name, line.presence, line.source) for line in bench.shelf(offline=False).status()]
    assert found == [
        ("a", Presence.SUPPLIED, "BIOMETRIC_MODELS_DIR"),
        ("b", Presence.OBTAINABLE, "PyPI's no-such-weights-here 1.0"),
        ("c", Presence.ON_REQUEST, "the address in the manifest"),
        ("d", Presence.MISSING, ""),
    ]
    assert [line.presence for line in bench.shelf().status()] == [Presence.SUPPLIED] + [Presence.MISSING] * 3


def test_every_copy_is_verified(bench: "Bench") -> None:
    bench.describe("mine", bench.source("a.onnx", bench.weights) + bench.source("b.onnx", bench.weights))
    with pytest.raises(BiometricServiceError) as caught:
        bench.shelf().verify("mine")
    assert caught.value.code is ErrorCode.MODEL_UNAVAILABLE
    bench.supply("a.onnx", bench.weights)
    copy = bench.supply("b.onnx", bench.weights)
    assert [model.path.name for model in bench.shelf().verify("mine")] == ["a.onnx", "b.onnx"]
    copy.write_bytes(bench.weights[:-1])
    with pytest.raises(BiometricServiceError) as caught:
        bench.shelf().verify("mine")
    assert caught.value.code is ErrorCode.MODEL_HASH_MISMATCH


def test_a_folder_of_another_name_than_its_manifest_is_refused(bench: "Bench") -> None:
    bench.describe("mine", bench.source("a.onnx", bench.weights)).parent.rename(bench.manifests / "yours")
    with pytest.raises(BiometricServiceError, match="name must be that of its folder") as caught:
        bench.shelf().manifests()
    assert caught.value.code is ErrorCode.MODEL_INVALID


def test_weights_that_contradict_their_manifest_are_refused(bench: "Bench") -> None:
    other = bench.make_weights(dimension=128)
    bench.supply("a.onnx", other)
    bench.describe("mine", bench.source("a.onnx", other))
    with pytest.raises(BiometricServiceError, match=r"output.dimension is 512, and they give 128"):
        bench.shelf().resolve("mine")
