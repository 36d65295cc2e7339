"""How fast galleries of faces are searched: ``OMP_NUM_THREADS=1 python -m benchmarks.throughput.gallery [--json]``.

For each size: the median and 99th percentile of a search through ``ExactGallery`` and ``FaissGallery``, and of a bare
FAISS call on the same vectors (single precision, inner product), which is what the galleries' filters, shared locks,
shortlist and full comparison are paid on top of. Probes are noisy copies of members; ``agreement`` is how often
FAISS names the same best reference as the exact gallery. Memory is what the process grew by, for each reference.
"""

import gc
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import faiss
import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from biometric_service.comparison.calibration import Calibration
from biometric_service.comparison.cosine import CosineComparator
from biometric_service.gallery.banked import BankedGallery
from biometric_service.gallery.exact import ExactGallery
from biometric_service.gallery.faiss_gallery import FaissGallery
from biometric_service.vocabulary.candidates import Probe
from biometric_service.vocabulary.references import (
    ALL_GALLERIES,
    Change,
    ChangeNumber,
    GalleryId,
    Reference,
    ReferenceId,
    SubjectId,
)
from biometric_service.vocabulary.samples import Modality
from biometric_service.vocabulary.templates import FaceTemplate, TemplateFormat

FORMAT = TemplateFormat(Modality.FACE, "random", "1")
CALIBRATION = Calibration("cosine", (0.0, 1.0), (0.0, 9.0), 9.0, 0, "random vectors")
GALLERY = GalleryId("benchmark")
LENGTH = 256
LIMIT = 10
CHANGE = 1000
NOISE = 1.0
PROGRESS = Console(stderr=True)

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Searched:
    """Seconds of each search, and the best reference that each found."""

    seconds: NDArray[np.float64]
    best: list[int]


def main(
    sizes: Annotated[str, typer.Option(help="Sizes of galleries, with commas.")] = "10000,100000",
    probes: Annotated[int, typer.Option(min=1, help="Searches in each gallery.")] = 50,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print search times and memory by size."""
    faiss.omp_set_num_threads(1)
    result = {size: measure(int(size), probes) for size in sizes.split(",")}
    if as_json:
        print(json.dumps({"length": LENGTH, "sizes": result}))
    else:
        Console().print(_table(result))


def measure(size: int, probes: int) -> dict[str, Any]:
    """All three ways to search one gallery."""
    vectors = unit(np.random.default_rng(size).standard_normal((size, LENGTH), np.float32))
    asked = _probes(vectors, probes)
    exact = _gallery(ExactGallery, vectors, asked)
    faissed = _gallery(FaissGallery, vectors, asked)
    agreement = float(np.mean(np.equal(exact.pop("best"), faissed.pop("best"))))
    return {"exact": exact, "faiss": faissed | {"agreement": agreement}, "bare_faiss": _bare(vectors, asked)}


def unit(vectors: Vectors) -> Vectors:
    """Each row at length 1."""
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def _probes(vectors: Vectors, count: int) -> Vectors:
    chance = np.random.default_rng(1)
    members = vectors[chance.integers(len(vectors), size=count)]
    return unit(members + NOISE * unit(chance.standard_normal((count, LENGTH), np.float32)))


def _gallery(make: Callable[[CosineComparator], BankedGallery], vectors: Vectors, probes: Vectors) -> dict[str, Any]:
    before, started = _resident(), time.process_time()
    gallery = make(CosineComparator(FORMAT, CALIBRATION))
    for number, change in enumerate(track(_changes(vectors), make.__name__, len(vectors) // CHANGE, console=PROGRESS)):
        gallery.apply(ChangeNumber(number + 1), change)
    build = time.process_time() - started
    memory = _resident() - before
    found = _timed(probes, lambda probe: _best(gallery, probe))
    return _figures(found) | {
        "best": found.best,
        "bytes_a_reference": round(memory / len(vectors)),
        "added_per_s": round(len(vectors) / build),
    }


def _best(gallery: BankedGallery, probe: Vectors) -> int:
    return gallery.search(Probe(FaceTemplate(FORMAT, probe), ALL_GALLERIES), LIMIT).entries[0].reference


def _bare(vectors: Vectors, probes: Vectors) -> dict[str, Any]:
    index = faiss.IndexFlatIP(LENGTH)
    index.add(vectors)
    found = _timed(probes, lambda probe: int(index.search(probe[np.newaxis], LIMIT)[1][0, 0]))
    return _figures(found)


def _changes(vectors: Vectors) -> Iterator[Change]:
    for start in range(0, len(vectors), CHANGE):
        part = enumerate(vectors[start : start + CHANGE], start=start)
        yield Change(tuple(_reference(number, vector) for number, vector in part))


def _reference(number: int, vector: Vectors) -> Reference:
    template = FaceTemplate(FORMAT, vector)
    return Reference(ReferenceId(number), SubjectId(f"S{number}"), frozenset({GALLERY}), template)


def _timed(probes: Vectors, search: Callable[[Vectors], int]) -> Searched:
    search(probes[0])
    seconds, best = [], []
    for probe in probes:
        started = time.perf_counter()
        best.append(search(probe))
        seconds.append(time.perf_counter() - started)
    return Searched(np.array(seconds), best)


def _figures(found: Searched) -> dict[str, Any]:
    p50, p99 = np.quantile(found.seconds, [0.5, 0.99]) * 1000
    return {"p50_ms": round(float(p50), 3), "p99_ms": round(float(p99), 3)}


def _resident() -> int:
    """Bytes of this process in memory (Linux)."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096


def _table(result: Mapping[str, Mapping[str, Any]]) -> Table:
    table = Table("gallery", "exact p50", "FAISS p50", "bare FAISS p50", "FAISS finds the same", "bytes a reference")
    for size, each in result.items():
        times = [f"{each[way]['p50_ms']:.2f} ms" for way in ("exact", "faiss", "bare_faiss")]
        memory = f"{each['exact']['bytes_a_reference']:,} / {each['faiss']['bytes_a_reference']:,}"
        table.add_row(f"{int(size):,}", *times, f"{each['faiss']['agreement']:.1%}", memory)
    return table


if __name__ == "__main__":
    typer.run(main)
