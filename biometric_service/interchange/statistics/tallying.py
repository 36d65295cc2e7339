"""Counting the events of the audit log by month, sex and age band.

The log knows no sex and no age: both are read, at this moment, from the sealed biographic data of the person's newest
encounter that says them, and leave nothing behind but which cell an event counts in. Who was erased is not stated.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.events import AuditEvent, EventKind, RecordedEvent
from biometric_service.vocabulary.protocols import EncounterStore, ReferenceStore
from biometric_service.vocabulary.references import EncounterStatus, SubjectId
from biometric_service.vocabulary.statistics import AGE_BANDS, AgeBand, Counts, Measure, Sex

PAGE = 1000
Tally = Mapping[Measure, Counts]


@dataclass(frozen=True, slots=True)
class Traits:
    """What is counted by; ``born``: None where it is not known."""

    sex: Sex
    born: date | None


UNKNOWN = Traits(Sex.NOT_STATED, None)
Lookup = Callable[[SubjectId], Traits]


@dataclass(frozen=True, slots=True)
class TraitReader:
    """Reads sex and date of birth; ``sex`` and ``birth``: the biographic fields that hold them."""

    encounters: EncounterStore
    sex: str
    birth: str
    _known: dict[SubjectId, Traits] = field(default_factory=dict)

    def __call__(self, subject: SubjectId) -> Traits:
        """Of a subject, or of where it was merged into; UNKNOWN for one who is not there any more."""
        if subject not in self._known:
            self._known[subject] = self._read(subject)
        return self._known[subject]

    def _read(self, subject: SubjectId) -> Traits:
        try:
            kept = self.encounters.encounters(subject)
        except BiometricServiceError as fault:
            if fault.code is ErrorCode.SUBJECT_UNKNOWN:
                return UNKNOWN
            raise
        said = [each.encounter.circumstances.biographic for each in kept]
        sexes = [each[self.sex] for each in said if self.sex in each]
        births = [each[self.birth] for each in said if self.birth in each]
        return Traits(sex_of(sexes[-1] if sexes else None), birth_of(births[-1] if births else None))


def sex_of(said: object) -> Sex:
    """From M, F, male or female in any case."""
    first = said.strip().upper() if isinstance(said, str) else ""
    return {"M": Sex.MALE, "MALE": Sex.MALE, "F": Sex.FEMALE, "FEMALE": Sex.FEMALE}.get(first, Sex.NOT_STATED)


def birth_of(said: object) -> date | None:
    """From a date as in ISO 8601."""
    try:
        return date.fromisoformat(said[:10]) if isinstance(said, str) else None
    except ValueError:
        return None


def band_of(born: date | None, on: date) -> AgeBand:
    """The age band on a day; not stated also for a date that cannot be."""
    if born is None or born > on:
        return AgeBand.NOT_STATED
    years = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    return next((band for limit, band in AGE_BANDS if years < limit), AgeBand.NOT_STATED)


def measure_of(event: AuditEvent) -> Measure | None:
    """What an event counts as, None for nothing."""
    rule = _RULES.get(event.kind)
    return rule(event) if rule else None


def person_of(event: AuditEvent) -> SubjectId | None:
    """Whom an event counts for: of an enrolment that was refused, whoever the person is enrolled as already."""
    likely = event.details.get("duplicates_candidates", "").split(" ")[0]
    if event.kind is EventKind.ENROLMENT_REFUSED and likely:
        return SubjectId(likely)
    return event.subject or SubjectId(event.details.get("claimed", "")) or None


def tally(events: Iterable[RecordedEvent], lookup: Lookup, month: str, most: Mapping[Measure, int] | None) -> Tally:
    """The counts of a month (``2026-11``, UTC); ``most``: how often one person counts for a measure, None for all."""
    counts: dict[Measure, Counter[tuple[Sex, AgeBand]]] = {measure: Counter() for measure in Measure}
    seen: defaultdict[Measure, Counter[SubjectId]] = defaultdict(Counter)
    for recorded in events:
        event = recorded.event
        measure = measure_of(event)
        if measure is None or event.at.date().isoformat()[:7] != month:
            continue
        person = person_of(event)
        if person is not None:
            seen[measure][person] += 1
            if most is not None and seen[measure][person] > most[measure]:
                continue
        traits = lookup(person) if person is not None else UNKNOWN
        counts[measure][traits.sex, band_of(traits.born, event.at.date())] += 1
    return counts


def events_until(store: ReferenceStore, last: int) -> Iterable[RecordedEvent]:
    """The audit log from its first event to the given number."""
    after = 0
    while after < last and (page := store.events(after, min(PAGE, last - after))):
        yield from page
        after = page[-1].number


def _always(measure: Measure) -> Callable[[AuditEvent], Measure | None]:
    return lambda _: measure


def _where(fact: str, measures: Mapping[str, Measure]) -> Callable[[AuditEvent], Measure | None]:
    return lambda event: measures.get(event.details.get(fact, ""))


_PASSAGE = _where("passage", {"pass": Measure.MOVEMENTS, "stop": Measure.STOPPED_PASSAGES})
_RULES: Mapping[EventKind, Callable[[AuditEvent], Measure | None]] = {
    EventKind.SUBJECT_ENROLLED: _always(Measure.ADMISSIONS),
    EventKind.STATUS_CHANGED: _where("status", {EncounterStatus.RELEASED.value: Measure.RELEASES}),
    EventKind.MOVEMENT_CHECK: _PASSAGE,
    EventKind.PASSAGE_RECORDED: _PASSAGE,
    EventKind.MANUAL_CHECK_CONFIRMED: _PASSAGE,
    EventKind.RELEASE_COMPLETED: _where("kind", {"release": Measure.RELEASES}),
    EventKind.RELEASE_BLOCKED: _always(Measure.BLOCKED_RELEASES),
    EventKind.ENROLMENT_REFUSED: _where("enrolment", {"duplicate_suspected": Measure.REFUSED_ENROLMENTS}),
}
