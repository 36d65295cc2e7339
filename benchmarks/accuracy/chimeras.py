"""Chimeric people: fingers of one person joined to the face of another, enrolled or strange, by a draw."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[np.int64]
FEWEST = 2


@dataclass(frozen=True, slots=True)
class Person:
    """Fingers and a face that are taken for one person's.

    ``fingers``: samples of each finger, as indices; ``face``: of the photographs. ``name``: the number of the first
    finger, by which probes of the same finger in other draws are known to belong together.
    """

    name: int
    fingers: tuple[Samples, ...]
    face: Samples


@dataclass(frozen=True, slots=True)
class Probe:
    """One impression of each finger and one photograph, as indices; ``mate``: who it is of in the gallery, or -1."""

    name: int
    fingers: tuple[int, ...]
    face: int
    mate: int


@dataclass(frozen=True, slots=True)
class Gallery:
    """One impression of each finger, int64 (n, k), and one photograph, int64 (n,), of each enrolled person."""

    fingers: Samples
    faces: Samples


@dataclass(frozen=True, slots=True)
class Draw:
    """Half of the people enrolled, the others strangers, and every probe there is of both."""

    gallery: Gallery
    probes: tuple[Probe, ...]


def people(
    fingers: Sequence[Samples], faces: Sequence[Samples], each: int, chance: np.random.Generator
) -> list[Person]:
    """As many people with ``each`` fingers as there are fingers and faces with two samples and more."""
    hands = [int(finger) for finger in chance.permutation(len(fingers)) if len(fingers[finger]) >= FEWEST]
    heads = [int(face) for face in chance.permutation(len(faces)) if len(faces[face]) >= FEWEST]
    groups = [hands[first : first + each] for first in range(0, len(hands) - each + 1, each)]
    return [
        Person(group[0], tuple(fingers[finger] for finger in group), faces[head])
        for group, head in zip(groups, heads, strict=False)
    ]


def draws(fingers: Sequence[Samples], faces: Sequence[Samples], each: int, rounds: int, seed: int) -> Iterator[Draw]:
    """So many draws, each with other pairs, another half and other samples enrolled."""
    chance = np.random.default_rng([seed, each])
    for _ in range(rounds):
        everyone = people(fingers, faces, each, chance)
        inside, outside = everyone[: len(everyone) // 2], everyone[len(everyone) // 2 :]
        kept = [_enrolled(person, chance) for person in inside]
        gallery = Gallery(np.array([each for each, _ in kept]), np.array([face for _, face in kept]))
        mated = [
            probe
            for mate, (person, taken) in enumerate(zip(inside, kept, strict=True))
            for probe in _probes(_without(person, taken), mate, chance)
        ]
        strange = [probe for person in outside for probe in _probes(person, -1, chance)]
        yield Draw(gallery, (*mated, *strange))


def _enrolled(person: Person, chance: np.random.Generator) -> tuple[tuple[int, ...], int]:
    return tuple(int(chance.choice(finger)) for finger in person.fingers), int(chance.choice(person.face))


def _without(person: Person, taken: tuple[tuple[int, ...], int]) -> Person:
    """The person's samples that were not enrolled."""
    left = tuple(finger[finger != one] for finger, one in zip(person.fingers, taken[0], strict=True))
    return Person(person.name, left, person.face[person.face != taken[1]])


def _probes(person: Person, mate: int, chance: np.random.Generator) -> Iterator[Probe]:
    """Each impression once, with a photograph drawn for it."""
    for impressions in zip(*(chance.permutation(finger) for finger in person.fingers), strict=False):
        yield Probe(person.name, tuple(map(int, impressions)), int(chance.choice(person.face)), mate)
