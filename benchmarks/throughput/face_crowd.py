"""A gallery of made people's faces beside bare FAISS indexes of the same embeddings."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import faiss
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from benchmarks.synthesis.faces import FORMAT, FaceShape, People, Vectors
from benchmarks.throughput.crowd import resident
from biometric_service.gallery.filing import Plan
from biometric_service.gallery.narrowed import NarrowedGallery
from biometric_service.gallery.nearest import NearestShortlister
from biometric_service.vocabulary.candidates import Probe
from biometric_service.vocabulary.protocols import Comparator, ComparisonBank, KeyedBank
from biometric_service.vocabulary.references import (
    ALL_GALLERIES,
    Change,
    ChangeNumber,
    GalleryId,
    Reference,
    ReferenceId,
    SubjectId,
)
from biometric_service.vocabulary.templates import FaceTemplate

SEED = 1
CHANGE = 1000
SHARES = {GalleryId("half"): 0.5, GalleryId("tenth"): 0.1, GalleryId("hundredth"): 0.01}
"""Galleries, and the share of people who are in each, drawn at random."""
PROGRESS = Console(stderr=True)

Members = Mapping[GalleryId, NDArray[np.bool_]]


@dataclass(frozen=True, slots=True)
class FaceCrowd:
    """``bare``: FAISS's flat index of all embeddings. ``members``: bool (n,), who is in each gallery.

    ``mates``: float32 (m, d), other photographs of the first people. ``facts``: what building it took.
    """

    comparator: Comparator
    index: NarrowedGallery
    bare: Any
    members: Members
    mates: Vectors
    facts: dict[str, Any]

    @classmethod
    def of(cls, size: int, probes: int) -> Self:
        """So many people, one reference each."""
        people = People(FaceShape.read(), SEED)
        comparator, chance = people.comparator(), np.random.default_rng(SEED)
        members = {name: chance.random(size) < share for name, share in SHARES.items()}
        index, spent, before = gallery(comparator, size + 1)[0], 0.0, resident()
        for number, vectors in _people(size):
            change, started = Change(tuple(_references(vectors, number, members))), time.process_time()
            index.apply(ChangeNumber(number // CHANGE + 1), change)
            spent += time.process_time() - started
        facts = {"bytes_a_reference": round((resident() - before) / size), "added_per_s": round(size / spent)}
        return cls(comparator, index, _bare(size), members, people.mates(_first(probes)), facts)

    def probe(self, number: int, gallery: GalleryId = ALL_GALLERIES) -> Probe:
        """Somebody who is enrolled, photographed again."""
        return Probe(FaceTemplate(FORMAT, self.mates[number % len(self.mates)]), gallery)


def gallery(comparator: Comparator, lists_from: int) -> tuple[NarrowedGallery, NearestShortlister]:
    """An empty one that makes lists from so many references on, and what shortlists in it."""
    made: list[NearestShortlister] = []

    def shortlisting(bank: ComparisonBank) -> NearestShortlister:
        if not isinstance(bank, KeyedBank):
            raise TypeError(comparator.name)
        made.append(NearestShortlister(bank, plan=Plan(lists_from=lists_from)))
        return made[0]

    return NarrowedGallery(comparator, shortlisting), made[0]


def _people(size: int) -> Iterator[tuple[int, Vectors]]:
    """The same people every time, a change's worth after another, each with the number of the first."""
    people = People(FaceShape.read(), SEED + 1)
    for number in track(range(0, size, CHANGE), f"Drawing {size:,}", console=PROGRESS):
        yield number, people.draw(min(CHANGE, size - number))


def _first(count: int) -> Vectors:
    return np.concatenate([vectors for _, vectors in _people(count)])


def _bare(size: int) -> Any:  # noqa: ANN401 (FAISS has no types)
    index = faiss.IndexFlatIP(len(FaceShape.read().mean))
    for _, vectors in _people(size):
        index.add(vectors)
    return index


def _references(vectors: Vectors, first: int, members: Members) -> Iterator[Reference]:
    for number, vector in enumerate(vectors, first):
        galleries = frozenset(name for name, are in members.items() if are[number])
        template = FaceTemplate(FORMAT, vector)
        yield Reference(ReferenceId(number), SubjectId(f"S{number}"), galleries, template)
