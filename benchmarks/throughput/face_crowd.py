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
from biometric_service.gallery.banked import BankedGallery
from biometric_service.gallery.narrowed import NarrowedGallery
from biometric_service.vocabulary.candidates import Probe
from biometric_service.vocabulary.protocols import Comparator
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
    index: BankedGallery
    bare: Any
    members: Members
    mates: Vectors
    facts: dict[str, Any]

    @classmethod
    def of(cls, size: int, probes: int) -> Self:
        """So many people, one reference each."""
        people = People(FaceShape.read(), SEED)
        comparator, chance = people.comparator(), np.random.default_rng(SEED)
        members = {gallery: chance.random(size) < share for gallery, share in SHARES.items()}
        index, spent, before = NarrowedGallery(comparator), 0.0, resident()
        for number, vectors in _people(size):
            change, started = Change(tuple(_references(vectors, number, members))), time.process_time()
            index.apply(ChangeNumber(number // CHANGE + 1), change)
            spent += time.process_time() - started
        facts = {"bytes_a_reference": round((resident() - before) / size), "added_per_s": round(size / spent)}
        return cls(comparator, index, _bare(size), members, people.mates(_first(probes)), facts)

    def probe(self, number: int, gallery: GalleryId = ALL_GALLERIES) -> Probe:
        """Somebody who is enrolled, photographed again."""
        return Probe(FaceTemplate(FORMAT, self.mates[number % len(self.mates)]), gallery)


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
        galleries = frozenset(gallery for gallery, are in members.items() if are[number])
        template = FaceTemplate(FORMAT, vector)
        yield Reference(ReferenceId(number), SubjectId(f"S{number}"), galleries, template)
