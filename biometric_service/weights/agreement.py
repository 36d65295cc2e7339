"""Whether an ONNX file takes and gives what its manifest says."""

from math import prod
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.weights.manifest import Colour, ModelManifest

Shape = tuple[int | None, ...]


def require_agreement(manifest: ModelManifest, path: Path) -> None:
    """MODEL_INVALID where the file is not ONNX or contradicts the manifest; what it leaves open contradicts nothing."""
    try:
        graph = onnx.shape_inference.infer_shapes(onnx.load(path, load_external_data=False)).graph
    except (DecodeError, onnx.shape_inference.InferenceError) as fault:
        raise _contradiction(manifest, f"they are not a readable ONNX model ({type(fault).__name__})") from None
    if any(tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in graph.initializer):
        raise _contradiction(manifest, "part of them lies in another file, whose hash nobody checks")
    constants = {tensor.name for tensor in graph.initializer}
    inputs = [value for value in graph.input if value.name not in constants]
    if len(inputs) != 1 or not graph.output:
        raise _contradiction(manifest, f"they take {len(inputs)} inputs and give {len(graph.output)} outputs")
    _require_input(manifest, inputs[0])
    _require_output(manifest, graph.output[0])


def _require_input(manifest: ModelManifest, value: onnx.ValueInfoProto) -> None:
    said, shape = manifest.input, _shape(value)
    if value.type.tensor_type.elem_type != onnx.TensorProto.FLOAT or len(shape) != len(said.layout):
        raise _contradiction(manifest, f"their input is not images of float32 with the axes {said.layout}")
    sides = dict(zip(said.layout.value, shape, strict=True))
    wanted = 1 if said.colour is Colour.GREY else 3
    if (channels := sides.get("c")) not in {None, wanted}:
        raise _contradiction(manifest, f"input.colour {said.colour} means {wanted} channels, and they take {channels}")
    width, height = sides["w"], sides["h"]
    if said.size is None and (width, height) != (None, None):
        raise _contradiction(manifest, f"input.size is missing, and they take only {width} x {height} pixels")
    if said.size is not None and (width not in {None, said.size[0]} or height not in {None, said.size[1]}):
        raise _contradiction(manifest, f"input.size is {said.size}, and they take {width} x {height} pixels")


def _require_output(manifest: ModelManifest, value: onnx.ValueInfoProto) -> None:
    said, shape = manifest.output.dimension, _shape(value)[1:]
    if said is None or not shape or None in shape:
        return
    if (found := prod(side for side in shape if side is not None)) != said:
        raise _contradiction(manifest, f"output.dimension is {said}, and they give {found} numbers")


def _shape(value: onnx.ValueInfoProto) -> Shape:
    """Sides of a tensor, None for one that the model leaves open."""
    return tuple(side.dim_value or None for side in value.type.tensor_type.shape.dim)


def _contradiction(manifest: ModelManifest, fault: str) -> BiometricServiceError:
    message = f"The weights of {manifest.name} do not agree with its manifest: {fault}."
    action = "Correct the manifest's [input] and [output], or give the weights that it describes."
    return BiometricServiceError(ErrorCode.MODEL_INVALID, message, action)
