"""How long one face takes: ``python -m benchmarks.throughput.face DIR [--json]``.

Photographs of DIR (one folder a person) are set into frames of 640 x 480 pixels, as a camera gives them, and each stage
of the service's own extractor and quality assessor is timed on one core, in CPU milliseconds; then they are recognised
by one thread and by ten at once, who must not lose by crowding two cores what these could do.

With the ``openvino`` extra, all that on both runtimes, and the least cosine between their embeddings of one frame.
"""

import json
import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Annotated, Any, TypeVar

import cv2
import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from biometric_service.app import build_walk
from biometric_service.evaluation.subjects import faces
from biometric_service.extraction.openvino_session import has_openvino
from biometric_service.recognition.walk import Walk
from biometric_service.settings import load_settings
from biometric_service.vocabulary.protocols import Extractor
from biometric_service.vocabulary.samples import (
    BiometricSample,
    CaptureSource,
    FingerPosition,
    LocatedSample,
    Modality,
)
from biometric_service.vocabulary.templates import FaceTemplate

FRAME = (480, 640)
GREY = 110
TEN = 10
SOURCE = CaptureSource("benchmark", datetime(2026, 1, 1, tzinfo=UTC))

Value = TypeVar("Value")


def main(  # noqa: PLR0913 (each is an option)
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder with one folder a person.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    model: Annotated[str, typer.Option(help="Manifest of the embedder.")] = "auto",
    companion: Annotated[str, typer.Option(help="Manifest of the embedder joined to it; empty for none.")] = "auto",
    detector: Annotated[str, typer.Option(help="Manifest of the detector.")] = "auto",
    frames: Annotated[int, typer.Option(help="How many photographs.")] = 100,
) -> None:
    """Print the median time of each stage."""
    cv2.setNumThreads(1)
    chosen = {"face_model": model, "face_companion": companion, "face_detector": detector}
    result = compare_runtimes(folder, frames, chosen)
    if as_json:
        print(json.dumps(result))
    else:
        _print(result)


def compare_runtimes(folder: Path, count: int, chosen: Mapping[str, str]) -> dict[str, Any]:
    """``benchmark`` of each runtime that is installed, and ``least_cosine`` of their embeddings where both are."""
    results: dict[str, Any] = {}
    embeddings = []
    with tempfile.TemporaryDirectory() as scratch:
        for runtime in ("onnxruntime", "openvino") if has_openvino() else ("onnxruntime",):
            changes = {"data_dir": Path(scratch) / runtime, "fingerprint_model": "", "face_runtime": runtime}
            walk = build_walk(load_settings().model_copy(update=changes | dict(chosen)))
            results[runtime] = benchmark(walk, folder, count)
            embeddings.append(_embeddings(walk.extractors[Modality.FACE], folder, count))
    if len(embeddings) > 1:
        results["least_cosine"] = float(np.prod(embeddings, axis=0).sum(axis=1).min())
    return results


def _embeddings(extractor: Extractor, folder: Path, count: int) -> NDArray[np.float32]:
    """Of the faces of every frame, float32 (n, d)."""
    located = (extractor.locate(_frame(subject.samples[0].path)) for subject in faces([folder])[:count])
    made = (extractor.extract(each) for each in located if isinstance(each, LocatedSample))
    return np.array([each.embedding for each in made if isinstance(each, FaceTemplate)])


def _print(result: Mapping[str, Any]) -> None:
    rows = {runtime: figures for runtime, figures in result.items() if isinstance(figures, Mapping)}
    table = Table("", *rows)
    for name in rows["onnxruntime"]:
        shown = (figures[name] for figures in rows.values())
        table.add_row(name, *(f"{each:.1f}" if isinstance(each, float) else str(each) for each in shown))
    if "least_cosine" in result:
        table.caption = f"least cosine of the runtimes' embeddings: {result['least_cosine']:.6f}"
    Console().print(table)


def benchmark(walk: Walk, folder: Path, count: int) -> dict[str, Any]:
    """Median CPU milliseconds to ``locate``, ``extract`` (alignment and embedding) and ``assess`` after it.

    ``recognise`` is what a frame costs before it can be compared without its quality: ``locate`` and ``extract``.
    """
    extractor, assessor = walk.extractors[Modality.FACE], walk.assessors[Modality.FACE]
    files = [subject.samples[0].path for subject in faces([folder])[:count]]
    rows = []
    for sample in (_frame(path) for path in files):
        located, locating = _timed(partial(extractor.locate, sample))
        if isinstance(located, LocatedSample):
            _, extracting = _timed(partial(extractor.extract, located))
            _, assessing = _timed(partial(assessor.assess, located))
            rows.append((locating, extracting, assessing, locating + extracting))
    medians = 1000 * np.median(rows, axis=0)
    stages = ("locate_ms", "extract_ms", "assess_ms", "recognise_ms")
    return {
        "model": str(extractor.format),
        "frames": len(rows),
        **dict(zip(stages, medians.tolist(), strict=True)),
        "one_thread_per_s": _per_second(extractor, files, 1),
        "ten_threads_per_s": _per_second(extractor, files, TEN),
        "cores": len(os.sched_getaffinity(0)),
    }


def _per_second(extractor: Extractor, files: Sequence[Path], threads: int) -> float:
    """Frames located and extracted in a second by so many threads at once."""

    def recognise(sample: BiometricSample) -> None:
        located = extractor.locate(sample)
        if isinstance(located, LocatedSample):
            extractor.extract(located)

    samples = [_frame(path) for path in files]
    started = time.perf_counter()
    with ThreadPoolExecutor(threads) as workers:
        list(workers.map(recognise, samples))
    return len(samples) / (time.perf_counter() - started)


def _frame(path: Path) -> BiometricSample:
    """The photograph in the middle of a grey frame, as high as the frame."""
    photograph = cv2.imread(str(path))
    assert photograph is not None
    height, width = FRAME
    side = min(width, round(photograph.shape[1] * height / photograph.shape[0]))
    pixels = np.full((height, width, 3), GREY, np.uint8)
    left = (width - side) // 2
    pixels[:, left : left + side] = cv2.resize(photograph, (side, height))
    return BiometricSample(Modality.FACE, pixels, None, FingerPosition.UNKNOWN, SOURCE, path.name)


def _timed(work: Callable[[], Value]) -> tuple[Value, float]:
    started = time.process_time()
    value = work()
    return value, time.process_time() - started


if __name__ == "__main__":
    typer.run(main)
