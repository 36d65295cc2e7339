"""How the active challenge tells people from pictures: ``python -m benchmarks.accuracy.challenge DIR [--json]``.

DIR holds one folder a person. Of everybody with photographs from the front and from both sides a sequence is drawn and
answered with ten frames or more: bona fide by real photographs in the poses asked, and by one photograph on a head that
turns; attacks with one frontal photograph (ISO/IEC 30107-3: instrument species), and with a second person who takes the
turns to the side. BPCER is the share of bona fide presentations that did not pass, APCER that of attacks that did;
whether the person is the claimed one is not asked. Every frame is a JPEG that passes the service's own walk.

The limits in ``presentation_attack.challenge`` were set on the persons of even number, which ``--tuning`` takes; all
others are reported. Several photographs or a film in the right order pass like the person: no frames tell them apart.
"""

import json
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table
from scipy.stats import binomtest

from benchmarks.accuracy.face import face_walk
from benchmarks.accuracy.presentations import ATTACKS, Movement, Photograph, head, held_in_hand, taken
from biometric_service.evaluation.subjects import Subject, faces
from biometric_service.presentation_attack.challenge.judging import judge
from biometric_service.presentation_attack.challenge.sequence import draw
from biometric_service.recognition.challenge import frames_of
from biometric_service.recognition.requests import GivenImage
from biometric_service.recognition.walk import Walk, assess_quality, capture, locate, observe, with_template
from biometric_service.vocabulary.challenges import Turn
from biometric_service.vocabulary.samples import FaceArea, Modality

PROGRESS = Console(stderr=True)
TURNS, FRAMES, SECONDS = 5, 10, 0.4
FRONTAL, SIDEWAYS = 8.0, 20.0
"""Degrees: what photographs of a person are taken for front, and for turned against that."""
REAL, TURNING_HEAD, SECOND_PERSON = "real photographs", "one photograph on a turning head", "second person"
NO_FACE = "a frame without a usable face"


@dataclass(frozen=True, slots=True)
class Person:
    """Photographs of a person by the pose that they show, at least one of each."""

    name: str
    poses: Mapping[Turn, Sequence[Photograph]]


Presentation = Callable[[Turn, int, np.random.Generator], bytes]
"""What the camera takes when the person is asked for a pose, the how manieth time."""


def main(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder with one folder a person.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    tuning: Annotated[bool, typer.Option("--tuning", help="Take the persons that limits are set on.")] = False,
    most: Annotated[int, typer.Option("--scale", help="Persons at the most.")] = 1000,
    seed: Annotated[int, typer.Option(help="Of the movements.")] = 1,
) -> None:
    """Print APCER of every species and BPCER, with counts and what was found."""
    with tempfile.TemporaryDirectory() as scratch:
        result = benchmark(face_walk(Path(scratch)), faces([folder])[0 if tuning else 1 :: 2], most, seed)
    if as_json:
        print(json.dumps(result))
    else:
        Console().print(_table(result))


def benchmark(walk: Walk, subjects: Sequence[Subject], most: int, seed: int) -> dict[str, Any]:
    """Rates with 95 % intervals (Clopper and Pearson; a presentation a person and species)."""
    people = list(people_of(walk, subjects, most))
    presented: dict[str, list[frozenset[str]]] = {}
    for number, person in enumerate(track(people, "Presenting", console=PROGRESS)):
        other = people[(number + 1) % len(people)]
        for species, presentation in _presentations(person, other).items():
            chance = np.random.default_rng([seed, number, len(species)])
            presented.setdefault(species, []).append(_present(walk, presentation, chance))
    figures = {species: _figures(species, failed) for species, failed in presented.items()}
    bona_fide = {REAL, TURNING_HEAD}
    return {
        "persons": len(people),
        "bpcer": {species: figures[species] for species in figures if species in bona_fide},
        "apcer": {species: figures[species] for species in figures if species not in bona_fide},
    }


def _presentations(person: Person, other: Person) -> dict[str, Presentation]:
    still = person.poses[Turn.FRONT][0]
    attacks = {species: partial(_moving, still, movement) for species, movement in ATTACKS.items()}
    return {
        REAL: partial(_posing, person),
        TURNING_HEAD: partial(_moving, still, head),
        **attacks,
        SECOND_PERSON: partial(_taking_turns, person, other),
    }


def _posing(person: Person, turn: Turn, number: int, chance: np.random.Generator) -> bytes:
    """A photograph in the pose, another one each time as long as there are."""
    photographs = person.poses[turn]
    return taken(held_in_hand(photographs[number % len(photographs)], turn, chance), chance)


def _moving(still: Photograph, movement: Movement, turn: Turn, number: int, chance: np.random.Generator) -> bytes:
    moving = held_in_hand if number == 0 and turn is Turn.FRONT else movement
    return taken(moving(still, turn, chance), chance)


def _taking_turns(person: Person, other: Person, turn: Turn, number: int, chance: np.random.Generator) -> bytes:
    return _posing(person if turn is Turn.FRONT else other, turn, number, chance)


def _present(walk: Walk, presentation: Presentation, chance: np.random.Generator) -> frozenset[str]:
    """Which checks ten frames fail that answer a sequence drawn by lot; none where they pass."""
    asked = draw(TURNS, lambda turns: turns[int(chance.integers(len(turns)))])
    shown: Counter[Turn] = Counter()
    images = []
    for place in range(FRAMES):
        turn = asked[place * len(asked) // FRAMES]
        images.append(GivenImage(presentation(turn, shown[turn], chance), Modality.FACE))
        shown[turn] += 1
    observed = observe(walk, images)
    if len(with_template(observed)) < FRAMES:
        return frozenset({NO_FACE})
    frames = frames_of(walk, observed, [SECONDS * place for place in range(FRAMES)])
    return frozenset(each.check.value for each in judge(frames, asked, SECONDS * FRAMES) if not each.passed)


def _figures(species: str, failed: Sequence[frozenset[str]]) -> dict[str, Any]:
    passed = sum(not checks for checks in failed)
    wrong = len(failed) - passed if species in {REAL, TURNING_HEAD} else passed
    interval = binomtest(wrong, len(failed)).proportion_ci()
    return {
        "presentations": len(failed),
        "wrong": wrong,
        "rate": wrong / len(failed),
        "interval": [float(interval.low), float(interval.high)],
        "failed": dict(Counter(check for checks in failed for check in sorted(checks)).most_common()),
    }


def people_of(walk: Walk, subjects: Sequence[Subject], most: int) -> Iterator[Person]:
    """Everybody with photographs from the front and from both sides."""
    found = 0
    for subject in track(subjects, "Looking for poses", console=PROGRESS):
        if found < most and len(subject.samples) >= len(Turn):
            poses = _poses([_photograph(walk, sample.given()) for sample in subject.samples])
            if len(poses) == len(Turn):
                found += 1
                yield Person(subject.name, poses)


def _poses(photographs: Sequence[Photograph | None]) -> dict[Turn, list[Photograph]]:
    there = [each for each in photographs if each is not None]
    fronts = sorted((each for each in there if abs(each.yaw) <= FRONTAL), key=lambda each: abs(each.yaw))
    if not fronts:
        return {}
    sides = {Turn.LEFT: 1, Turn.RIGHT: -1}
    turned = {
        turn: [each for each in there if side * (each.yaw - fronts[0].yaw) >= SIDEWAYS] for turn, side in sides.items()
    }
    return {turn: shown for turn, shown in {Turn.FRONT: fronts, **turned}.items() if shown}


def _photograph(walk: Walk, image: GivenImage) -> Photograph | None:
    (observed,) = assess_quality(walk, locate(walk, capture(walk, [image])))
    if observed.located is None or observed.quality is None:
        return None
    area = observed.located.area
    assert isinstance(area, FaceArea)
    return Photograph(observed.located.sample.pixels, area.landmarks, observed.quality.measures["yaw"])


def _table(result: Mapping[str, Any]) -> Table:
    table = Table("presented", "presentations", "rate", "95 % interval", "failed checks")
    for kind in ("bpcer", "apcer"):
        for species, figures in result[kind].items():
            low, high = figures["interval"]
            failed = ", ".join(f"{check} {count}" for check, count in figures["failed"].items())
            counts = f"{figures['wrong']} of {figures['presentations']}"
            rate = f"{kind.upper()} {figures['rate']:.1%}"
            table.add_row(species, counts, rate, f"{low:.1%} - {high:.1%}", failed)
    table.caption = f"{result['persons']} persons, {FRAMES} frames and {TURNS} turns a presentation"
    return table


if __name__ == "__main__":
    typer.run(main)
