"""What is measured of a gallery of faces: times beside bare FAISS, searches side by side, and what is found."""

import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import faiss
import matplotlib as mpl
import numpy as np
from matplotlib import pyplot as plt
from rich.progress import track

from benchmarks.accuracy.extracted import extract_subjects
from benchmarks.throughput.face_approximations import APPROXIMATIONS, LIMIT, Search
from benchmarks.throughput.face_crowd import PROGRESS, SHARES, FaceCrowd
from biometric_service.evaluation.subjects import faces
from biometric_service.gallery.banked import BankedGallery
from biometric_service.gallery.exact import ExactGallery
from biometric_service.gallery.narrowed import NarrowedGallery
from biometric_service.vocabulary.candidates import Probe, Shortlist
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
from biometric_service.vocabulary.samples import Modality
from biometric_service.vocabulary.templates import Template

WHOLE, BARE = "whole", "bare"
EXHAUSTIVE = 50
"""Searches that are repeated by comparing with everybody."""
AT_ONCE = 10
BATCH = 32


def measured(crowd: FaceCrowd, probes: int) -> dict[str, Any]:
    """Every figure of one size but those of approximations."""
    galleries = {WHOLE: ALL_GALLERIES, **{str(gallery): gallery for gallery in SHARES}}
    ours = {name: _ours(crowd, gallery) for name, gallery in galleries.items()}
    bare = {BARE: _bare(crowd, None), "bare_half": _bare(crowd, GalleryId("half"))}
    exhaustive = whole_index(crowd.comparator, crowd.index)
    repeated = min(probes, EXHAUSTIVE)
    return {
        **crowd.facts,
        "ways": in_turns(bare | ours, probes),
        "same_as_exhaustive": {
            name: same(crowd.index, exhaustive, [crowd.probe(number, gallery) for number in range(repeated)])
            for name, gallery in galleries.items()
        },
        "side_by_side": {name: side_by_side(way, probes) for name, way in ((BARE, bare[BARE]), (WHOLE, ours[WHOLE]))},
        "bare_batch_per_s": _batches(crowd),
    }


def approximated(crowd: FaceCrowd, probes: int, name: str) -> dict[str, Any]:
    """What one of the ``APPROXIMATIONS`` costs and finds."""
    search, facts = APPROXIMATIONS[name](crowd)
    times: dict[str, Any] = in_turns({BARE: _bare(crowd, None), name: search}, probes)[name]
    return facts | times


def in_turns(ways: Mapping[str, Search], probes: int) -> dict[str, Any]:
    """Each way's times, in ms, every probe by one way after another so that whatever disturbs them disturbs all."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for number in track(range(-1, probes), "Searching", console=PROGRESS):
        for name, search in ways.items():
            started = time.perf_counter()
            search(max(number, 0))
            seconds[name].append(time.perf_counter() - started)
    timed = {name: 1000 * np.quantile(each[1:], [0.5, 0.99]) for name, each in seconds.items()}
    return {
        name: {"p50_ms": round(p50, 3), "p99_ms": round(p99, 3), "over_bare": round(p50 / timed[BARE][0], 3)}
        for name, (p50, p99) in timed.items()
    }


def side_by_side(search: Search, probes: int) -> dict[str, Any]:
    """Searches a second, one after another and ten at once, and the processor time that each took."""
    found: dict[str, Any] = {"cores": len(os.sched_getaffinity(0))}
    for threads in (1, AT_ONCE):
        started, spent = time.perf_counter(), time.process_time()
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(search, range(probes)))
        found[str(threads)] = {
            "per_s": round(probes / (time.perf_counter() - started), 1),
            "cpu_ms": round(1000 * (time.process_time() - spent) / probes, 3),
        }
    return found


def whole_index(comparator: Comparator, index: BankedGallery) -> ExactGallery:
    """What compares with everybody in an index, sharing its memory."""
    exhaustive = ExactGallery(comparator)
    held = index.laid_down()
    if held is None:
        raise TypeError(index.kind)
    exhaustive.restore(held.arrays, held.applied)
    return exhaustive


def same(index: BankedGallery, exhaustive: BankedGallery, probes: Sequence[Probe]) -> float:
    """Share of the probes that both answer with the same list."""
    alike = [_listed(index.search(probe, LIMIT)) == _listed(exhaustive.search(probe, LIMIT)) for probe in probes]
    return float(np.mean(alike))


def same_on(folder: Path, cache: Path | None) -> dict[str, Any]:
    """Real people: one photograph of each is enrolled, all others are searched for."""
    extracted = extract_subjects(Modality.FACE, faces([folder]), cache)
    references, asked = _parted(extracted.templates, extracted.subjects.tolist())
    index = NarrowedGallery(extracted.comparator)
    index.apply(ChangeNumber(1), Change(tuple(references)))
    exhaustive = whole_index(extracted.comparator, index)
    return {
        "model": str(extracted.comparator.format),
        "references": len(references),
        "probes": len(asked),
        "same_as_exhaustive": same(index, exhaustive, [Probe(template, ALL_GALLERIES) for template in asked]),
    }


def plot_costs(sizes: Mapping[str, Mapping[str, Any]], file: Path) -> None:
    """Median times by size."""
    mpl.use("Agg")
    figure, axes = plt.subplots(figsize=(7, 4.8), layout="constrained")
    for way in (*next(iter(sizes.values()))["ways"], *APPROXIMATIONS):
        times = {int(size): (each["ways"] | each).get(way, {}).get("p50_ms") for size, each in sizes.items()}
        there = {size: time for size, time in times.items() if time is not None}
        dashed = "--" if way.startswith(BARE) else ":" if way in APPROXIMATIONS else "-"
        axes.plot(list(there), list(there.values()), dashed, marker="o", label=way.replace("_", " "))
    axes.set(xscale="log", yscale="log", xlabel="people in the index", ylabel="median search on one core, ms")
    axes.set_title("Cost of a search for a face, beside FAISS's flat index called bare")
    axes.grid(color="#d8dce2", linewidth=0.6)
    axes.legend(frameon=False, loc="upper left")
    figure.savefig(file, dpi=110, metadata={"Software": None})
    plt.close(figure)


def _ours(crowd: FaceCrowd, gallery: GalleryId) -> Search:
    return lambda number: crowd.index.search(crowd.probe(number, gallery), LIMIT)


def _bare(crowd: FaceCrowd, gallery: GalleryId | None) -> Search:
    faiss.omp_set_num_threads(1)
    chosen = None
    if gallery is not None:
        bits = np.packbits(crowd.members[gallery], bitorder="little")
        chosen = faiss.SearchParameters(sel=faiss.IDSelectorBitmap(bits))  # type: ignore[arg-type, call-arg]
    mates = crowd.mates

    def search(number: int) -> object:
        faiss.omp_set_num_threads(1)  # holds for the calling thread only
        return crowd.bare.search(mates[number % len(mates)][np.newaxis], LIMIT, params=chosen)

    return search


def _batches(crowd: FaceCrowd) -> float:
    """Searches a second of the bare index where many are asked at a time."""
    asked = np.resize(crowd.mates, (BATCH, crowd.mates.shape[1]))
    faiss.omp_set_num_threads(1)
    started = time.perf_counter()
    crowd.bare.search(asked, LIMIT)
    return round(BATCH / (time.perf_counter() - started), 1)


def _parted(templates: Sequence[Template | None], people: Sequence[int]) -> tuple[list[Reference], list[Template]]:
    """The first template of each person as a reference, and all others."""
    references: dict[int, Reference] = {}
    asked: list[Template] = []
    for template, person in zip(templates, people, strict=True):
        if template is not None and person in references:
            asked.append(template)
        elif template is not None:
            subject = SubjectId(f"S{person}")
            references[person] = Reference(ReferenceId(person), subject, frozenset(), template)
    return list(references.values()), asked


def _listed(found: Shortlist) -> list[ReferenceId]:
    return [entry.reference for entry in found.entries]
