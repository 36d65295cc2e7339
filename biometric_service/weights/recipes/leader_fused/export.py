"""LEADER's weights, taken out of the exported graph by the names of its Keras layers."""

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

Floats = NDArray[np.float32]
Linear = tuple[Floats, Floats]
"""Matrix (in, out) and bias (out,)."""


class Export:
    """The weights by layer name; KeyError where the graph has no such layer."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self._constants: dict[str, Floats] = {
            tensor.name: numpy_helper.to_array(tensor) for tensor in model.graph.initializer
        }
        self._inputs = {name: node.input for node in model.graph.node for name in node.output}

    def kernel(self, layer: str) -> Floats:
        """Float32 (out, in, height, width)."""
        return self._constants[f"functional_1/{layer}_1/convolution/ReadVariableOp:0"]

    def bias(self, layer: str) -> Floats:
        """Float32 (out,)."""
        prefix = f"functional_1/{layer}_1"
        for name in (f"{prefix}/Squeeze:0", f"{prefix}/Reshape:0"):
            if name in self._constants:
                return self._constants[name]
        return self._constant_into(f"{prefix}/BiasAdd:0")

    def pointwise(self, layer: str) -> Linear:
        """A 1x1 convolution as a matrix and a bias."""
        return _matrix(self.kernel(layer)), self.bias(layer)

    def depthwise(self, layer: str) -> Floats:
        """Float32 (channels, 1, height, width)."""
        return self._operand(f"functional_1/{layer}_1/depthwise:0")

    def separable(self, layer: str) -> tuple[Floats, Linear]:
        """A separable convolution: the kernel of its depthwise half, its pointwise half."""
        prefix = f"functional_1/{layer}_1/separable_conv2d"
        matrix = _matrix(self._constants[f"{prefix}/ReadVariableOp_1:0"])
        return self._operand(f"{prefix}/depthwise:0"), (matrix, self.bias(layer))

    def normalisation(self, layer: str) -> Linear:
        """Scale and shift of a layer normalisation, each (channels,)."""
        prefix = f"functional_1/{layer}_1"
        return self._constants[f"{prefix}/Reshape:0"].reshape(-1), self._constant_into(f"{prefix}/add_1:0")

    def _constant_into(self, output: str) -> Floats:
        return self._operand(output).reshape(-1)

    def _operand(self, output: str) -> Floats:
        """The constant that goes into the node with this output."""
        for name in self._inputs[output]:
            if name in self._constants:
                return self._constants[name]
        raise KeyError(output)


def _matrix(kernel: Floats) -> Floats:
    return kernel[:, :, 0, 0].T
