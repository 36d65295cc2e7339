from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from biometric_service.extraction.prelu import spell_out_prelu
from biometric_service.extraction.runtime import open_session

CHANNELS = 5
DRAWS = np.random.default_rng(3)


def prelu_model(path: Path, slopes: np.ndarray) -> Path:
    nodes = [helper.make_node("Conv", ["x", "w"], ["c"], pads=[1] * 4), helper.make_node("PRelu", ["c", "s"], ["y"])]
    weights = DRAWS.normal(size=(CHANNELS, 3, 3, 3)).astype(np.float32)
    graph = helper.make_graph(
        nodes,
        "prelu",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 3, 8, 6])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, CHANNELS, 8, 6])],
        [numpy_helper.from_array(weights, "w"), numpy_helper.from_array(slopes.astype(np.float32), "s")],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), path)
    return path


@pytest.mark.parametrize(
    "slopes",
    [
        np.array([0.25]),
        np.full((1, 1, 1), 1.5),
        np.linspace(-0.5, 0.9, CHANNELS).reshape(-1, 1, 1),
        np.linspace(-0.5, 3.0, CHANNELS).reshape(1, -1, 1, 1),
    ],
    ids=["one slope", "one steep slope", "a slope a channel", "a slope a channel, some steep"],
)
def test_the_outputs_stay_the_same_without_prelu(tmp_path: Path, slopes: np.ndarray) -> None:
    path = prelu_model(tmp_path / "model.onnx", slopes)
    images = DRAWS.normal(size=(2, 3, 8, 6)).astype(np.float32)
    assert not [node for node in onnx.load_from_string(spell_out_prelu(path)).graph.node if node.op_type == "PRelu"]
    (expected,) = onnxruntime.InferenceSession(path).run(None, {"x": images})
    np.testing.assert_allclose(open_session(path).run(None, {"x": images})[0], expected, atol=1e-5)


def test_slopes_of_another_shape_are_left_alone(tmp_path: Path) -> None:
    path = prelu_model(tmp_path / "model.onnx", np.linspace(0, 1, 6).reshape(1, 1, 6))
    assert [node.op_type for node in onnx.load_from_string(spell_out_prelu(path)).graph.node] == ["Conv", "PRelu"]
