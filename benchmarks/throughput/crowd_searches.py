"""Searches of a crowd for the real people in it: one finger of unknown position, or several known ones together."""

import time
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from benchmarks.throughput.crowd import FINGERS, FIRST_SYNTHETIC, GALLERY, PROGRESS, Crowd, RealPrint
from biometric_service.decision.fusion import join
from biometric_service.decision.policy import Question, thresholds
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.gallery.banked import BankedGallery
from biometric_service.recognition.comparing import compare_subjects
from biometric_service.recognition.enrolment import search_duplicates
from biometric_service.recognition.requests import GivenTemplate
from biometric_service.recognition.walk import Observation, Walk, capture, operating_point
from biometric_service.vocabulary.candidates import Probe
from biometric_service.vocabulary.events import Caller
from biometric_service.vocabulary.references import (
    ALL_GALLERIES,
    Change,
    ChangeNumber,
    GalleryId,
    Reference,
    ReferenceId,
    SubjectId,
)
from biometric_service.vocabulary.samples import FingerPosition, Modality
from biometric_service.vocabulary.templates import TemplateFormat

if TYPE_CHECKING:
    from biometric_service.vocabulary.protocols import ReferenceStore

Spent = tuple[float, float]
"""Seconds by the clock, and of processor time of all threads."""

CALLER = Caller("benchmark", "throughput")
REPLICATES = 400
NEW = FIRST_SYNTHETIC // 2
"""Ids of references that are added and removed again."""


@dataclass(frozen=True, slots=True)
class Found:
    """Mates that a search should find.

    ``of``: which finger or person each is of. ``reached``: its score is at the threshold. ``listed``: the search lists
    it.
    """

    of: NDArray[np.int64]
    reached: NDArray[np.bool_]
    listed: NDArray[np.bool_]

    def summary(self) -> dict[str, Any]:
        """Mates at the threshold, the share of them that is listed, and its interval, drawn by finger or person."""
        of, listed = self.of[self.reached], self.listed[self.reached]
        chance, groups = np.random.default_rng(1), np.unique(of)
        totals = np.array([[np.sum(of == each), np.sum(listed[of == each])] for each in groups])
        drawn = totals[chance.integers(len(groups), size=(REPLICATES, len(groups)))].sum(axis=1)
        low, high = np.quantile(drawn[:, 1] / drawn[:, 0], [0.025, 0.975])
        return {
            "mates": len(listed),
            "listed": int(listed.sum()),
            "share": float(listed.mean()),
            "interval": [float(low), float(high)],
        }


@dataclass(frozen=True)
class OneFinger:
    """Each real print searched for among all fingers."""

    crowd: Crowd
    walk: Walk

    @cached_property
    def scores(self) -> NDArray[np.float64]:
        """Calibrated scores, float64 (n, n), of every print with every other: a search changes none of them."""
        bank, comparator = self.crowd.comparator.bank(), self.crowd.comparator
        rows = np.array([bank.add(each.template) for each in self.crowd.prints], np.int64)
        raw = [bank.scores(each.template, rows) for each in self.crowd.prints]
        return np.array([[comparator.calibrate(float(score)).value for score in line] for line in raw])

    def measure(self, index: BankedGallery, probes: int) -> dict[str, Any]:
        """Times, and which mates are found, at the thresholds of a match and of a review."""
        prints, seconds = self.crowd.prints, list[Spent]()
        mates: list[tuple[int, float, bool]] = []
        index.search(_probe(prints[0]), 1)
        chosen = np.linspace(0, len(prints) - 1, min(probes, len(prints))).astype(int)
        for each in track(chosen, "One finger", console=PROGRESS):
            with timed(seconds):
                shortlist = index.search(_probe(prints[each]), self.walk.candidate_limit)
            listed = {entry.reference for entry in shortlist.entries}
            mates += [
                (prints[each].finger, self.scores[each, other], ReferenceId(other + 1) in listed)
                for other in range(len(prints))
                if other != each and prints[other].finger == prints[each].finger
            ]
        fingers, scores, listed_mates = map(np.array, zip(*mates, strict=True))
        needed = thresholds(operating_point(self.walk, CALLER, Question.IDENTIFICATION), len(index))
        return {
            "probes": len(chosen),
            **times(seconds),
            "match": Found(fingers, scores >= needed.match, listed_mates).summary() | {"threshold": needed.match},
            "review": Found(fingers, scores >= needed.review, listed_mates).summary() | {"threshold": needed.review},
        }

    def compare(self, narrowed: BankedGallery, exact: BankedGallery, probes: int) -> dict[str, Any]:
        """A few searches that compare everything, and how often they and the narrowed ones begin with the same."""
        seconds: list[Spent] = []
        same = 0
        chosen = np.linspace(0, len(self.crowd.prints) - 1, probes).astype(int)
        for each in track(chosen, "Exhaustive", console=PROGRESS):
            probe = _probe(self.crowd.prints[each])
            with timed(seconds):
                everything = exact.search(probe, self.walk.candidate_limit)
            same += everything.entries[:1] == narrowed.search(probe, self.walk.candidate_limit).entries[:1]
        return {"probes": probes, **times(seconds), "same_first": same}


@dataclass(frozen=True)
class Duplicates:
    """Real people searched for under another id, as every enrolment does, by some of their fingers."""

    crowd: Crowd
    walk: Walk

    def measure(self, index: BankedGallery, fingers: int, searches: int) -> dict[str, Any]:
        """Times of the whole search for duplicates (candidates, comparisons, decision), and who is found."""
        walk = self._walk(index)
        people = self._people(fingers)
        seconds, mates = list[Spent](), []
        chosen = np.linspace(0, len(people) - 1, min(searches, len(people))).astype(int)
        for number in track(chosen, f"{fingers} fingers", console=PROGRESS):
            subject, prints = people[number]
            observed = capture(walk, [GivenTemplate(each.template, "") for each in prints])
            with timed(seconds):
                decision = search_duplicates(walk, observed, CALLER)
            listed = {each.subject for each in decision.candidates}
            for other, same in people:
                if other != subject and same[0].person == prints[0].person:
                    reached = self._reached(walk, observed, other, decision.threshold)
                    mates.append((number, reached, other in listed))
        of, reached_mates, listed_mates = map(np.array, zip(*mates, strict=True))
        return {"probes": len(chosen), **times(seconds[1:]), **Found(of, reached_mates, listed_mates).summary()}

    def _reached(self, walk: Walk, observed: Sequence[Observation], mate: SubjectId, threshold: float) -> bool:
        return join(compare_subjects(walk, observed, [mate])[mate]) >= threshold

    def _people(self, fingers: int) -> list[tuple[SubjectId, list[RealPrint]]]:
        people: defaultdict[SubjectId, list[RealPrint]] = defaultdict(list)
        for each in self.crowd.prints:
            people[each.subject].append(each)
        return [(subject, prints[:fingers]) for subject, prints in people.items()]

    def _walk(self, index: BankedGallery) -> Walk:
        store = cast("ReferenceStore", CrowdStore(self.crowd))
        return replace(self.walk, indexes={Modality.FINGERPRINT: index}, follower=InStep(), store=store)


class InStep:
    """Follows a store that does not change."""

    def catch_up(self) -> None:
        """There is nothing to catch up with."""

    before_search = catch_up

    def behind(self) -> int:
        """Never."""
        return 0


@dataclass(frozen=True)
class CrowdStore:
    """What a search asks of the store."""

    crowd: Crowd

    @cached_property
    def real(self) -> dict[SubjectId, list[Reference]]:
        """The references of the real prints."""
        held: defaultdict[SubjectId, list[Reference]] = defaultdict(list)
        for each in self.crowd.real_references():
            held[each.subject].append(each)
        return dict(held)

    def galleries(self) -> Sequence[GalleryId]:
        """The one there is."""
        return (GALLERY,)

    def references(self, subject: SubjectId) -> Sequence[Reference]:
        """All fingers of a person, read from disk for those who are synthetic."""
        if subject in self.real:
            return self.real[subject]
        if not subject.startswith("S"):
            raise BiometricServiceError(ErrorCode.SUBJECT_UNKNOWN, f"No {subject}.", "")
        return tuple(self.crowd.references(FINGERS * int(subject[1:]), FINGERS))

    def references_of(
        self, subjects: Collection[SubjectId], _formats: Collection[TemplateFormat]
    ) -> Mapping[SubjectId, Sequence[Reference]]:
        """All fingers of several people, which are all of one format."""
        return {subject: self.references(subject) for subject in subjects}


def change_times(index: BankedGallery, crowd: Crowd, rounds: int = 5) -> dict[str, float]:
    """Milliseconds to add a person with ten fingers to an index, and to remove them again."""
    added, removed = list[Spent](), list[Spent]()
    for number in range(rounds):
        ids = [ReferenceId(NEW + finger) for finger in range(FINGERS)]
        fingers = crowd.prints[number * FINGERS : (number + 1) * FINGERS]
        change = tuple(
            Reference(each, SubjectId("new"), frozenset({GALLERY}), one.template)
            for each, one in zip(ids, fingers, strict=False)
        )
        with timed(added):
            index.apply(_next(index), Change(change))
        with timed(removed):
            index.apply(_next(index), Change(removed=tuple(ids)))
    return {"add_ms": times(added)["p50_ms"], "remove_ms": times(removed)["p50_ms"]}


@contextmanager
def timed(spent: list[Spent]) -> Iterator[None]:
    """Note how long it takes by the clock, and how much of the processors it takes."""
    clock, processors = time.perf_counter(), time.process_time()
    yield
    spent.append((time.perf_counter() - clock, time.process_time() - processors))


def times(spent: Sequence[Spent]) -> dict[str, float]:
    """Median and 99th percentile by the clock, and median of processor time, in milliseconds."""
    clock, processors = 1000 * np.array(spent).T
    p50, p99 = np.quantile(clock, [0.5, 0.99])
    return {"p50_ms": round(p50, 1), "p99_ms": round(p99, 1), "cpu_p50_ms": round(float(np.median(processors)), 1)}


def _probe(each: RealPrint) -> Probe:
    return Probe(replace(each.template, position=FingerPosition.UNKNOWN), ALL_GALLERIES)


def _next(index: BankedGallery) -> ChangeNumber:
    return ChangeNumber(index.applied + 1)
