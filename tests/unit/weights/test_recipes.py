"""Recipes on small models of the shapes they were written for, against arithmetic done here."""

import json
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.weights.building import build_from
from biometric_service.weights.recipes import centerface, mobilefacenet_tfjs, openvino_ir

Floats = NDArray[np.float32]
RNG = np.random.default_rng(7)


def floats(*shape: int) -> Floats:
    return RNG.normal(0, 0.3, shape).astype(np.float32)


def run(model: Path | bytes, image: Floats) -> list[Floats]:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    answers: list[Floats] = session.run(None, {session.get_inputs()[0].name: image})
    return answers


def small_centerface(folder: Path) -> Path:
    """As published: fixed size, weights among the inputs, a normalisation behind a transposed convolution."""
    weights: dict[str, Floats] = {
        "c.w": floats(4, 3, 3, 3), "c.b": floats(4), "t.w": floats(4, 5, 2, 2), "gain": floats(5), "shift": floats(5),
        "mean": floats(5), "variance": np.abs(floats(5)) + np.float32(0.1),
    }  # fmt: skip
    channels = {"537": 1, "538": 2, "539": 2, "540": 10}
    weights |= {f"{name}.w": floats(count, 5, 1, 1) for name, count in channels.items()}
    nodes = [
        helper.make_node("Conv", ["input.1", "c.w", "c.b"], ["a"], strides=[8, 8], pads=[1, 1, 1, 1]),
        helper.make_node("ConvTranspose", ["a", "t.w"], ["b"], strides=[2, 2]),
        helper.make_node("BatchNormalization", ["b", "gain", "shift", "mean", "variance"], ["n"], epsilon=1e-3),
        helper.make_node("Relu", ["n"], ["r"]),
        *(helper.make_node("Conv", ["r", f"{name}.w"], [name]) for name in channels),
    ]

    def value(name: str, shape: tuple[int, ...]) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, shape)

    inputs = [value("input.1", (10, 3, 32, 32)), *(value(name, array.shape) for name, array in weights.items())]
    outputs = [value(name, (10, count, 8, 8)) for name, count in channels.items()]
    tensors = [numpy_helper.from_array(array, name) for name, array in weights.items()]
    graph = helper.make_graph(nodes, "published", inputs, outputs, tensors)
    path = folder / "published.onnx"
    path.write_bytes(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 9)], ir_version=4).SerializeToString()
    )
    return path


def test_centerface_gives_the_same_numbers_at_any_size(tmp_path: Path) -> None:
    published = small_centerface(tmp_path)
    centerface.build(published, tmp_path / "made.onnx")
    image = RNG.uniform(0, 255, (10, 3, 32, 32)).astype(np.float32)
    for before, after in zip(run(published, image), run(tmp_path / "made.onnx", image), strict=True):
        np.testing.assert_allclose(after, before, rtol=1e-4, atol=1e-3)
    wide = RNG.uniform(0, 255, (2, 3, 64, 96)).astype(np.float32)
    shapes = [answer.shape for answer in run(tmp_path / "made.onnx", wide)]
    assert shapes == [(2, 1, 16, 24), (2, 2, 16, 24), (2, 2, 16, 24), (2, 10, 16, 24)]
    graph = onnx.load(tmp_path / "made.onnx").graph
    assert "BatchNormalization" not in {node.op_type for node in graph.node}
    assert [value.name for value in graph.input] == ["image"]
    assert [value.name for value in graph.output] == ["heatmap", "scale", "offset", "landmarks"]


class SmallMobileFaceNet:
    """A graph of every kind of step that the published one has, and what TensorFlow would make of it, repaired."""

    def __init__(self) -> None:
        self.weights = {
            "c.k": floats(3, 3, 3, 4), "c.b": floats(4), "c.mul": floats(4),
            "d.k": floats(3, 3, 4, 1), "d.b": floats(4), "d.mul": floats(4),
            "p.k": floats(1, 1, 4, 4), "p.b": floats(4),
            "g.k": floats(28, 28, 4, 1) * 0.01, "g.b": floats(4),
            "e.k": floats(1, 1, 4, 192), "e.b": floats(192),
        }  # fmt: skip

    def publish(self, folder: Path) -> Path:
        nodes: list[dict[str, Any]] = [{"name": "img", "op": "Placeholder"}]
        nodes += [{"name": name, "op": "Const"} for name in self.weights]
        nodes += [
            self._conv("c", "img", "_FusedConv2D", 2, "SAME"), *self._prelu("c"),
            self._conv("d", "c.add", "FusedDepthwiseConv2dNative", 2, "SAME"), *self._prelu("d"),
            self._conv("p", "d.add", "_FusedConv2D", 1, "SAME"),
            {"name": "s", "op": "Add", "input": ["p", "d.add"]},
            self._conv("g", "s", "FusedDepthwiseConv2dNative", 1, "VALID"),
            self._conv("e", "g", "_FusedConv2D", 1, "SAME"),
            {"name": "squeezed", "op": "Squeeze", "input": ["e"]},
            {"name": "embeddings", "op": "Mul", "input": ["squeezed", "norm"]},
        ]  # fmt: skip
        described = [{"name": name, "shape": list(array.shape)} for name, array in self.weights.items()]
        shards = [{"paths": ["a.bin", "b.bin"], "weights": described}]
        content = b"".join(array.tobytes() for array in self.weights.values())
        (folder / "a.bin").write_bytes(content[:1001])
        (folder / "b.bin").write_bytes(content[1001:])
        path = folder / "graph.json"
        path.write_text(json.dumps({"modelTopology": {"node": nodes}, "weightsManifest": shards}))
        return path

    @staticmethod
    def _conv(name: str, image: str, kind: str, stride: int, padding: str) -> dict[str, Any]:
        strides = {"list": {"i": ["1", str(stride), str(stride), "1"]}}
        attributes = {"strides": strides, "padding": {"s": b64encode(padding.encode()).decode()}}
        return {"name": name, "op": kind, "input": [image, f"{name}.k", f"{name}.b"], "attr": attributes}

    @staticmethod
    def _prelu(name: str) -> list[dict[str, Any]]:
        return [
            {"name": f"{name}.relu", "op": "Relu", "input": [name]},
            {"name": f"{name}.abs", "op": "Abs", "input": [name]},
            {"name": f"{name}.sub", "op": "Sub", "input": [name, f"{name}.abs"]},
            {"name": f"{name}.product", "op": "Mul", "input": [f"{name}.sub", f"{name}.mul"]},
            {"name": f"{name}.add", "op": "Add", "input": [f"{name}.relu", f"{name}.product"]},
        ]

    def expected(self, images: Floats) -> Floats:
        """Height, width, channels throughout, as TensorFlow has it."""
        w = self.weights
        value = convolve(images.transpose(0, 2, 3, 1), w["c.k"], w["c.b"], stride=2)
        value = prelu(value, -2 * w["c.mul"])
        value = prelu(convolve(value, spread(w["d.k"]), w["d.b"], stride=2), -2 * w["d.mul"])
        value = value + convolve(value, w["p.k"], w["p.b"])
        value = np.einsum("nhwc,hwc->nc", value, w["g.k"][..., 0]) + w["g.b"]
        return value @ w["e.k"][0, 0] + w["e.b"]


def spread(kernel: Floats) -> Floats:
    """A depthwise kernel as an ordinary one."""
    return kernel * np.eye(kernel.shape[2], dtype=np.float32)


def prelu(value: Floats, slope: Floats) -> Floats:
    return np.maximum(value, 0) + slope * np.minimum(value, 0)


def convolve(images: Floats, kernel: Floats, bias: Floats, stride: int = 1) -> Floats:
    total = max(len(kernel) - stride, 0)
    padding = (total // 2, total - total // 2)
    padded = np.pad(images, ((0, 0), padding, padding, (0, 0)))
    windows = sliding_window_view(padded, kernel.shape[:2], axis=(1, 2))[:, ::stride, ::stride]
    return np.einsum("nhwcij,ijco->nhwo", windows, kernel, optimize=True) + bias


def test_mobilefacenet_gives_what_its_repaired_graph_means(tmp_path: Path) -> None:
    small = SmallMobileFaceNet()
    mobilefacenet_tfjs.build(small.publish(tmp_path), tmp_path / "made.onnx")
    images = RNG.normal(0, 1, (2, 3, 112, 112)).astype(np.float32)
    (embeddings,) = run(tmp_path / "made.onnx", images)
    np.testing.assert_allclose(embeddings, small.expected(images), rtol=1e-3, atol=1e-4)


def small_ir(folder: Path) -> Path:
    """Constants in half precision, a bias behind a convolution, a grouped one, squeeze and excitation."""
    constants = {
        "gain": floats(1, 3, 1, 1), "c.k": floats(4, 3, 3, 3), "c.b": floats(1, 4, 1, 1), "slope": floats(4),
        "g.k": floats(4, 1, 1, 4, 4), "s.k": floats(4, 4, 1, 1),
    }  # fmt: skip
    layers, content = ['<layer id="given" type="Parameter"><data shape="1, 3, 8, 8"/></layer>'], b""
    edges: list[str] = []

    def layer(name: str, kind: str, *feeders: str, data: str = "", dims: tuple[int, ...] = ()) -> None:
        sides = "".join(f"<dim>{side}</dim>" for side in dims)
        ports = f'<input><port id="0">{sides}</port></input>' if dims else ""
        layers.append(f'<layer id="{name}" type="{kind}">{f"<data {data}/>" if data else ""}{ports}</layer>')
        edges.extend(
            f'<edge from-layer="{feeder}" from-port="9" to-layer="{name}" to-port="{port}"/>'
            for port, feeder in reversed(list(enumerate(feeders)))
        )

    for name, value in constants.items():
        stored = value.astype("<f2").tobytes()
        shape = ", ".join(map(str, value.shape))
        where = f'element_type="f16" shape="{shape}" offset="{len(content)}" size="{len(stored)}"'
        layer(f"{name}.stored", "Const", data=where)
        layer(name, "Convert", f"{name}.stored", data='destination_type="f32"')
        content += stored
    window = 'strides="{0}, {0}" pads_begin="{1}, {1}" pads_end="{1}, {1}" dilations="1, 1"'
    layer("scaled", "Multiply", "given", "gain")
    layer("c", "Convolution", "scaled", "c.k", data=window.format(1, 1))
    layer("biased", "Add", "c", "c.b")
    layer("prelu", "PReLU", "biased", "slope")
    layer("pooled", "AvgPool", "prelu", data='kernel="8, 8" ' + window.format(8, 0))
    layer("squeezed", "Convolution", "pooled", "s.k", data=window.format(1, 0))
    layer("excited", "Sigmoid", "squeezed")
    layer("product", "Multiply", "prelu", "excited")
    layer("shortcut", "Add", "product", "prelu")
    layer("g", "GroupConvolution", "shortcut", "g.k", data=window.format(4, 0))
    layer("result", "Result", "g", dims=(1, 4, 2, 2))
    text = f'<net name="small"><layers>{"".join(layers)}</layers><edges>{"".join(edges)}</edges></net>'
    (folder / "small.xml").write_text(text)
    (folder / "small.bin").write_bytes(content)
    np.savez(folder / "constants.npz", allow_pickle=False, **{n: value.astype("<f2") for n, value in constants.items()})
    return folder / "small.xml"


def meaning_of_small_ir(constants: dict[str, Floats], images: Floats) -> Floats:
    w = {name: value.astype(np.float32) for name, value in constants.items()}
    value = (images * w["gain"]).transpose(0, 2, 3, 1)
    value = prelu(convolve(value, w["c.k"].transpose(2, 3, 1, 0), w["c.b"].reshape(-1)), w["slope"])
    weights = 1 / (1 + np.exp(-(value.mean(axis=(1, 2)) @ w["s.k"][:, :, 0, 0].T)))
    value = value * weights[:, None, None] + value
    blocks = value.reshape(len(images), 2, 4, 2, 4, 4)
    return np.einsum("nyixjc,cij->ncyx", blocks, w["g.k"][:, 0, 0]).reshape(len(images), -1)


def test_openvino_ir_gives_what_its_layers_mean(tmp_path: Path) -> None:
    openvino_ir.build(small_ir(tmp_path), tmp_path / "made.onnx")
    images = RNG.normal(0, 1, (2, 3, 8, 8)).astype(np.float32)
    (outputs,) = run(tmp_path / "made.onnx", images)
    with np.load(tmp_path / "constants.npz") as constants:
        np.testing.assert_allclose(outputs, meaning_of_small_ir(dict(constants), images), rtol=1e-3, atol=1e-4)
    convolutions = [node for node in onnx.load(tmp_path / "made.onnx").graph.node if node.op_type == "Conv"]
    assert [len(node.input) for node in convolutions] == [3, 2, 2]


def test_a_layer_that_is_not_known_is_refused(tmp_path: Path) -> None:
    published = small_ir(tmp_path)
    published.write_text(published.read_text().replace('type="Sigmoid"', 'type="Softmax"'))
    with pytest.raises(BiometricServiceError, match="not what the recipe openvino_ir expects"):
        build_from(published, "openvino_ir", tmp_path / "made.onnx")


def test_shards_that_are_too_short_are_refused(tmp_path: Path) -> None:
    published = SmallMobileFaceNet().publish(tmp_path)
    (tmp_path / "b.bin").write_bytes((tmp_path / "b.bin").read_bytes()[:-4])
    with pytest.raises(BiometricServiceError) as caught:
        build_from(published, "mobilefacenet_tfjs", tmp_path / "made.onnx")
    assert caught.value.code is ErrorCode.MODEL_INVALID
    (tmp_path / "b.bin").unlink()
    with pytest.raises(BiometricServiceError, match="FileNotFoundError"):
        build_from(published, "mobilefacenet_tfjs", tmp_path / "made.onnx")


@pytest.mark.parametrize(
    ("publish", "recipe"),
    [
        (small_centerface, "centerface"),
        (lambda folder: SmallMobileFaceNet().publish(folder), "mobilefacenet_tfjs"),
        (small_ir, "openvino_ir"),
    ],
)
def test_the_same_source_gives_the_same_bytes(publish: Callable[[Path], Path], recipe: str, tmp_path: Path) -> None:
    published = publish(tmp_path)
    made = []
    for name in ("one.onnx", "two.onnx"):
        build_from(published, recipe, tmp_path / name)
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]


@pytest.mark.parametrize("recipe", ["centerface", "mobilefacenet_tfjs", "openvino_ir"])
@pytest.mark.parametrize("content", [b"", b"{}", b"garbage"])
def test_what_a_recipe_was_not_written_for_is_refused(recipe: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(content)
    with pytest.raises(BiometricServiceError, match=f"not what the recipe {recipe} expects") as caught:
        build_from(tmp_path / "source", recipe, tmp_path / "made.onnx")
    assert caught.value.code is ErrorCode.MODEL_INVALID
