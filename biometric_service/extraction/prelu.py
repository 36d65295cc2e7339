"""PReLU spelled out in operators that onnxruntime is fast at.

Its own PReLU kernel takes more than half of the time of a face embedding model on a CPU, mostly because it takes the
tensors out of the blocked layout that the convolutions work in.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper
from onnx.helper import make_node

Floats = NDArray[np.float32]


def spell_out_prelu(path: Path) -> bytes:
    """The ONNX model at ``path`` with the same outputs, to rounding, and no PReLU of constant slopes; serialised.

    With one slope it is a LeakyReLU. With a slope a channel, max(x, 0) + a min(x, 0) is x + sign(1 - a) max(-|1 - a| x,
    0), whose products are depthwise convolutions by one pixel.
    """
    model = onnx.load(path)
    slopes = {each.name: numpy_helper.to_array(each) for each in model.graph.initializer}
    rewritten = [new for node in model.graph.node for new in _rewritten(node, slopes, model.graph)]
    model.graph.ClearField("node")
    model.graph.node.extend(rewritten)
    return bytes(model.SerializeToString())


def _rewritten(node: onnx.NodeProto, constants: dict[str, Floats], graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    slopes = constants.get(node.input[1]) if node.op_type == "PRelu" else None
    if slopes is not None and slopes.size == 1:
        yield make_node("LeakyRelu", [node.input[0]], [node.output[0]], alpha=slopes.item())
    elif slopes is not None and slopes.shape[-3:] == (slopes.size, 1, 1):
        yield from _channelwise(node.input[0], node.output[0], slopes.reshape(-1, 1, 1, 1), graph)
    else:
        yield node


def _channelwise(source: str, target: str, slopes: Floats, graph: onnx.GraphProto) -> Iterator[onnx.NodeProto]:
    scaled, positive = f"{target}/scaled", f"{target}/positive"
    yield _depthwise(source, scaled, -np.abs(1 - slopes), graph)
    yield make_node("Relu", [scaled], [positive])
    if (slopes > 1).any():
        signed = f"{target}/signed"
        yield _depthwise(positive, signed, np.sign(1 - slopes), graph)
        positive = signed
    yield make_node("Add", [source, positive], [target])


def _depthwise(source: str, target: str, weights: Floats, graph: onnx.GraphProto) -> onnx.NodeProto:
    name = f"{target}/weights"
    graph.initializer.append(numpy_helper.from_array(weights.astype(np.float32), name))
    return make_node("Conv", [source, name], [target], group=len(weights), kernel_shape=[1, 1])
