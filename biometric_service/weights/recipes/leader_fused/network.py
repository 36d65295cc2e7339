"""LEADER's architecture, written for a CPU."""

from collections.abc import Callable
from itertools import product

import numpy as np
import onnx

from biometric_service.weights.recipes.leader_fused.export import Export, Floats, Linear
from biometric_service.weights.recipes.leader_fused.graph import Graph

LEVELS = range(4)
DILATIONS = (1, 3, 6)
HEADS = ("pos", "dir", "typ")
HEAD_CHANNELS = 4
HALVINGS = 5
"""Every side of the image can be halved this often."""
FAST_WIDTH = 4
"""Depthwise convolutions are fast on multiples of so many channels only."""
MOST_STRIPS = 16


class Network:
    """The network from image to maps; between methods values have channels first."""

    def __init__(self, export: Export) -> None:
        self._export = export
        self._graph = Graph()

    def write(self) -> None:
        """Write the whole network."""
        graph = self._graph
        context = self._context(self._stem("image", "stem0", graph.max_pool))
        gated = graph.concat(self._gate(context), self._stem("image", "stem1", graph.average_pool))
        self._heads(self._refinement(gated))

    def model(self) -> onnx.ModelProto:
        """What was written."""
        return self._graph.model("leader_fused", "image", "maps")

    def _stem(self, image: str, name: str, pool: Callable[[str], str]) -> str:
        """Plain and dilated edges, joined, normalised, activated and halved."""
        graph = self._graph
        edges = graph.concat(
            self._convolve(image, f"{name}_conv"), self._convolve(image, f"{name}_dilated_conv", dilation=2)
        )
        return pool(graph.channels_first(self._activated(graph.channels_last(edges), f"{name}_ln")))

    def _context(self, value: str) -> str:
        """The first encoder-decoder: what surrounds every place."""
        graph = self._graph
        skips = []
        for level in LEVELS:
            skips.append(self._separable(value, f"enc0_{level}"))
            value = graph.halve(skips[-1], len(self._export.bias(f"enc0_{level}_conv")))
        for level in reversed(LEVELS):
            value = graph.concat(graph.double(self._separable(value, f"dec0_{level}")), skips[level])
        return value

    def _gate(self, value: str) -> str:
        """What of the context is let through."""
        graph = self._graph
        seen = graph.concat(*(self._convolve(value, f"attention_conv_d{d}", dilation=d) for d in DILATIONS))
        weighted = graph.linear(graph.gelu(graph.channels_last(seen)), self._export.pointwise("attention_s"))
        return graph.node("Mul", [value, graph.channels_first(graph.node("Sigmoid", [weighted]))])

    def _refinement(self, value: str) -> str:
        """The second encoder-decoder: where exactly."""
        graph = self._graph
        skips = []
        for level in LEVELS:
            skips.append(self._bottleneck(value, f"enc1_{level}", depth=level + 1))
            value = graph.halve(skips[-1], self._width(f"enc1_{level}"))
        for level in reversed(LEVELS):
            refined = graph.double(self._bottleneck(value, f"dec1_{level}", depth=level + 2))
            spare = _spare(self._width(f"enc1_{level}") + self._width(f"dec1_{level}"))
            filling = [graph.first(skips[level], spare, axis=1)] if spare else []
            value = graph.concat(refined, skips[level], *filling)
        return value

    def _width(self, name: str) -> int:
        """How many channels leave a bottleneck."""
        return len(self._export.bias(f"{name}_conv_adj"))

    def _heads(self, value: str) -> None:
        """Position, direction and type: pointwise at half size, then one convolution to full size."""
        graph = self._graph
        numbers = range(len(HEADS))
        arounds = [self._around(value, f"head_{number}_ibc") for number in numbers]

        def body(straight: str, *arounds: str) -> str:
            found = [self._head(number, around, straight) for number, around in zip(numbers, arounds, strict=True)]
            return graph.node("Concat", found, axis=-1)

        found = graph.channels_first(graph.in_strips(_strips(depth=1), [graph.channels_last(value), *arounds], body))
        graph.node("DepthToSpace", [graph.convolution(found, *self._maps())], "maps", blocksize=2, mode="CRD")

    def _head(self, number: int, around: str, straight: str) -> str:
        first, second = (self._export.pointwise(f"head_{number}_conv{part}") for part in (1, 2))
        narrow = self._narrowed(around, straight, f"head_{number}_ibc", then=first)
        normal = self._graph.normalise(narrow, self._export.normalisation(f"head_{number}_ln"))
        return self._graph.gelu(self._graph.linear(normal, second))

    def _maps(self) -> Linear:
        """The heads' last convolutions as one at half size, four outputs a channel (one for each pixel of a 2x2)."""
        kernels = [self._export.kernel(f"head_conv_{head}") for head in HEADS]
        outputs = sum(len(kernel) for kernel in kernels)
        joined = np.zeros((outputs, 4, len(HEADS), HEAD_CHANNELS, 3, 3), np.float32)
        row = 0
        for number, kernel in enumerate(kernels):
            joined[row : row + len(kernel), :, number] = _before_doubling(kernel)
            row += len(kernel)
        biases = np.concatenate([self._export.bias(f"head_conv_{head}") for head in HEADS])
        return joined.reshape(outputs * 4, -1, 3, 3), np.repeat(biases, 4)

    def _bottleneck(self, value: str, name: str, depth: int) -> str:
        """An inverse bottleneck and its adjustment, on maps halved ``depth`` times."""
        graph = self._graph
        values = [self._around(value, name), graph.channels_last(value)]

        def body(around: str, straight: str) -> str:
            return self._narrowed(around, straight, name)

        return graph.channels_first(graph.in_strips(_strips(depth), values, body))

    def _around(self, value: str, name: str) -> str:
        kernel = _filled(self._export.depthwise(f"{name}_depthwise_conv"))
        return self._graph.channels_last(self._graph.convolution(value, kernel, None, group=len(kernel)))

    def _narrowed(self, around: str, straight: str, name: str, then: Linear | None = None) -> str:
        """Normalise, widen, activate and narrow; reduction, adjustment (and ``then``) multiplied out."""
        graph, export = self._graph, self._export
        adjust = _chain(export.pointwise(f"{name}_conv_adj"), then)
        scale, shift = export.normalisation(f"{name}_ln")
        if _spare(len(scale)):
            around = graph.first(around, len(scale), axis=-1)
        normal = graph.normalise(around, (scale, shift))
        wide = graph.gelu(graph.linear(normal, export.pointwise(f"{name}_conv_exp")))
        narrow = graph.linear(wide, _chain(export.pointwise(f"{name}_conv_red"), adjust))
        return graph.node("Add", [narrow, graph.node("MatMul", [straight, graph.constant(_filled(adjust[0]))])])

    def _separable(self, value: str, name: str) -> str:
        graph = self._graph
        kernel, pointwise = self._export.separable(f"{name}_conv")
        around = graph.channels_last(graph.convolution(value, kernel, None, group=len(kernel)))
        return graph.channels_first(self._activated(graph.linear(around, pointwise), f"{name}_ln"))

    def _activated(self, value: str, layer: str) -> str:
        return self._graph.gelu(self._graph.normalise(value, self._export.normalisation(layer)))

    def _convolve(self, value: str, layer: str, dilation: int = 1) -> str:
        kernel, bias = self._export.kernel(layer), self._export.bias(layer)
        return self._graph.convolution(value, kernel, bias, dilation=dilation)


def _strips(depth: int) -> int:
    """Into how many equal strips the places of any map can be cut that was halved ``depth`` times."""
    return int(min(4 ** (HALVINGS - depth), MOST_STRIPS))


def _spare(width: int) -> int:
    """How many channels are missing to a width that is fast."""
    return -width % FAST_WIDTH


def _filled(weights: Floats) -> Floats:
    """Weights whose first axis is channels, with zeros for spare channels."""
    return np.pad(weights, [(0, _spare(len(weights)))] + [(0, 0)] * (weights.ndim - 1))


def _chain(first: Linear, second: Linear | None) -> Linear:
    """Two linear layers as one."""
    if second is None:
        return first
    return first[0] @ second[0], first[1] @ second[0] + second[1]


def _before_doubling(kernel: Floats) -> Floats:
    """A 5x5 kernel (out, in, 5, 5) for a map doubled by repetition, as (out, 4, in, 3, 3) for the map before it."""
    halved = np.zeros((len(kernel), 2, 2, kernel.shape[1], 3, 3), np.float32)
    for (down, right), (y, x) in product(product(range(2), repeat=2), product(range(5), repeat=2)):
        halved[:, down, right, :, (down + y) // 2, (right + x) // 2] += kernel[:, :, y, x]
    return halved.reshape(len(kernel), 4, -1, 3, 3)
