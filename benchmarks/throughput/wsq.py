"""What WSQ costs and keeps: ``python -m benchmarks.throughput.wsq DIR... [--rate R] [--each N] [--json]``.

DIR holds FINGER_IMPRESSION.png as for the accuracy benchmarks. Each print is compressed by our encoder and by NIST's,
which has one rate (0.75), and decoded by NIST's decoder. Printed are medians: bits a pixel, peak signal-to-noise
ratio in dB, milliseconds of CPU. Needs PyPI ``wsq``.
"""

import io
import json
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import _wsq
import cv2
import numpy as np
import typer
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.progress import track
from rich.table import Table
from wsq import WsqImagePlugin  # noqa: F401 (lets Pillow write WSQ)

from benchmarks.accuracy.fingerprint import PROGRESS
from biometric_service.evaluation.subjects import fingerprints
from device_drivers.wsq.encoding import USUAL_RATE, encode

Pixels = NDArray[np.uint8]
PEAK = 255


def main(
    folders: Annotated[list[Path], typer.Argument(metavar="DIR...", help="Folders of FINGER_IMPRESSION.png.")],
    *,
    rate: Annotated[float, typer.Option(help="Bits a pixel that our encoder aims at.")] = USUAL_RATE,
    each: Annotated[int, typer.Option(help="Take every Nth impression.")] = 8,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print size, truth and time of both encoders."""
    files = [file.path for finger in fingerprints(folders) for file in finger.samples][::each]
    result = benchmark([np.asarray(cv2.imread(str(file), cv2.IMREAD_GRAYSCALE), np.uint8) for file in files], rate)
    if as_json:
        print(json.dumps({"images": len(files), "rate": rate, **result}))
        return
    table = Table("encoder", "bits a pixel", "PSNR, dB", "ms", title=f"{len(files)} prints, rate {rate:g}, medians")
    for name, figures in result.items():
        table.add_row(name, *(f"{figure:.3g}" for figure in figures.values()))
    Console().print(table)


def benchmark(pictures: Sequence[Pixels], rate: float) -> dict[str, dict[str, float]]:
    """Medians by encoder."""
    encoders: Mapping[str, Callable[[Pixels], bytes]] = {"ours": lambda each: encode(each, 500, rate), "nist": _nist}
    found: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    encode(pictures[0])
    for picture in track(pictures, "Compressing", console=PROGRESS):
        for name, encoder in encoders.items():
            started = time.process_time()
            data = encoder(picture)
            spent = time.process_time() - started
            found[name].append((8 * len(data) / picture.size, _psnr(data, picture), 1000 * spent))
    names = ("bits_a_pixel", "psnr", "ms")
    return {name: dict(zip(names, np.median(rows, axis=0).tolist(), strict=True)) for name, rows in found.items()}


def _nist(picture: Pixels) -> bytes:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "WSQ")
    return file.getvalue()


def _psnr(data: bytes, picture: Pixels) -> float:
    raw, width, height, _ = _wsq.decompress(data)
    difference = np.frombuffer(raw, np.uint8).reshape(height, width) - picture.astype(np.float64)
    return float(10 * np.log10(PEAK**2 / max(float(np.mean(difference**2)), 1e-9)))


if __name__ == "__main__":
    typer.run(main)
