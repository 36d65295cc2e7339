"""A load of every kind of write, planned from a seed, with what the store must hold after each step.

Whoever knows the seed and how many steps were acknowledged knows the state: it needs no word of the writer.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from benchmarks.throughput.random_encounters import audit_event, random_encounter
from biometric_service.references.opening import OpenedStore
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.references import (
    ChangeNumber,
    EncounterId,
    EncounterKey,
    EncounterStatus,
    SubjectId,
)


class Kind(StrEnum):
    """Every kind of write."""

    ENROL = "enrol"
    ADD = "add"
    MERGE = "merge"
    UNMERGE = "unmerge"
    MOVE = "move"
    RELEASE = "release"
    ERASE = "erase"


@dataclass(frozen=True, slots=True)
class Step:
    """One write; ``other``: the subject that gets something."""

    kind: Kind
    subject: str
    encounter: str = ""
    other: str = ""


@dataclass(frozen=True, slots=True)
class World:
    """What is to be in the store: each subject's encounters, and what each merge took where."""

    encounters: Mapping[str, frozenset[str]] = field(default_factory=dict)
    merges: Mapping[str, tuple[str, frozenset[str]]] = field(default_factory=dict)

    def went(self, subject: str) -> str:
        """Where a subject's encounters are."""
        while subject in self.merges:
            subject = self.merges[subject][0]
        return subject

    def after(self, step: Step) -> "World":
        """The world once the step was taken."""
        return _TAKING[step.kind](self, step)

    def transferred(self, source: str, target: str, going: frozenset[str]) -> "World":
        """Encounters go; who gives the last is merged."""
        left = self.encounters[source] - going
        encounters = {**self.encounters, source: left, target: self.encounters.get(target, frozenset()) | going}
        if left:
            return World(encounters, self.merges)
        return World(_without(encounters, source), {**self.merges, source: (target, going)})

    def returning(self, subject: str) -> frozenset[str]:
        """The encounters that come back if the subject is unmerged."""
        return self.merges[subject][1] & self.encounters[self.went(subject)]


def plan(seed: int) -> Iterator[tuple[Step, World]]:
    """Steps without end, each with the world after it; subjects are called ``<seed>-<number>``."""
    chance, world = random.Random(seed), World()
    for turn in range(10**9):
        step = _chosen(chance, world, f"{seed:05d}", turn)
        world = world.after(step)
        yield step, world


def take(opened: OpenedStore, step: Step) -> ChangeNumber:
    """Make the write."""
    return _WRITES[step.kind](opened, step)


def _chosen(chance: random.Random, world: World, name: str, turn: int) -> Step:
    there = sorted(world.encounters)
    returnable = [subject for subject in sorted(world.merges) if world.returning(subject)]
    possible = [Step(Kind.ENROL, f"{name}-{turn:04d}", f"e{turn}")]
    if there:
        subject = chance.choice(there)
        encounter = chance.choice(sorted(world.encounters[subject]))
        possible += [Step(Kind.ADD, subject, f"e{turn}"), Step(Kind.RELEASE, subject, encounter)]
    if len(there) > 1:
        source, target = chance.sample(there, 2)
        moved = chance.choice(sorted(world.encounters[source]))
        possible += [Step(Kind.MERGE, source, other=target), Step(Kind.MOVE, source, moved, target)]
        possible.append(Step(Kind.ERASE, source))
    if returnable:
        possible += 2 * [Step(Kind.UNMERGE, chance.choice(returnable))]
    return chance.choice(possible)


def _added(world: World, step: Step) -> World:
    own = world.encounters.get(step.subject, frozenset()) | {step.encounter}
    return World({**world.encounters, step.subject: own}, world.merges)


def _merged(world: World, step: Step) -> World:
    return world.transferred(step.subject, step.other, world.encounters[step.subject])


def _moved(world: World, step: Step) -> World:
    return world.transferred(step.subject, step.other, frozenset({step.encounter}))


def _unmerged(world: World, step: Step) -> World:
    holder, coming = world.went(step.subject), world.returning(step.subject)
    merges = {name: merge for name, merge in world.merges.items() if name != step.subject}
    return World(world.encounters, merges).transferred(holder, step.subject, coming)


def _erased(world: World, step: Step) -> World:
    gone = {name for name in world.merges if world.went(name) == step.subject}
    merges = {name: merge for name, merge in world.merges.items() if name not in gone}
    return World(_without(world.encounters, step.subject), merges)


def _without(encounters: Mapping[str, frozenset[str]], subject: str) -> Mapping[str, frozenset[str]]:
    return {name: own for name, own in encounters.items() if name != subject}


_TAKING: Mapping[Kind, Callable[[World, Step], World]] = {
    Kind.ENROL: _added,
    Kind.ADD: _added,
    Kind.MERGE: _merged,
    Kind.UNMERGE: _unmerged,
    Kind.MOVE: _moved,
    Kind.RELEASE: lambda world, _: world,
    Kind.ERASE: _erased,
}


def _key(step: Step) -> EncounterKey:
    return EncounterKey(SubjectId(step.subject), EncounterId(step.encounter))


def _enrol(opened: OpenedStore, step: Step) -> ChangeNumber:
    return opened.store.enrol(random_encounter(len(step.subject), step.subject, step.encounter), audit_event())


def _add(opened: OpenedStore, step: Step) -> ChangeNumber:
    encounter = random_encounter(7, step.subject, step.encounter)
    return opened.store.add_encounter(encounter, audit_event(EventKind.ENCOUNTER_ADDED))


def _merge(opened: OpenedStore, step: Step) -> ChangeNumber:
    event = audit_event(EventKind.SUBJECTS_MERGED)
    return opened.encounters.merge(SubjectId(step.subject), SubjectId(step.other), event)


def _unmerge(opened: OpenedStore, step: Step) -> ChangeNumber:
    return opened.encounters.unmerge(SubjectId(step.subject), audit_event(EventKind.SUBJECT_UNMERGED))


def _move(opened: OpenedStore, step: Step) -> ChangeNumber:
    return opened.encounters.move(_key(step), SubjectId(step.other), audit_event(EventKind.ENCOUNTER_MOVED))


def _release(opened: OpenedStore, step: Step) -> ChangeNumber:
    event = audit_event(EventKind.STATUS_CHANGED)
    return opened.encounters.set_status(_key(step), EncounterStatus.RELEASED, event)


def _erase(opened: OpenedStore, step: Step) -> ChangeNumber:
    return opened.store.erase(SubjectId(step.subject), audit_event(EventKind.SUBJECT_ERASED))


_WRITES: Mapping[Kind, Callable[[OpenedStore, Step], ChangeNumber]] = {
    Kind.ENROL: _enrol,
    Kind.ADD: _add,
    Kind.MERGE: _merge,
    Kind.UNMERGE: _unmerge,
    Kind.MOVE: _move,
    Kind.RELEASE: _release,
    Kind.ERASE: _erase,
}
