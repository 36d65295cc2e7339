"""How long a service takes to be ready: ``python -m benchmarks.service.start_up --folder FOLDER [--people 100000]``.

A store of synthetic people (ten fingers and a face each; see ``population``) is filled once in the folder and used
again. Then two processes start on it: one whose indexes are built from the store, and one that takes them up as they
were laid down. For each: the time until every index is in step with the store and has answered a complete search, what
reading the store alone takes of that, and the most memory that the process held.
"""

import json
import multiprocessing
import os
import resource
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console

from benchmarks.service.population import fill
from benchmarks.throughput.random_encounters import (
    FACE_FORMAT,
    FINGERPRINT_FORMAT,
    random_embedding,
    random_minutiae,
)
from biometric_service.app.index_snapshots import index_snapshots
from biometric_service.app.service import assemble_walk, settings_store
from biometric_service.app.stages import Stages
from biometric_service.comparison.calibration import Calibration
from biometric_service.comparison.cosine import CosineComparator
from biometric_service.comparison.fingerprint.cylinder import CylinderComparator
from biometric_service.settings import Settings
from biometric_service.vocabulary.candidates import Probe
from biometric_service.vocabulary.references import ALL_GALLERIES, ChangeNumber
from biometric_service.vocabulary.samples import BiometricSample, FingerPosition, Modality
from biometric_service.vocabulary.templates import Template

PROCESSES = multiprocessing.get_context("spawn")

err = Console(stderr=True)


@dataclass(frozen=True, slots=True)
class Start:
    """One start: seconds until ready, and what the process held at most; ``references``: in all indexes."""

    indexes: str
    ready_s: float
    cpu_s: float
    peak_mb: int
    references: int


@dataclass(frozen=True, slots=True)
class Figures:
    """``read``: reading the whole change feed, opened and decoded, by itself."""

    people: int
    cores: int
    read_s: float
    read_cpu_s: float
    starts: tuple[Start, ...]


def run(folder: Path, people: int) -> Figures:
    """Fill the store where it is not yet, and start on it twice."""
    settings = Settings(data_dir=folder, index_snapshot_changes=1)
    with settings_store(settings) as opened:
        err.print(f"filling {folder} with {people} people")
        fill(opened, people)
    with closing(PROCESSES.Pool(1, maxtasksperchild=1)) as pool:
        read_s, read_cpu_s = pool.apply(_read, (settings,))
        for modality in Modality:
            (folder / "indexes" / f"{modality.value}.index").unlink(missing_ok=True)
        built = pool.apply(_start, (settings, "built from the store"))
        taken_up = pool.apply(_start, (settings, "taken up"))
    return Figures(people, len(os.sched_getaffinity(0)), read_s, read_cpu_s, (built, taken_up))


def _read(settings: Settings) -> tuple[float, float]:
    with settings_store(settings) as opened:
        clock, cpu = time.perf_counter(), time.process_time()
        for _ in opened.store.changes(ChangeNumber(0)):
            pass
        return round(time.perf_counter() - clock, 1), round(time.process_time() - cpu, 1)


def _start(settings: Settings, indexes: str) -> Start:
    clock, cpu = time.perf_counter(), time.process_time()
    with settings_store(settings) as opened:
        snapshots = index_snapshots(settings, opened)
        walk = assemble_walk(settings, _stages(), opened, snapshots)
        walk.follower.catch_up()
        for modality, probe in _probes().items():
            if not walk.indexes[modality].search(Probe(probe, ALL_GALLERIES), 10).complete:
                raise AssertionError(f"the {modality.value} index is not in step with the store")
        ready, used = time.perf_counter() - clock, time.process_time() - cpu
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        references = sum(len(index) for index in walk.indexes.values())
        snapshots.keep_due()
    return Start(indexes, round(ready, 1), round(used, 1), peak, references)


def _stages() -> Stages:
    """Comparators alone: nothing is extracted."""
    curve = Calibration("none", (0.0, 1.0), (0.0, 6.0), 6.0, 1, "none: only the time is looked at")
    fingers, faces = CylinderComparator(FINGERPRINT_FORMAT, curve), CosineComparator(FACE_FORMAT, curve)
    return Stages(_decodes_nothing, {}, {}, {}, {Modality.FINGERPRINT: fingers, Modality.FACE: faces})


def _decodes_nothing(_: object) -> BiometricSample:
    raise AssertionError("no image is read in this benchmark")


def _probes() -> Mapping[Modality, Template]:
    random = np.random.default_rng(1)
    return {
        Modality.FINGERPRINT: random_minutiae(random, FingerPosition.RIGHT_INDEX),
        Modality.FACE: random_embedding(random),
    }


def main(
    folder: Annotated[Path, typer.Option(help="Where the store is, or is to be, kept.")],
    people: Annotated[int, typer.Option(help="How many people; each has ten fingers and a face.")] = 100_000,
    *,
    json_: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Print how long each start took."""
    figures = run(folder, people)
    if json_:
        print(json.dumps(asdict(figures), indent=2))
        return
    read = f"{figures.read_s} s ({figures.read_cpu_s} CPU)"
    print(f"{figures.people} people, {figures.cores} cores; reading the feed alone: {read}")
    for start in figures.starts:
        print(f"{start.indexes}: ready in {start.ready_s} s ({start.cpu_s} CPU), {start.peak_mb} MB at most")


if __name__ == "__main__":
    typer.run(main)
