"""How fast the store keeps and gives back: ``python -m benchmarks.throughput.store [--json]``.

Encounters of ten fingers and a face, of random minutiae (see ``random_encounters``), in a fresh SQLite file. Rates go
by the clock, so that waiting for the disk counts; beside each stands the CPU time of one. Last, for ``--mixed``
seconds, eight threads enrol smaller encounters while eight read subjects: nothing may fail or be lost.
"""

import argparse
import itertools
import json
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.throughput.random_encounters import (
    GALLERY,
    IMAGE_BYTES,
    TEN_FINGERS,
    audit_event,
    random_encounter,
)
from biometric_service.audit.log import ChainedLog
from biometric_service.references.master_keys import KeyFile
from biometric_service.references.opening import OpenedStore, open_store
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.references import ChangeNumber, SubjectId

READ_ONE = 200
THREADS = 8


@dataclass(frozen=True, slots=True)
class Rate:
    """How many a second by the clock, and the CPU time of one in microseconds."""

    per_s: float
    cpu_us: float


class Stopwatch:
    """Counts what was done between two moments."""

    def __init__(self) -> None:
        self._clock, self._cpu = time.perf_counter(), time.process_time()

    def rate(self, count: int) -> Rate:
        """The rate of ``count`` things since the start."""
        clock, cpu = time.perf_counter() - self._clock, time.process_time() - self._cpu
        return Rate(round(count / clock, 1), round(cpu / count * 1e6, 1))


def measure(folder: Path, subjects: int, mixed_s: float) -> dict[str, object]:
    """Fill a store in the folder, read it all as a gallery does at its start, and one by one as a comparison does."""
    with _opened(folder) as opened:
        enrolments = _enrol(opened, subjects)
        started = _read_all(opened)
        verified = _verify(opened)
        singles = _read_singly(opened, min(READ_ONE, subjects))
        size = sum(path.stat().st_size for path in folder.iterdir())
        mixed = _mixed(opened, subjects, mixed_s)
    return {
        "subjects": subjects,
        "templates_per_subject": len(TEN_FINGERS) + 1,
        "image_bytes": IMAGE_BYTES,
        "enrolments": asdict(enrolments),
        "start_up_templates": asdict(started),
        "opened_subjects": asdict(singles),
        "verified_events": asdict(verified),
        "bytes_per_subject": round(size / subjects),
        "mixed": mixed,
    }


@contextmanager
def _opened(folder: Path) -> Iterator[OpenedStore]:
    opened = open_store(f"sqlite:///{folder}/store.db", KeyFile(folder / "master.key"), ChainedLog)
    try:
        opened.store.create_gallery(GALLERY, audit_event(EventKind.GALLERY_CREATED))
        yield opened
    finally:
        opened.close()


def _enrol(opened: OpenedStore, subjects: int) -> Rate:
    encounters = [random_encounter(seed, f"S{seed}", fingers=TEN_FINGERS) for seed in range(subjects)]
    watch = Stopwatch()
    for encounter in encounters:
        opened.store.enrol(encounter, audit_event(subject=encounter.subject))
    return watch.rate(subjects)


def _read_all(opened: OpenedStore) -> Rate:
    watch = Stopwatch()
    return watch.rate(sum(len(change.added) for _, change in opened.store.changes(ChangeNumber(0))))


def _read_singly(opened: OpenedStore, subjects: int) -> Rate:
    watch = Stopwatch()
    for seed in range(subjects):
        opened.store.references(SubjectId(f"S{seed}"))
    return watch.rate(subjects)


def _verify(opened: OpenedStore) -> Rate:
    watch = Stopwatch()
    return watch.rate(opened.store.verify_events())


def _mixed(opened: OpenedStore, subjects: int, seconds: float) -> dict[str, int]:
    """Counts of what threads did side by side; raises where one failed or an enrolment was lost."""
    before, end = opened.store.last_change(), time.monotonic() + seconds

    def write(worker: int) -> int:
        for turn in itertools.count():
            if time.monotonic() > end:
                return turn
            subject = f"W{worker}-{turn}"
            opened.store.enrol(random_encounter(turn, subject), audit_event(subject=subject))
        raise AssertionError

    def read(worker: int) -> int:
        for turn in itertools.count():
            if time.monotonic() > end:
                return turn
            opened.store.references(SubjectId(f"S{(worker + THREADS * turn) % subjects}"))
        raise AssertionError

    with ThreadPoolExecutor(2 * THREADS) as pool:
        reads, writes = pool.map(read, range(THREADS)), pool.map(write, range(THREADS))
        counts = {"seconds": round(seconds), "enrolled": sum(writes), "read": sum(reads)}
    if opened.store.last_change() - before != counts["enrolled"]:
        raise SystemExit("an enrolment was lost")
    return counts


def main() -> None:
    """Print one JSON object, or a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subjects", type=int, default=500)
    parser.add_argument("--mixed", type=float, default=5.0, metavar="S")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(Path(folder), arguments.subjects, arguments.mixed)
    if arguments.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:22} {value}")


if __name__ == "__main__":
    main()
