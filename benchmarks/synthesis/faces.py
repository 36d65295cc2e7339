"""Face embeddings of people who never were, shaped like those of people who are.

    python -m benchmarks.synthesis.faces DIR [--cache FOLDER] [--write FILE] [--json]

Fits the shape to one photograph of every second person of DIR (one folder a person) and prints how strangers among the
other persons and among as many made ones score: spread, tail, and the nearest and tenth nearest stranger of each.

A shape is the mean and the variances along the principal directions of unit vectors, in a basis drawn at random, so
that no direction of the model is kept; how alike mates are; and how much people have in common with one of so many
archetypes, which gives strangers as many near-doubles as there are. White noise has none of this: its nearest strangers
are all equally far, which flatters an index.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Self

import numpy as np
import typer
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.accuracy.extracted import Extracted, extract_subjects
from biometric_service.comparison.calibration import Calibration
from biometric_service.comparison.population import Population
from biometric_service.comparison.standardised import StandardisedComparator
from biometric_service.evaluation.subjects import faces
from biometric_service.vocabulary.samples import Modality
from biometric_service.vocabulary.templates import FaceTemplate, TemplateFormat

Vectors = NDArray[np.float32]

FORMAT = TemplateFormat(Modality.FACE, "synthetic", "1")
UNCALIBRATED = Calibration("none", (-100.0, 100.0), (0.0, 9.0), 9.0, 0, "nothing: only raw scores are ranked here")
SHAPE = Path(__file__).with_name("face_shape.npz")
WORLD = 1
"""Seed of what all people have in common: the basis and the archetypes."""
AXES = 32
POPULATION = 5_000
QUANTILES = np.linspace(0, 1, 41)
TAIL = (0.5, 0.9, 0.99, 0.999, 0.9999, 0.99999)
ALIKE = np.arange(0, 0.55, 0.05)
ARCHETYPES = (300, 1_000, 3_000)


@dataclass(frozen=True, slots=True)
class FaceShape:
    """``mean`` and ``deviations``: float32 (d,), along the principal directions.

    ``mated``: float32, quantiles of the cosines of mates. ``archetypes``: how many there are. ``alike``: share of a
    person's variance that is the archetype's, 0 to 1.
    """

    mean: Vectors
    deviations: Vectors
    mated: Vectors
    archetypes: int
    alike: float

    @classmethod
    def read(cls, file: Path = SHAPE) -> Self:
        """The shape that was fitted to the default models' embeddings."""
        with np.load(file) as held:
            floats = {name: held[name].astype(np.float32) for name in ("mean", "deviations", "mated")}
            return cls(**floats, archetypes=int(held["archetypes"]), alike=float(held["alike"]))

    def write(self, file: Path) -> None:
        """What ``read`` reads."""
        halves = {name: getattr(self, name).astype(np.float16) for name in ("mean", "deviations", "mated")}
        np.savez_compressed(file, archetypes=self.archetypes, alike=self.alike, **halves)


class People:
    """Draws people of one population and further photographs of them, the same for the same seed."""

    def __init__(self, shape: FaceShape, seed: int) -> None:
        self._shape = shape
        self._chance = np.random.default_rng(WORLD)
        length = len(shape.mean)
        self._basis = np.linalg.qr(self._chance.standard_normal((length, length)))[0].astype(np.float32)
        self._archetypes = self._deviating(shape.archetypes)
        self._chance = np.random.default_rng(seed)

    def draw(self, count: int) -> Vectors:
        """One embedding each of so many people, float32 (count, d), unit length."""
        shape = self._shape
        kind = self._archetypes[self._chance.integers(shape.archetypes, size=count)]
        own = self._deviating(count)
        vectors = shape.mean + np.float32(np.sqrt(shape.alike)) * kind + np.float32(np.sqrt(1 - shape.alike)) * own
        return unit(vectors @ self._basis)

    def mates(self, people: Vectors) -> Vectors:
        """Another embedding of each, as unlike as photographs of one person are: a little of somebody else in it."""
        cosines = np.interp(self._chance.random(len(people)), QUANTILES, self._shape.mated).astype(np.float32)[:, None]
        others = self.draw(len(people))
        apart = unit(others - people * (others * people).sum(1, keepdims=True))
        return unit(cosines * people + np.sqrt(1 - cosines**2) * apart)

    def comparator(self) -> StandardisedComparator:
        """Compares them as the service compares real ones; uncalibrated."""
        return StandardisedComparator(FORMAT, Population.of(self.draw(POPULATION), AXES), UNCALIBRATED)

    def _deviating(self, count: int) -> Vectors:
        return self._chance.standard_normal((count, len(self._shape.mean)), np.float32) * self._shape.deviations


def unit(vectors: NDArray[np.floating[Any]]) -> Vectors:
    """The vectors at length 1."""
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def fitted(people: Vectors, mated: Vectors) -> FaceShape:
    """The shape of one embedding each of many people, float32 (n, d), and of the cosines of mates."""
    mean = people.mean(0)
    variances, directions = np.linalg.eigh(np.cov(people.T.astype(np.float64)))
    deviations = np.sqrt(np.maximum(variances, 0)).astype(np.float32)
    plain = FaceShape(
        np.asarray(mean @ directions, np.float32), deviations, np.quantile(mated, QUANTILES).astype(np.float32), 1, 0
    )
    wanted = _strangers(people, people)["tail"]
    tries = [replace(plain, archetypes=many, alike=float(alike)) for many in ARCHETYPES for alike in ALIKE]
    return min(tries, key=lambda shape: _unlike(People(shape, 1).draw(len(people)), wanted))


def _unlike(made: Vectors, wanted: Mapping[str, float]) -> float:
    """How far the tail of strangers' scores is from the one wanted."""
    tail: Mapping[str, float] = _strangers(made, made)["tail"]
    return max(abs(tail[share] - wanted[share]) for share in wanted)


def _strangers(population: Vectors, people: Vectors) -> dict[str, Any]:
    """How people, one embedding each, score with one another, measured against a population."""
    held = Population.of(population, AXES)
    means, deviations = held.against_strangers(people)
    cosines = people @ people.T
    scores = ((cosines - means[:, None]) / deviations[:, None] + (cosines - means) / deviations) / 2
    apart = scores[np.triu_indices(len(people), 1)]
    np.fill_diagonal(scores, -np.inf)
    nearest = np.partition(scores, (-10, -1), axis=1)
    return {
        "people": len(people),
        "spread": float(apart.std()),
        "tail": {str(share): float(np.quantile(apart, share)) for share in TAIL},
        "nearest": float(np.median(nearest[:, -1])),
        "tenth_nearest": float(np.median(nearest[:, -10])),
        "slopes_vary_by": float(deviations.std() / deviations.mean()),
        "largest_value": float(np.abs(people).max() * np.sqrt(people.shape[1])),
    }


def main(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder with one folder a person.")],
    *,
    cache: Annotated[Path | None, typer.Option(help="Folder for templates, which take long to make.")] = None,
    write: Annotated[Path | None, typer.Option(help="File to keep the shape in.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Fit a shape and print how alike made people are to real ones."""
    people, mated = embeddings(extract_subjects(Modality.FACE, faces([folder]), cache))
    shape = fitted(people[::2], mated)
    if write:
        shape.write(write)
    made = People(shape, 2)
    result = {
        "archetypes": shape.archetypes,
        "alike": shape.alike,
        "real": _strangers(people[::2], people[1::2]),
        "made": _strangers(made.draw(len(people[::2])), made.draw(len(people[1::2]))),
        "white_noise": _strangers(*(_noise(len(people[first::2]), people.shape[1], first) for first in (0, 1))),
    }
    print(json.dumps(result)) if as_json else Console().print(_table(result))


def embeddings(extracted: Extracted) -> tuple[Vectors, Vectors]:
    """The first embedding of each person, float32 (n, d), and the cosines of every two of a person's first four."""
    by_person: dict[int, list[Vectors]] = {}
    for template, person in zip(extracted.templates, extracted.subjects.tolist(), strict=True):
        if isinstance(template, FaceTemplate):
            by_person.setdefault(person, []).append(template.embedding)
    few = [np.stack(vectors[:4]) for vectors in by_person.values()]
    mated = [(each @ each.T)[np.triu_indices(len(each), 1)] for each in few]
    return np.stack([each[0] for each in few]), np.concatenate(mated)


def _noise(count: int, length: int, seed: int) -> Vectors:
    return unit(np.random.default_rng(seed).standard_normal((count, length), np.float32))


def _table(result: Mapping[str, Any]) -> Table:
    table = Table("", "real", "made", "white noise")
    kinds = [result[kind] for kind in ("real", "made", "white_noise")]
    for name in ("spread", "nearest", "tenth_nearest", "slopes_vary_by", "largest_value"):
        table.add_row(name.replace("_", " "), *(f"{each[name]:.3f}" for each in kinds))
    for share in map(str, TAIL):
        table.add_row(f"score that {share} stay below", *(f"{each['tail'][share]:.2f}" for each in kinds))
    return table


if __name__ == "__main__":
    typer.run(main)
