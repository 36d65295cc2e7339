"""Which runtime a face embedder runs on: the faster one here, measured at start, unless a setting pins it."""

import logging
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import numpy as np

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.extraction.face.embedding import FaceEmbedder
from biometric_service.extraction.openvino_session import has_openvino, open_openvino
from biometric_service.extraction.runtime import open_session
from biometric_service.settings import Settings
from biometric_service.weights.resolution import ResolvedModel

SECONDS = 0.25
"""How long each runtime is measured: a second in all for two joined models."""
PARITY = 0.9999
"""Cosine of the two runtimes' embeddings of one picture, which both must reach: 0.8 degrees."""

log = logging.getLogger(__name__)


def open_embedder(model: ResolvedModel, settings: Settings) -> FaceEmbedder:
    """The embedder on the runtime of the settings; MODEL_INVALID, SETTINGS_INVALID where OpenVINO is not installed.

    With ``auto``, OpenVINO is taken where it is there, agrees with onnxruntime, and was faster here just now.
    """
    makers = _makers(model, settings)
    if settings.face_runtime != "auto":
        if settings.face_runtime not in makers:
            raise _missing()
        return makers[settings.face_runtime]()
    reference = makers["onnxruntime"]()
    return _faster(model, reference, makers["openvino"]) if "openvino" in makers else reference


def _makers(model: ResolvedModel, settings: Settings) -> Mapping[str, Callable[[], FaceEmbedder]]:
    makers = {"onnxruntime": lambda: FaceEmbedder(open_session(model.path), model.manifest)}
    if has_openvino():
        cache = settings.model_cache.expanduser() / "openvino"
        makers["openvino"] = partial(_on_openvino, model, cache, settings.recognition_workers)
    return makers


def _on_openvino(model: ResolvedModel, cache: Path, threads: int) -> FaceEmbedder:
    return FaceEmbedder(open_openvino(model.path, cache, threads), model.manifest)


def _faster(model: ResolvedModel, reference: FaceEmbedder, make: Callable[[], FaceEmbedder]) -> FaceEmbedder:
    """The other embedder where it may take the place of the reference, and is worth it."""
    try:
        other = make()
    except BiometricServiceError as fault:
        log.warning("%s", fault)
        return reference
    likeness = _likeness(reference, other)
    times = {"onnxruntime": _milliseconds(reference), "openvino": _milliseconds(other)}
    better = likeness >= PARITY and times["openvino"] < times["onnxruntime"]
    said = ", ".join(f"{name} {spent:.1f} ms" for name, spent in times.items())
    log.info("%s runs on %s (%s, cosine %.6f)", model.manifest.name, _name(openvino=better), said, likeness)
    return other if better else reference


def _likeness(reference: FaceEmbedder, other: FaceEmbedder) -> float:
    """Cosine of what both make of one picture; -1 where either makes nothing of it."""
    width, height = reference.size
    picture = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    made, also = reference.embed(picture), other.embed(picture)
    return float(made.vector @ also.vector) if made and also else -1.0


def _milliseconds(embedder: FaceEmbedder) -> float:
    """Median time of an embedding."""
    width, height = embedder.size
    picture = np.full((height, width, 3), 128, np.uint8)
    times: list[float] = []
    until = time.monotonic() + SECONDS
    while time.monotonic() < until or len(times) < 3:  # noqa: PLR2004 - a median wants three
        started = time.perf_counter()
        embedder.embed(picture)
        times.append(time.perf_counter() - started)
    return 1000 * float(np.median(times))


def _name(*, openvino: bool) -> str:
    return "openvino" if openvino else "onnxruntime"


def _missing() -> BiometricServiceError:
    return BiometricServiceError(
        ErrorCode.SETTINGS_INVALID,
        "face_runtime is openvino, which is not installed.",
        "Install biometric-service[openvino], or set face_runtime to auto.",
    )
