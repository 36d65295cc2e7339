"""Inference sessions as every engine here is to have them."""

from pathlib import Path

import onnxruntime

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.extraction.prelu import spell_out_prelu

FATAL_ONLY = 4


def open_session(path: Path, threads: int = 1) -> onnxruntime.InferenceSession:
    """A session on the CPU for the ONNX model at ``path``; deterministic, safe to run from many threads at once.

    ``threads``: cores that one run may use. A service that answers many callers at once is best off with one, and runs
    side by side. Raises MODEL_INVALID.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    options.log_severity_level = FATAL_ONLY
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(spell_out_prelu(path), options, providers=["CPUExecutionProvider"])
    except Exception as fault:
        message = f"The model {path.name} cannot be loaded ({type(fault).__name__})."
        action = "Fetch it anew with `biometric-service models verify`, or name another in the settings."
        raise BiometricServiceError(ErrorCode.MODEL_INVALID, message, action) from fault
