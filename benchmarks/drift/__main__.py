"""How soon a scanner that gets worse is found, and how often a healthy one is suspected.

    python -m benchmarks.drift --fingerprints DIR... [--checks 1000000] [--runs 100] [--json]

Real prints (FINGER_IMPRESSION.png) go through the service's walk as they are and made worse in several ways (blurred,
faint, stained); each is searched for among the first prints of all fingers. What the audit log would say of these
searches is drawn from at random, as the checks of many scanners, and folded as the service folds its log.

``false_alarms``: among ``--checks`` checks of twenty healthy scanners, beside the most that is stated for them.
``found``: for each way, after how many checks of a scanner that got worse after 500, among two that did not, an alarm
came: the median, the slowest of twenty, and in how many of ``--runs`` runs none came within 500. Prints are drawn with
replacement, so that what is found here is about the statistic, not about other fingers.
"""

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from benchmarks.accuracy.extracted import PROGRESS, walk_for
from benchmarks.drift.scanners import WAYS, Delivered, delivered
from biometric_service.evaluation.subjects import fingerprints
from biometric_service.monitoring.evidence import CHECKS_A_FALSE_ALARM
from biometric_service.monitoring.folding import fold
from biometric_service.vocabulary.drift import Stream, StreamKey
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind, RecordedEvent
from biometric_service.vocabulary.samples import Modality

HISTORY, LONGEST, PAGE = 500, 500, 500
SCANNERS, AMONG = 20, 3
START = datetime(2026, 1, 1, tzinfo=UTC)


def main(
    folders: Annotated[list[Path], typer.Option("--fingerprints", help="Folders of FINGER_IMPRESSION.png.")],
    checks: Annotated[int, typer.Option(min=1000, help="Checks of healthy scanners.")] = 1_000_000,
    runs: Annotated[int, typer.Option(min=1, help="Runs for each way of getting worse.")] = 100,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print false alarms of healthy scanners, and how soon others are found."""
    with tempfile.TemporaryDirectory() as scratch:
        walk, subjects = walk_for(Modality.FINGERPRINT, Path(scratch)), fingerprints(folders)
        healthy = delivered(walk, subjects, None, "As they are")
        worse = {name: delivered(walk, subjects, way, name.capitalize()) for name, way in WAYS.items()}
    result = {
        "prints": len(healthy),
        "false_alarms": false_alarms(healthy, checks),
        "found": {name: found(healthy, each, runs, name) for name, each in worse.items()},
    }
    if as_json:
        print(json.dumps(result))
    else:
        Console().print(_table(result))


def false_alarms(healthy: Sequence[Delivered], checks: int) -> dict[str, Any]:
    """Alarms of scanners that do not change, and the most that is stated."""
    chance = np.random.default_rng(1)
    drawn = (healthy[int(at)] for at in chance.integers(len(healthy), size=checks))
    events = (_event(number, f"scanner-{number % SCANNERS}", each) for number, each in enumerate(drawn, 1))
    known, alarms = _folded(track(_pages(events), "Healthy", -(-checks // PAGE), console=PROGRESS))
    return {
        "checks": checks,
        "scanners": len({key.device for key in known}),
        "alarms": len(alarms),
        "stated_at_most": checks / CHECKS_A_FALSE_ALARM,
    }


def found(healthy: Sequence[Delivered], worse: Sequence[Delivered], runs: int, name: str) -> dict[str, Any]:
    """How many checks of the scanner that got worse it took, and how often another one was suspected."""
    delays, suspected = [], 0
    for run in track(range(runs), name.capitalize(), console=PROGRESS):
        alarms = _one_run(healthy, worse, run)
        suspected += sum(device != "scanner-0" for device, _ in alarms)
        own = [check - HISTORY for device, check in alarms if device == "scanner-0"]
        delays.append(min(own, default=LONGEST + 1))
    return {
        "median": float(np.median(delays)),
        "slowest_of_twenty": float(np.quantile(delays, 0.95)),
        "not_found": sum(delay > LONGEST for delay in delays),
        "others_suspected": suspected,
        "runs": runs,
    }


def _one_run(healthy: Sequence[Delivered], worse: Sequence[Delivered], run: int) -> list[tuple[str, int]]:
    """Each alarm: the scanner, and after which of its own checks."""
    chance = np.random.default_rng([2, run])

    def events() -> Iterator[RecordedEvent]:
        for number in range((HISTORY + LONGEST) * AMONG):
            scanner, own = number % AMONG, number // AMONG
            pool = worse if scanner == 0 and own >= HISTORY else healthy
            yield _event(number + 1, f"scanner-{scanner}", pool[int(chance.integers(len(pool)))], run)

    _, told = _folded(_pages(events()))
    return [(event.details["device"], 1 + (int(event.details["event"]) - 1) // AMONG) for event in told]


def _event(number: int, scanner: str, made: Delivered, run: int = 0) -> RecordedEvent:
    at = START + timedelta(seconds=30 * number)
    event = AuditEvent(EventKind.IDENTIFICATION, at, Caller("benchmark", "drift", scanner), details=made.details)
    return RecordedEvent(number, event, "", f"{run}:{number}")


def _pages(events: Iterator[RecordedEvent]) -> Iterator[list[RecordedEvent]]:
    page: list[RecordedEvent] = []
    for event in events:
        page.append(event)
        if len(page) == PAGE:
            yield page
            page = []
    yield page


def _folded(pages: Any) -> tuple[Mapping[StreamKey, Stream], list[AuditEvent]]:  # noqa: ANN401 - an iterable of pages
    known: dict[StreamKey, Stream] = {}
    told: list[AuditEvent] = []
    for page in pages:
        folded = fold(page, known)
        known |= {stream.key: stream for stream in folded.streams}
        told += folded.events
    return known, told


def _table(result: Mapping[str, Any]) -> Table:
    false = result["false_alarms"]
    table = Table(
        "scanner", "checks until found, median", "slowest of twenty", "not found within 500", "others suspected"
    )
    for name, each in result["found"].items():
        ended = (f"{each['not_found']} of {each['runs']}", str(each["others_suspected"]))
        table.add_row(name, f"{each['median']:.0f}", f"{each['slowest_of_twenty']:.0f}", *ended)
    table.caption = (
        f"{false['alarms']} false alarms in {false['checks']:,} checks of {false['scanners']} healthy scanners; stated:"
        f" {false['stated_at_most']:g} at most in the mean. {result['prints']:,} real prints."
    )
    return table


if __name__ == "__main__":
    typer.run(main)
