"""Writing an ONNX graph node by node."""

from collections.abc import Callable
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from biometric_service.weights.recipes.leader_fused.export import Floats, Linear

OPSET = 20
IR_VERSION = 9
NORMALISATION_EPSILON = 1e-3


class Graph:
    """Every method writes nodes and takes and returns names of values.

    ``*_first`` and ``*_last`` say where channels are; convolutions, pools, ``double`` and ``concat`` want them first,
    everything pointwise wants them last.
    """

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._count = 0

    def model(self, name: str, image: str, maps: str) -> onnx.ModelProto:
        """The finished model; see the package for its input and output."""
        given = helper.make_tensor_value_info(image, TensorProto.FLOAT, ["n", 1, "h", "w"])
        found = helper.make_tensor_value_info(maps, TensorProto.FLOAT, ["n", 4, "h", "w"])
        graph = helper.make_graph(self._nodes, name, [given], [found], self._constants)
        opsets = [helper.make_opsetid("", OPSET)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name=name)

    def node(self, operation: str, inputs: list[str], output: str = "", **attributes: Any) -> str:  # noqa: ANN401
        """Any operation with one output."""
        output = output or self._name(operation)
        self._nodes.append(helper.make_node(operation, inputs, [output], **attributes))
        return output

    def constant(self, value: NDArray[np.float32] | NDArray[np.int64]) -> str:
        """A constant."""
        name = self._name("constant")
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def shape(self, *sizes: int) -> str:
        """A constant of sizes."""
        return self.constant(np.array(sizes, np.int64))

    def convolution(self, value: str, kernel: Floats, bias: Floats | None, *, group: int = 1, dilation: int = 1) -> str:
        """A convolution that keeps height and width."""
        inputs = [value, self.constant(kernel)] + ([] if bias is None else [self.constant(bias)])
        margin = dilation * (kernel.shape[2] // 2)
        return self.node("Conv", inputs, group=group, pads=[margin] * 4, dilations=[dilation] * 2)

    def max_pool(self, value: str) -> str:
        """The greatest of each 2x2."""
        return self.node("MaxPool", [value], kernel_shape=[2, 2], strides=[2, 2])

    def average_pool(self, value: str) -> str:
        """The mean of each 2x2."""
        return self.node("AveragePool", [value], kernel_shape=[2, 2], strides=[2, 2])

    def halve(self, value: str, width: int) -> str:
        """The greatest of each 2x2 in the first half of the channels, the mean in the second."""
        strong, even = self._name("strong"), self._name("even")
        middle = width // 2
        self._nodes.append(
            helper.make_node("Split", [value, self.shape(middle, width - middle)], [strong, even], axis=1)
        )
        return self.concat(self.max_pool(strong), self.average_pool(even))

    def double(self, value: str) -> str:
        """Each place as 2x2."""
        scales = self.constant(np.array([1, 1, 2, 2], np.float32))
        rule = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        return self.node("Resize", [value, "", scales], **rule)

    def concat(self, *values: str) -> str:
        """Channels behind one another, channels first."""
        return self.node("Concat", list(values), axis=1)

    def first(self, value: str, count: int, axis: int) -> str:
        """The first ``count`` along an axis."""
        return self.node("Slice", [value, self.shape(0), self.shape(count), self.shape(axis)])

    def channels_last(self, value: str) -> str:
        """From (n, c, h, w) to (n, h, w, c)."""
        return self.node("Transpose", [value], perm=[0, 2, 3, 1])

    def channels_first(self, value: str) -> str:
        """From (n, h, w, c) to (n, c, h, w)."""
        return self.node("Transpose", [value], perm=[0, 3, 1, 2])

    def linear(self, value: str, layer: Linear) -> str:
        """Matrix product and bias."""
        weighted = self.node("MatMul", [value, self.constant(layer[0])])
        return self.node("Add", [weighted, self.constant(layer[1])])

    def normalise(self, value: str, layer: Linear) -> str:
        """Layer normalisation."""
        inputs = [value, self.constant(layer[0]), self.constant(layer[1])]
        return self.node("LayerNormalization", inputs, axis=-1, epsilon=NORMALISATION_EPSILON)

    def gelu(self, value: str) -> str:
        """GELU in its tanh form."""
        return self.node("Gelu", [value], approximate="tanh")

    def in_strips(self, count: int, values: list[str], body: Callable[..., str]) -> str:
        """Pointwise work ``body`` on values with channels last, one of ``count`` strips after the other."""
        if count == 1:
            return body(*values)
        outer, self._nodes = self._nodes, []
        strips = [self._name("strip") for _ in values]
        result = self.node("Identity", [body(*strips)])
        infos = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in [*strips, result]]
        graph = helper.make_graph(self._nodes, self._name("strips"), infos[:-1], infos[-1:])
        self._nodes = outer
        flat = [self.node("Reshape", [value, self.shape(count, -1, 1, 0)]) for value in values]
        joined = self.node("Scan", flat, body=graph, num_scan_inputs=len(flat))
        places = self.node("Shape", [values[0]], start=0, end=3)
        return self.node("Reshape", [joined, self.node("Concat", [places, self.shape(-1)], axis=0)])

    def _name(self, stem: str) -> str:
        self._count += 1
        return f"{stem.lower()}_{self._count}"
