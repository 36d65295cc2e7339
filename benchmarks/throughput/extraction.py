"""How long minutiae take: ``python -m benchmarks.throughput.extraction DIR... [--each N] [--json]``.

DIR holds FINGER_IMPRESSION.png as for the accuracy benchmark. In one run and turn by turn: ``plain``, LEADER as it is
published on the whole image at 500 dpi; ``fused``, the graph that the recipe makes of it on the same image;
``extraction``, what the service does (resampling, finding the ridges, the fused graph on them, minutiae). Milliseconds
an image, the median by the clock and of CPU time, on one thread and on two.
"""

import json
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from biometric_service.app.stages import model_shelf
from biometric_service.evaluation.subjects import SampleFile, fingerprints
from biometric_service.extraction.fingerprint.area import MULTIPLE
from biometric_service.extraction.fingerprint.leader import LeaderExtractor
from biometric_service.extraction.fingerprint.resampling import to_500_dpi
from biometric_service.extraction.runtime import open_session
from biometric_service.settings import load_settings
from biometric_service.vocabulary.quality import ExtractionFailure
from biometric_service.vocabulary.samples import BiometricSample, CaptureSource, FingerPosition, Modality
from biometric_service.vocabulary.templates import TemplateFormat

THREADS = (1, 2)
PROGRESS = Console(stderr=True)

Way = Callable[[BiometricSample], object]


def main(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Folders of FINGER_IMPRESSION.png.")],
    *,
    each: Annotated[int, typer.Option(help="Take every Nth impression.")] = 8,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print how long an image takes, plain, fused and in the whole."""
    files = [file for finger in fingerprints(folders) for file in finger.samples]
    samples = [_sample(file) for file in files[::each]]
    result = benchmark(samples)
    if as_json:
        print(json.dumps(result))
    else:
        Console().print(_table(result))


def benchmark(samples: Sequence[BiometricSample]) -> dict[str, Any]:
    """Median milliseconds by way and number of threads."""
    ways = {f"{name} {threads}": way for threads in THREADS for name, way in _ways(threads).items()}
    clock, cpu = defaultdict(list), defaultdict(list)
    for sample in track(samples, "Extracting", console=PROGRESS):
        for name, way in ways.items():
            started, spent = time.perf_counter(), time.process_time()
            way(sample)
            clock[name].append(time.perf_counter() - started)
            cpu[name].append(time.process_time() - spent)
    return {
        "images": len(samples),
        "ms": {name: 1e3 * float(np.median(clock[name])) for name in ways},
        "cpu_ms": {name: 1e3 * float(np.median(cpu[name])) for name in ways},
    }


def _ways(threads: int) -> dict[str, Way]:
    settings = load_settings()
    model = model_shelf(settings).resolve("leader")
    published = next(settings.model_cache.expanduser().joinpath("leader").rglob("LEADER.onnx"))
    plain, fused = open_session(published, threads), open_session(model.path, threads)
    extractor = LeaderExtractor(fused, TemplateFormat(Modality.FINGERPRINT, "leader", model.manifest.version))

    def extract(sample: BiometricSample) -> None:
        located = extractor.locate(sample)
        if not isinstance(located, ExtractionFailure):
            extractor.extract(located)

    return {
        "plain": lambda sample: plain.run(None, {"input": _whole(sample)[None, ..., None]}),
        "fused": lambda sample: fused.run(None, {"image": _whole(sample)[None, None]}),
        "extraction": extract,
    }


def _whole(sample: BiometricSample) -> NDArray[np.float32]:
    pixels = to_500_dpi(sample.pixels, sample.dpi or 0)
    below, right = (-side % MULTIPLE for side in pixels.shape)
    return np.pad(pixels, ((0, below), (0, right)), mode="edge").astype(np.float32)


def _sample(file: SampleFile) -> BiometricSample:
    pixels = np.asarray(cv2.imread(str(file.path), cv2.IMREAD_GRAYSCALE), np.uint8)
    source = CaptureSource(file.path.name, datetime.now(UTC))
    return BiometricSample(Modality.FINGERPRINT, pixels, file.dpi, FingerPosition.UNKNOWN, source, "")


def _table(result: dict[str, Any]) -> Table:
    table = Table("way and threads", "ms", "CPU ms", title=f"{result['images']} images, median")
    for name, milliseconds in result["ms"].items():
        table.add_row(name, f"{milliseconds:.0f}", f"{result['cpu_ms'][name]:.0f}")
    return table


if __name__ == "__main__":
    typer.run(main)
