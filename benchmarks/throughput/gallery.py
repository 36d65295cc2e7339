"""How fast galleries of fingerprints are searched; of faces ``benchmarks.throughput.faces_index`` tells.

    OMP_NUM_THREADS=1 python -m benchmarks.throughput.gallery [--sizes 10000,100000] [--json]

For each size: the median and 99th percentile of a search through ``ExactGallery`` and ``NarrowedGallery``. References
are synthetic templates, and probes second impressions of members. ``right`` is how often the mate is found first.
Memory is what the process grew by, for each reference.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.synthesis.seeds import finger_seed
from benchmarks.synthesis.strewing import make_finger
from benchmarks.synthesis.templates import FORMAT, make_template
from benchmarks.throughput.crowd import resident
from biometric_service.comparison.calibration import Calibration
from biometric_service.comparison.fingerprint.cylinder import CylinderComparator
from biometric_service.gallery.banked import BankedGallery
from biometric_service.gallery.exact import ExactGallery
from biometric_service.gallery.narrowed import NarrowedGallery
from biometric_service.vocabulary.candidates import Probe
from biometric_service.vocabulary.protocols import Comparator
from biometric_service.vocabulary.references import (
    ALL_GALLERIES,
    Change,
    ChangeNumber,
    GalleryId,
    Reference,
    ReferenceId,
    SubjectId,
)
from biometric_service.vocabulary.templates import Template

UNCALIBRATED = Calibration("none", (0.0, 1.0), (0.0, 9.0), 9.0, 0, "nothing: only raw scores are ranked here")
GALLERY = GalleryId("benchmark")
LIMIT = 10
CHANGE = 1000
SEED = 1
PROGRESS = Console(stderr=True)


@dataclass(frozen=True, slots=True)
class Workload:
    """``references``: template k is of subject k. ``probes``: (template, whose it is)."""

    comparator: Comparator
    references: Sequence[Template]
    probes: Sequence[tuple[Template, int]]


def main(
    sizes: Annotated[str, typer.Option(help="Sizes of galleries, with commas.")] = "10000,100000",
    probes: Annotated[int, typer.Option(min=1, help="Searches in each gallery.")] = 50,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print search times and memory by size."""
    result = {size: measure(fingerprints(int(size), probes)) for size in sizes.split(",")}
    if as_json:
        print(json.dumps({"sizes": result}))
    else:
        Console().print(_table(result))


def measure(work: Workload) -> dict[str, Any]:
    """All ways to search one gallery."""
    return {"exact": _searched(ExactGallery, work), "narrowed": _searched(NarrowedGallery, work)}


def fingerprints(size: int, probes: int) -> Workload:
    """Synthetic fingers, and second impressions of some."""
    mates = np.random.default_rng(SEED).choice(size, min(probes, size), replace=False)
    made = [_impression(finger, 1) for finger in track(range(size), "Making fingers", console=PROGRESS)]
    return Workload(
        CylinderComparator(FORMAT, UNCALIBRATED), made, [(_impression(int(mate), 2), int(mate)) for mate in mates]
    )


def _impression(finger: int, number: int) -> Template:
    return make_template(make_finger(finger_seed(SEED, finger)), number)


def _searched(make: Callable[[Comparator], BankedGallery], work: Workload) -> dict[str, Any]:
    before, started = resident(), time.process_time()
    gallery = make(work.comparator)
    parts = len(work.references) // CHANGE
    for number, change in enumerate(track(_changes(work.references), make.__name__, parts, console=PROGRESS)):
        gallery.apply(ChangeNumber(number + 1), change)
    added_per_s = len(work.references) / (time.process_time() - started)
    memory = resident() - before

    def first(template: Template) -> int:
        return gallery.search(Probe(template, ALL_GALLERIES), LIMIT).entries[0].reference

    return _timed(work, first) | {
        "bytes_a_reference": round(memory / len(work.references)),
        "added_per_s": round(added_per_s),
    }


def _changes(templates: Sequence[Template]) -> Iterator[Change]:
    for start in range(0, len(templates), CHANGE):
        part = enumerate(templates[start : start + CHANGE], start=start)
        yield Change(tuple(_reference(number, template) for number, template in part))


def _reference(number: int, template: Template) -> Reference:
    return Reference(ReferenceId(number), SubjectId(f"S{number}"), frozenset({GALLERY}), template)


def _timed(work: Workload, search: Callable[[Template], int]) -> dict[str, Any]:
    search(work.probes[0][0])
    seconds, right = [], 0
    for probe, mate in work.probes:
        started = time.perf_counter()
        right += search(probe) == mate
        seconds.append(time.perf_counter() - started)
    p50, p99 = 1000 * np.quantile(seconds, [0.5, 0.99])
    return {"p50_ms": round(float(p50), 3), "p99_ms": round(float(p99), 3), "right": right / len(work.probes)}


def _table(result: Mapping[str, Mapping[str, Any]]) -> Table:
    table = Table("gallery", "way", "p50", "p99", "right", "bytes a reference", "added a second")
    for size, ways in result.items():
        for way, each in ways.items():
            held = [f"{each[key]:,}" if key in each else "" for key in ("bytes_a_reference", "added_per_s")]
            table.add_row(
                f"{int(size):,}",
                way,
                f"{each['p50_ms']:.2f} ms",
                f"{each['p99_ms']:.2f} ms",
                f"{each['right']:.1%}",
                *held,
            )
    return table


if __name__ == "__main__":
    typer.run(main)
