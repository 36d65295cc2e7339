"""Publishing the statistics of a month: counted out of the log, protected, kept, and never made anew.

A month is published once it is over. What was published stands: asked again, it is what it was, so that nothing more
is learned by asking often. Counted again over the same events it comes out the same, as long as nobody who is counted
was corrected or erased since; ``recounted`` says whether it does.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.interchange.statistics.noise import noised
from biometric_service.interchange.statistics.suppressing import suppressed, with_totals
from biometric_service.interchange.statistics.tallying import Tally, TraitReader, events_until, tally
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.particulars import BIRTH_FIELDS, SEX_FIELDS
from biometric_service.vocabulary.protocols import EncounterStore, ReferenceStore
from biometric_service.vocabulary.references import GalleryId
from biometric_service.vocabulary.statistics import MOST_A_PERSON, Cell, Measure, MonthTable
from biometric_service.vocabulary.statistics_store import StatisticsStore

_EVERYTHING = 2**62


@dataclass(frozen=True, slots=True)
class Observatory:
    """What statistics are made of.

    ``inmates``: galleries that hold them. ``sex`` and ``birth``: biographic fields, the first that says it counts.
    ``smallest``: count that is published. ``epsilon``: what a month may cost, None for no noise; ``epsilon_a_year``:
    what a calendar year may.
    """

    store: ReferenceStore
    encounters: EncounterStore
    tables: StatisticsStore
    agency: str
    inmates: frozenset[GalleryId]
    sex: tuple[str, ...] = SEX_FIELDS
    birth: tuple[str, ...] = BIRTH_FIELDS
    smallest: int = 5
    epsilon: float | None = None
    epsilon_a_year: float = 12.0


def publish(observatory: Observatory, month: str, caller: Caller, now: datetime | None = None) -> MonthTable:
    """The figures of a month (``2026-11``), as they were published or are published now.

    REQUEST_INVALID, STATISTICS_REFUSED where the month is not over, the year's privacy is spent or no gallery holds
    inmates.
    """
    require_over(month, now or datetime.now(UTC))
    kept = observatory.tables.find(month)
    if kept is not None:
        return kept
    _require_budget(observatory, month)
    if observatory.inmates.isdisjoint(observatory.store.galleries()):
        raise BiometricServiceError.of(ErrorCode.STATISTICS_REFUSED, "no_inmates")
    table = counted(observatory, month, _EVERYTHING, observatory.smallest, observatory.epsilon)
    facts = {"month": month, "digest": table.digest, "events": str(table.event), "epsilon": str(table.epsilon or "")}
    event = AuditEvent(EventKind.STATISTICS_PUBLISHED, datetime.now(UTC), caller, None, None, facts)
    return observatory.tables.add(table, event)


def shown(observatory: Observatory, month: str, caller: Caller) -> MonthTable:
    """What was published of a month; STATISTICS_UNKNOWN."""
    kept = observatory.tables.find(month)
    if kept is None:
        raise BiometricServiceError(
            ErrorCode.STATISTICS_UNKNOWN, "No statistics of this month were published.", "Publish them once it is over."
        )
    event = AuditEvent(EventKind.STATISTICS_READ, datetime.now(UTC), caller, None, None, {"month": month})
    observatory.store.record(event)
    return kept


def recounted(observatory: Observatory, table: MonthTable) -> bool:
    """Whether the same events, counted again, give the same table."""
    again = counted(observatory, table.month, table.event, table.smallest, table.epsilon)
    return again.digest == table.digest


def counted(observatory: Observatory, month: str, last: int, smallest: int, epsilon: float | None) -> MonthTable:
    """The table of a month out of the events up to a number."""
    traits = TraitReader(observatory.encounters, observatory.sex, observatory.birth)
    events = list(events_until(observatory.store, last))
    most = None if epsilon is None else MOST_A_PERSON
    counts: Tally = tally(events, traits, observatory.inmates, month, most)
    if epsilon is not None:
        counts = noised(counts, month, epsilon, observatory.tables.noise_key)
    cells = tuple(cell for measure in Measure for cell in _cells(measure, counts, smallest))
    number, digest = (events[-1].number, events[-1].digest) if events else (0, "")
    table = MonthTable(month, number, digest, smallest, epsilon, cells, "")
    return MonthTable(month, number, digest, smallest, epsilon, cells, digest_of(table))


def digest_of(table: MonthTable) -> str:
    """SHA-256 (hex) over everything of a table but its digest, as JSON in ASCII with sorted keys and no blanks."""
    said = {name: value for name, value in asdict(table).items() if name != "digest"}
    return hashlib.sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def require_over(month: str, now: datetime) -> None:
    """STATISTICS_REFUSED unless the month is over; REQUEST_INVALID where it is none."""
    try:
        begins = datetime.strptime(month, "%Y-%m").replace(tzinfo=UTC)
    except ValueError:
        begins = None
    if begins is None or begins.strftime("%Y-%m") != month:
        raise BiometricServiceError(ErrorCode.REQUEST_INVALID, f"{month!r} is no month.", "Write it as 2026-11.")
    if (now.astimezone(UTC).year, now.astimezone(UTC).month) <= (begins.year, begins.month):
        raise BiometricServiceError.of(ErrorCode.STATISTICS_REFUSED, "not_over")


def _require_budget(observatory: Observatory, month: str) -> None:
    if observatory.epsilon is None:
        return
    same_year = (each for each in observatory.tables.tables() if each.month[:4] == month[:4])
    spent = sum(each.epsilon or 0.0 for each in same_year)
    if spent + observatory.epsilon > observatory.epsilon_a_year + 1e-9:
        raise BiometricServiceError(
            ErrorCode.STATISTICS_REFUSED,
            f"{spent:g} of {observatory.epsilon_a_year:g} of the year's privacy are spent; this month costs"
            f" {observatory.epsilon:g}.",
            "Publish fewer months of this year, or have the data controller set another limit.",
        )


def _cells(measure: Measure, counts: Tally, smallest: int) -> list[Cell]:
    figures = with_totals(counts[measure])
    hidden = suppressed(figures, smallest)
    return [Cell(measure, sex, age, None if (sex, age) in hidden else figures[sex, age]) for sex, age in figures]
