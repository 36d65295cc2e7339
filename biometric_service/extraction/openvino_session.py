"""A model on Intel's OpenVINO, the ``openvino`` extra, which multiplies in half precision where the processor does.

With such units (AMX) face embeddings took a third of onnxruntime's time, and differed from its by a fifth of a degree
at the most (``benchmarks.throughput.face``). Without them it is made to compute in single precision: asked for half, it
takes bfloat16 where the processor has that alone, which is too coarse.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np
from numpy.typing import NDArray

from biometric_service.errors import BiometricServiceError, ErrorCode


@dataclass(frozen=True, slots=True)
class OpenVinoPort:
    """See ``Port``."""

    name: str
    shape: list[int | str | None]


class OpenVinoSession:
    """A compiled model (see ``Session``); each run has a request of its own, as requests are not for many threads."""

    def __init__(self, compiled: Any) -> None:  # noqa: ANN401 - OpenVINO is not there to be named without the extra
        self._compiled = compiled
        self._free: SimpleQueue[Any] = SimpleQueue()
        self._places = {name: place for place, port in enumerate(compiled.outputs) for name in port.get_names()}

    def get_inputs(self) -> Sequence[OpenVinoPort]:
        """The model's inputs."""
        return [_port(each) for each in self._compiled.inputs]

    def get_outputs(self) -> Sequence[OpenVinoPort]:
        """The model's outputs."""
        return [_port(each) for each in self._compiled.outputs]

    def run(
        self, output_names: Sequence[str] | None, input_feed: Mapping[str, NDArray[Any]]
    ) -> list[NDArray[np.float32]]:
        """The named outputs, or all of them, for the inputs given by name."""
        try:
            request = self._free.get_nowait()
        except Empty:
            request = self._compiled.create_infer_request()
        try:
            request.infer(dict(input_feed), share_inputs=True)
            wanted = range(len(self._compiled.outputs)) if output_names is None else map(self._places.get, output_names)
            return [np.array(request.get_output_tensor(place).data) for place in wanted]
        finally:
            self._free.put(request)


def has_openvino() -> bool:
    """Whether the extra is installed."""
    return find_spec("openvino") is not None


def open_openvino(path: Path, cache: Path, threads: int) -> OpenVinoSession:
    """A session for the ONNX model at ``path``, on as many threads as run at once; MODEL_INVALID.

    ``cache``: folder where the compiled model is kept, to be there at once the next time.
    """
    import openvino  # noqa: PLC0415 - an extra, and slow to import

    cache.mkdir(parents=True, exist_ok=True)
    core = openvino.Core()
    properties = {
        "INFERENCE_PRECISION_HINT": "f16" if "FP16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "f32",
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": threads,
        "ENABLE_CPU_PINNING": False,
        "CACHE_DIR": str(cache),
    }
    try:
        return OpenVinoSession(core.compile_model(str(path), "CPU", properties))
    except Exception as fault:
        message = f"The model {path.name} cannot be loaded by OpenVINO ({type(fault).__name__})."
        raise BiometricServiceError(ErrorCode.MODEL_INVALID, message, "Set face_runtime to onnxruntime.") from fault


def _port(port: Any) -> OpenVinoPort:  # noqa: ANN401 - as above
    shape = [None if side.is_dynamic else side.get_length() for side in port.get_partial_shape()]
    return OpenVinoPort(port.get_any_name(), shape)
