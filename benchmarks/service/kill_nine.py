"""Writers and searchers killed at any moment of a mixed load: ``python -m benchmarks.service.kill_nine [--kills 200]``.

On SQLite and PostgreSQL: a process enrols, adds, moves, merges, unmerges, releases, erases and searches until it is
killed with signal 9, again and again. After each kill every acknowledged write must be there, the one in flight wholly
or not at all, the audit chain whole, and an index that followed from the beginning equal to one that is built anew.
"""

import json
import multiprocessing
import random
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import track

from benchmarks.service.mixed_load import World, plan, take
from benchmarks.service.postgresql import available, running_server
from benchmarks.throughput.random_encounters import (
    FACE_FORMAT,
    GALLERY,
    TWO_THUMBS,
    audit_event,
    random_embedding,
    random_encounter,
)
from biometric_service.audit.log import ChainedLog
from biometric_service.comparison.calibration import Calibration
from biometric_service.comparison.cosine import CosineComparator
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.gallery.exact import ExactGallery
from biometric_service.gallery.follower import GalleryFollower
from biometric_service.references.master_keys import KeyFile
from biometric_service.references.opening import OpenedStore, open_store
from biometric_service.vocabulary.candidates import Probe
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.references import ALL_GALLERIES, EncounterId, EncounterKey, SubjectId

CALIBRATION = Calibration("cosine", (0.0, 1.0), (0.0, 6.0), 6.0, 1, "none: whom a search finds is looked at alone")
SAMPLES = len(TWO_THUMBS) + 1
MOST_ACKNOWLEDGED = 25
LONGEST_AFTER_S = 0.04
PAGE = 10_000

PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["biometric_service.references.opening", "benchmarks.service.mixed_load"])


@dataclass(frozen=True, slots=True)
class Figures:
    """What was seen on one database; every failure raises."""

    database: str
    kills: int
    acknowledged: int
    in_flight_kept: int
    references: int
    events: int


def run(url: str, key: Path, kills: int, seed: int = 2026) -> Figures:
    """Kill so many writers; AssertionError where anything acknowledged is lost or anything is half-written."""
    chance = random.Random(seed)
    with _opened(url, key) as watcher:
        watcher.store.create_gallery(GALLERY, audit_event(EventKind.GALLERY_CREATED))
        index = _index()
        follower = GalleryFollower(watcher.store, [index])
        acknowledged = in_flight = 0
        for run in track(range(kills), "Killing", console=Console(stderr=True), transient=True):
            heard = _killed(url, key, run, chance.randrange(MOST_ACKNOWLEDGED), chance.uniform(0, LONGEST_AFTER_S))
            acknowledged += heard
            in_flight += _check_world(watcher, run, heard)
            follower.catch_up()
            _check_index(watcher, index)
        references, events = _check_whole(watcher), watcher.store.verify_events()
    return Figures(url.split(":", maxsplit=1)[0], kills, acknowledged, in_flight, references, events)


@contextmanager
def _opened(url: str, key: Path) -> Iterator[OpenedStore]:
    with closing(open_store(url, KeyFile(key), ChainedLog)) as opened:
        yield opened


def _write_until_killed(url: str, key: Path, seed: int, acknowledged: Connection) -> None:
    with _opened(url, key) as opened:
        index = _index()
        follower = GalleryFollower(opened.store, [index])
        for number, (step, _) in enumerate(plan(seed)):
            take(opened, step)
            acknowledged.send(number)
            follower.catch_up()
            _search(index, number)


def _killed(url: str, key: Path, seed: int, after: int, and_s: float) -> int:
    """How many steps a writer acknowledged until it was killed: ``and_s`` seconds after so many."""
    receiving, sending = PROCESSES.Pipe(duplex=False)
    writer = PROCESSES.Process(target=_write_until_killed, args=(url, key, seed, sending))
    writer.start()
    sending.close()
    heard = sum(1 for _ in islice(_received(receiving), after))
    time.sleep(and_s)
    writer.kill()
    writer.join()
    if writer.exitcode != -signal.SIGKILL:
        raise AssertionError(f"the writer of run {seed} ended by itself")
    with receiving:
        return heard + sum(1 for _ in _received(receiving))


def _received(receiving: Connection) -> Iterator[int]:
    try:
        while True:
            yield receiving.recv()
    except EOFError:
        return


def _check_world(opened: OpenedStore, seed: int, acknowledged: int) -> int:
    """1 where the write in flight was kept, 0 where it was not."""
    worlds = [World(), *(world for _, world in islice(plan(seed), acknowledged + 1))][acknowledged:]
    seen = _seen(opened, seed, worlds)
    if seen not in [(world.encounters, _went(world)) for world in worlds]:
        raise AssertionError(f"run {seed}: after {acknowledged} acknowledged steps the store holds {seen}")
    return int(seen == (worlds[-1].encounters, _went(worlds[-1])) and worlds[0] != worlds[-1])


def _seen(
    opened: OpenedStore, seed: int, worlds: list[World]
) -> tuple[Mapping[str, frozenset[str]], Mapping[str, str]]:
    encounters: dict[str, set[str]] = {}
    begin = EncounterKey(SubjectId(f"{seed:05d}-"), EncounterId(""))
    for key in opened.encounters.members(ALL_GALLERIES, begin, PAGE):
        if key.subject.startswith(begin.subject):
            encounters.setdefault(key.subject, set()).add(key.encounter)
    merged = {name for world in worlds for name in world.merges}
    went = {name: _merged_into(opened, name) for name in merged}
    return {name: frozenset(own) for name, own in encounters.items()}, {k: v for k, v in went.items() if v}


def _merged_into(opened: OpenedStore, name: str) -> str:
    try:
        return opened.store.subject(SubjectId(name)).merged_into or ""
    except BiometricServiceError as fault:
        if fault.code is ErrorCode.SUBJECT_UNKNOWN:
            return ""
        raise


def _went(world: World) -> Mapping[str, str]:
    return {name: world.went(name) for name in world.merges}


def _index() -> ExactGallery:
    return ExactGallery(CosineComparator(FACE_FORMAT, CALIBRATION))


def _search(index: ExactGallery, number: int) -> None:
    found = index.search(Probe(random_encounter(number, "probe").samples[-1].templates[0], ALL_GALLERIES), 5)
    if not found.complete:
        raise AssertionError("a search in step with the store says that it is incomplete")


def _check_index(opened: OpenedStore, followed: ExactGallery) -> None:
    """An index that followed through all kills equals one that is built anew."""
    fresh = _index()
    GalleryFollower(opened.store, [fresh]).catch_up()
    probe = Probe(random_embedding(np.random.default_rng(1)), ALL_GALLERIES)
    found = [index.search(probe, PAGE).entries for index in (fresh, followed)]
    if len(fresh) != len(followed) or set(found[0]) != set(found[1]):
        raise AssertionError("the index that followed differs from one that is built anew")


def _check_whole(opened: OpenedStore) -> int:
    """Every subject has all references of its encounters, and each opens with its image; returns how many."""
    listed = {one.subject: SAMPLES * len(one.encounters) for one in opened.store.subjects(ALL_GALLERIES, None, PAGE)}
    held = [reference for subject in listed for reference in opened.store.references(subject)]
    if Counter(reference.subject for reference in held) != Counter(listed):
        raise AssertionError("a subject lacks references, or has another's")
    if not all(opened.store.image(reference.id) for reference in held):
        raise AssertionError("an image is empty")
    return len(held)


def main(
    kills: Annotated[int, typer.Option(help="How many, on each database.")] = 200,
    *,
    json_: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Kill writers on SQLite and, where it is installed, PostgreSQL."""
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        figures.append(run(f"sqlite:///{folder}/store.db", Path(folder) / "master.key", kills))
        if available():
            with running_server() as server:
                figures.append(run(server.new_database(), Path(folder) / "other.key", kills))
    told = [{name: getattr(each, name) for name in each.__slots__} for each in figures]
    print(json.dumps(told, indent=2) if json_ else "\n".join(map(str, figures)))


if __name__ == "__main__":
    typer.run(main)
