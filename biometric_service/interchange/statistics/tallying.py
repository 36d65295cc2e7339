"""Counting the events of the audit log by month, sex and age band.

The log knows no sex and no age: both are read, at this moment, from the sealed biographic data of the person's newest
encounter that says them, and leave nothing behind but which cell an event counts in. Who was erased is not stated.
Inmates alone are counted: by the gallery that an event names or, where it names none, by those of the person.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import date

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.events import AuditEvent, EventKind, RecordedEvent
from biometric_service.vocabulary.particulars import SexCode, birth_in, sex_in
from biometric_service.vocabulary.protocols import EncounterStore, ReferenceStore
from biometric_service.vocabulary.references import ALL_GALLERIES, EncounterStatus, GalleryId, SubjectId
from biometric_service.vocabulary.statistics import AGE_BANDS, AgeBand, Counts, Measure, Sex

PAGE = 1000
Tally = Mapping[Measure, Counts]


@dataclass(frozen=True, slots=True)
class Traits:
    """What is counted by; ``born``: None where it is not known. ``galleries``: of all encounters, none for nobody."""

    sex: Sex
    born: date | None
    galleries: frozenset[GalleryId] = frozenset()


UNKNOWN = Traits(Sex.NOT_STATED, None)
SEXES = {SexCode.MALE: Sex.MALE, SexCode.FEMALE: Sex.FEMALE}
Lookup = Callable[[SubjectId], Traits]


@dataclass(frozen=True, slots=True)
class TraitReader:
    """Reads sex and date of birth; ``sex`` and ``birth``: the biographic fields that hold them."""

    encounters: EncounterStore
    sex: Sequence[str]
    birth: Sequence[str]
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
        newest = [each.encounter.circumstances.biographic for each in reversed(kept)]
        sex = next((found for each in newest if (found := sex_in(each, self.sex)) is not None), None)
        born = next((day for each in newest if (day := birth_in(each, self.birth)) is not None), None)
        galleries = frozenset(gallery for each in kept for gallery in each.encounter.galleries)
        return Traits(Sex.NOT_STATED if sex is None else SEXES.get(sex, Sex.NOT_STATED), born, galleries)


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


def tally(
    events: Iterable[RecordedEvent],
    lookup: Lookup,
    inmates: AbstractSet[GalleryId],
    month: str,
    most: Mapping[Measure, int] | None,
) -> Tally:
    """The counts of a month (``2026-11``, UTC).

    ``inmates``: the galleries that hold them. ``most``: how often one person counts for a measure, None for all.
    """
    counts: dict[Measure, Counter[tuple[Sex, AgeBand]]] = {measure: Counter() for measure in Measure}
    seen: defaultdict[Measure, Counter[SubjectId]] = defaultdict(Counter)
    for event, measure in _counting(events, month):
        person = person_of(event)
        traits = lookup(person) if person is not None else UNKNOWN
        if not _is_inmate(event, traits, inmates):
            continue
        if person is not None:
            seen[measure][person] += 1
            if most is not None and seen[measure][person] > most[measure]:
                continue
        counts[measure][traits.sex, band_of(traits.born, event.at.date())] += 1
    return counts


def _counting(events: Iterable[RecordedEvent], month: str) -> Iterator[tuple[AuditEvent, Measure]]:
    """The events of the month that count as something; a release that is blocked counts once, however often checked."""
    blocked: set[str] = set()
    for recorded in events:
        event = recorded.event
        measure = measure_of(event)
        if measure is Measure.BLOCKED_RELEASES:
            release = event.details.get("release", str(recorded.number))
            measure = None if release in blocked else measure
            blocked.add(release)
        if measure is not None and event.at.date().isoformat()[:7] == month:
            yield event, measure


def _is_inmate(event: AuditEvent, traits: Traits, inmates: AbstractSet[GalleryId]) -> bool:
    """Whether it is about one; of whoever is not there any more it is believed where the event names no gallery."""
    named = {*event.details.get("galleries", "").split(), *([event.gallery] if event.gallery else [])} - {ALL_GALLERIES}
    told = named or traits.galleries
    return not told or bool(told & inmates)


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
