"""Eight writers and eight readers at once: ``python -m benchmarks.service.concurrency [--seconds 60]``.

In two processes on each of SQLite and PostgreSQL. Writers add one to a number that is kept with an encounter, as
officers would correct a record: read it, write it only if nobody was faster (If-Match), read again where somebody was;
every fourth turn they enrol somebody. Readers read encounters and follow the change feed. In the end each number must
be the sum of all acknowledged additions, and nobody may have met any other fault.
"""

import json
import multiprocessing
import random
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.service.postgresql import available, running_server
from benchmarks.throughput.random_encounters import GALLERY, audit_event, random_encounter
from biometric_service.audit.log import ChainedLog
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.master_keys import KeyFile
from biometric_service.references.opening import OpenedStore, open_store
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.references import (
    ChangeNumber,
    Circumstances,
    Encounter,
    EncounterId,
    EncounterKey,
    Guard,
    KeptEncounter,
    SubjectId,
)

WRITERS = READERS = 8
PROCESSES = 2
HOT = tuple(EncounterKey(SubjectId(f"hot-{number}"), EncounterId("first")) for number in range(4))
ENROL_EVERY = 4
COUNT = "count"


@dataclass(frozen=True, slots=True)
class Done:
    """What one thread got done: additions to each hot record, and how often somebody else was faster."""

    added: tuple[int, ...] = (0,) * len(HOT)
    enrolled: int = 0
    overtaken: int = 0
    read: int = 0


@dataclass(frozen=True, slots=True)
class Figures:
    """Rates are a second."""

    database: str
    seconds: float
    additions_per_s: float
    enrolments_per_s: float
    reads_per_s: float
    overtaken: int
    lost: int


def run(url: str, key: Path, seconds: float) -> Figures:
    """Raises whatever a writer or reader met; AssertionError where an update was lost."""
    with closing(open_store(url, KeyFile(key), ChainedLog)) as opened:
        opened.store.create_gallery(GALLERY, audit_event(EventKind.GALLERY_CREATED))
        for number, hot in enumerate(HOT):
            opened.store.enrol(_counting(random_encounter(number, hot.subject), 0), audit_event())
        forks = multiprocessing.get_context("forkserver")
        with ProcessPoolExecutor(PROCESSES, forks) as pool:
            shares = list(pool.map(partial(_share, url, key, seconds), range(PROCESSES)))
        done = [each for share in shares for each in share]
        figures = _figures(url, seconds, done, opened)
        opened.store.verify_events()
    if figures.lost:
        raise AssertionError(f"{figures.lost} updates were lost")
    return figures


def _figures(url: str, seconds: float, done: list[Done], opened: OpenedStore) -> Figures:
    said = [sum(each.added[hot] for each in done) for hot in range(len(HOT))]
    kept = [_count(opened.encounters.encounter(hot)) for hot in HOT]
    enrolled = sum(each.enrolled for each in done)
    there = opened.store.last_change() - len(HOT) - sum(said)
    return Figures(
        url.split(":", maxsplit=1)[0],
        seconds,
        round(sum(said) / seconds, 1),
        round(enrolled / seconds, 1),
        round(sum(each.read for each in done) / seconds, 1),
        sum(each.overtaken for each in done),
        sum(abs(one - other) for one, other in zip(said, kept, strict=True)) + abs(there - enrolled),
    )


def _share(url: str, key: Path, seconds: float, process: int) -> list[Done]:
    """One process's half of the writers and readers, in threads; the clock starts once the store is open."""
    with closing(open_store(url, KeyFile(key), ChainedLog)) as opened, ThreadPoolExecutor(WRITERS + READERS) as pool:
        until = time.monotonic() + seconds
        each = range(WRITERS // PROCESSES)
        writers = [pool.submit(_write, opened, until, f"{process}-{number}") for number in each]
        readers = [pool.submit(_read, opened, until, number) for number in each]
        return [thread.result() for thread in (*writers, *readers)]


def _write(opened: OpenedStore, until: float, name: str) -> Done:
    """Until then, and once at least."""
    chance, added = random.Random(name), [0] * len(HOT)
    enrolled = overtaken = turn = 0
    while time.monotonic() < until or not any(added):
        turn += 1
        if turn % ENROL_EVERY == 0:
            opened.store.enrol(random_encounter(turn, f"{name}-{turn}"), audit_event())
            enrolled += 1
            continue
        hot = chance.randrange(len(HOT))
        if _add_one(opened, HOT[hot]):
            added[hot] += 1
        else:
            overtaken += 1
    return Done(tuple(added), enrolled, overtaken)


def _add_one(opened: OpenedStore, hot: EncounterKey) -> bool:
    """False where somebody else was faster."""
    kept = opened.encounters.encounter(hot)
    more = _counting(kept.encounter, _count(kept) + 1)
    try:
        opened.encounters.replace(more, audit_event(EventKind.ENCOUNTER_REPLACED), Guard(kept.version))
    except BiometricServiceError as fault:
        if fault.code is not ErrorCode.VERSION_MISMATCH:
            raise
        return False
    return True


def _read(opened: OpenedStore, until: float, number: int) -> Done:
    """Until then, and once at least."""
    read, at = 0, ChangeNumber(0)
    while time.monotonic() < until or not read:
        opened.encounters.encounter(HOT[number % len(HOT)])
        opened.store.references(HOT[read % len(HOT)].subject)
        for told, _ in opened.store.changes(at):
            if told != at + 1:
                raise AssertionError(f"change {told} was told after {at}")
            at = told
        read += 1
    return Done(read=read)


def _counting(encounter: Encounter, count: int) -> Encounter:
    return replace(encounter, circumstances=Circumstances(biographic={COUNT: count}))


def _count(kept: KeptEncounter) -> int:
    count = kept.encounter.circumstances.biographic[COUNT]
    assert isinstance(count, int)
    return count


def main(
    seconds: Annotated[float, typer.Option(help="How long, on each database.")] = 60,
    *,
    json_: Annotated[bool, typer.Option("--json")] = False,
) -> None:
    """Write and read at once on SQLite and, where it is installed, PostgreSQL."""
    figures = []
    with tempfile.TemporaryDirectory() as folder:
        figures.append(run(f"sqlite:///{folder}/store.db", Path(folder) / "master.key", seconds))
        if available():
            with running_server() as server:
                figures.append(run(server.new_database(), Path(folder) / "other.key", seconds))
    print(json.dumps([asdict(each) for each in figures], indent=2) if json_ else "\n".join(map(str, figures)))


if __name__ == "__main__":
    typer.run(main)
