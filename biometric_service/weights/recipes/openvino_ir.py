"""An image model in OpenVINO's intermediate representation, FP16 or FP32, to ONNX in FP32.

``source`` is the .xml; the .bin lies beside it under the same name. Knows the layers that plain convolutional networks
are made of; what lies in the way of any other is an error. The number of images is left open, and outputs are flattened
to (n, d). A constant that is added behind a convolution becomes its bias.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree.ElementTree import Element, parse

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

OPSET = 13
IR_VERSION = 8
TYPES = {"f16": "<f2", "f32": "<f4"}
IMAGE, OUTPUT = "image", "output"

Values = NDArray[np.float32]


def build(source: Path, target: Path) -> None:
    """``image`` (n, c, h, w) to ``output`` (n, d)."""
    net = parse(source).getroot()  # noqa: S314 the manifest pins its hash
    made = _Translation(source.with_suffix(".bin").read_bytes(), _wires(net))
    for layer in net.iterfind("layers/layer"):
        _STEPS[layer.attrib["type"]](made, layer)
    graph = helper.make_graph(made.nodes, net.attrib["name"], made.inputs, made.outputs, made.constants())
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    onnx.checker.check_model(model, full_check=True)
    target.write_bytes(model.SerializeToString(deterministic=True))


def _wires(net: Element) -> Mapping[str, list[str]]:
    """The layers that feed each layer, in the order of its ports; a layer here gives one output."""
    edges = sorted(
        (edge.attrib["to-layer"], int(edge.attrib["to-port"]), edge.attrib["from-layer"])
        for edge in net.iterfind("edges/edge")
    )
    wires: dict[str, list[str]] = {}
    for fed, _, feeder in edges:
        wires.setdefault(fed, []).append(feeder)
    return wires


@dataclass(slots=True)
class _Translation:
    """What has been made so far, by the ids of the layers."""

    content: bytes
    wires: Mapping[str, list[str]]
    values: dict[str, Values] = field(default_factory=dict)
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    inputs: list[onnx.ValueInfoProto] = field(default_factory=list)
    outputs: list[onnx.ValueInfoProto] = field(default_factory=list)

    def feeders(self, layer: Element) -> list[str]:
        return self.wires[layer.attrib["id"]]

    def add(self, kind: str, layer: Element, **attributes: object) -> None:
        self.nodes.append(helper.make_node(kind, self.feeders(layer), [layer.attrib["id"]], **attributes))

    def constants(self) -> list[onnx.TensorProto]:
        used = {name for node in self.nodes for name in node.input}
        return [numpy_helper.from_array(value, name) for name, value in self.values.items() if name in used]


def _input(made: _Translation, layer: Element) -> None:
    shape = ["n", *_numbers(layer, "shape")[1:]]
    made.inputs.append(helper.make_tensor_value_info(IMAGE, onnx.TensorProto.FLOAT, shape))
    made.nodes.append(helper.make_node("Identity", [IMAGE], [layer.attrib["id"]]))


def _constant(made: _Translation, layer: Element) -> None:
    data = _data(layer)
    start = int(data["offset"])
    content = made.content[start : start + int(data["size"])]
    values = np.frombuffer(content, TYPES[data["element_type"]]).reshape(_numbers(layer, "shape"))
    made.values[layer.attrib["id"]] = values.astype(np.float32)


def _converted(made: _Translation, layer: Element) -> None:
    """Weights are float32 already."""
    (stored,) = made.feeders(layer)
    made.values[layer.attrib["id"]] = made.values[stored]


def _convolution(made: _Translation, layer: Element) -> None:
    made.add("Conv", layer, **_window(layer))


def _grouped_convolution(made: _Translation, layer: Element) -> None:
    """Kernels are stored as (groups, out, in, height, width)."""
    kernel = made.feeders(layer)[1]
    groups, out, *rest = made.values[kernel].shape
    made.values[kernel] = made.values[kernel].reshape(groups * out, *rest)
    made.add("Conv", layer, group=groups, **_window(layer))


def _sum(made: _Translation, layer: Element) -> None:
    first, second = made.feeders(layer)
    before = made.nodes[-1]
    if second in made.values and before.op_type == "Conv" and before.output[0] == first:
        made.values[second] = made.values[second].reshape(-1)
        before.input.append(second)
        before.output[0] = layer.attrib["id"]
    else:
        made.add("Add", layer)


def _prelu(made: _Translation, layer: Element) -> None:
    slope = made.feeders(layer)[1]
    made.values[slope] = made.values[slope].reshape(-1, 1, 1)
    made.add("PRelu", layer)


def _pool(made: _Translation, layer: Element) -> None:
    window = _window(layer)
    del window["dilations"]
    made.add("AveragePool", layer, kernel_shape=_numbers(layer, "kernel"), **window)


def _output(made: _Translation, layer: Element) -> None:
    made.nodes.append(helper.make_node("Flatten", made.feeders(layer), [OUTPUT], axis=1))
    sides = [int(side.text or "") for side in layer.iterfind("input/port/dim")]
    made.outputs.append(helper.make_tensor_value_info(OUTPUT, onnx.TensorProto.FLOAT, ["n", int(np.prod(sides[1:]))]))


def _same(kind: str) -> Callable[[_Translation, Element], None]:
    return lambda made, layer: made.add(kind, layer)


_STEPS: Mapping[str, Callable[[_Translation, Element], None]] = {
    "Parameter": _input,
    "Const": _constant,
    "Convert": _converted,
    "Convolution": _convolution,
    "GroupConvolution": _grouped_convolution,
    "Add": _sum,
    "Multiply": _same("Mul"),
    "PReLU": _prelu,
    "Sigmoid": _same("Sigmoid"),
    "AvgPool": _pool,
    "Result": _output,
}


def _data(layer: Element) -> Mapping[str, str]:
    data = layer.find("data")
    return {} if data is None else data.attrib


def _numbers(layer: Element, key: str) -> list[int]:
    return [int(number) for number in _data(layer).get(key, "1, 1").split(",")]


def _window(layer: Element) -> dict[str, list[int]]:
    pads = _numbers(layer, "pads_begin") + _numbers(layer, "pads_end")
    return {"strides": _numbers(layer, "strides"), "dilations": _numbers(layer, "dilations"), "pads": pads}
