"""Who is in the prison, and who comes to which post, when, and as whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from benchmarks.service.prison_posts import POSTS
from benchmarks.synthesis.seeds import finger_seed
from benchmarks.synthesis.strewing import FingerMinutiae, make_finger
from benchmarks.synthesis.templates import FORMAT, make_template
from biometric_service.vocabulary.decisions import Movement
from biometric_service.vocabulary.references import SubjectId
from biometric_service.vocabulary.templates import MinutiaeTemplate

SEED = 11
ENROLLED = 1
IMPOSTORS, STRANGERS, WITHOUT_CLAIM = 0.03, 0.01, 0.2
"""Shares of the checks."""


@lru_cache(2 * 1200)
def _finger(number: int) -> FingerMinutiae:
    return make_finger(finger_seed(SEED, number))


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody of whom there is one finger; ``post``: beside which they live."""

    number: int
    id: SubjectId
    post: int

    def impression(self, number: int) -> MinutiaeTemplate:
        """The template of an impression of the finger, 1 on."""
        return make_template(_finger(self.number), number, FORMAT)


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody comes to a post; ``at``: in the day, s. ``kind``: honest, impostor, stranger. ``person``: who it is.

    ``shows``: whose finger, and which impression of it.
    """

    id: str
    at: float
    post: int
    direction: Movement
    person: str
    claimed: SubjectId | None
    shows: tuple[Person, int]
    kind: str

    @property
    def template(self) -> MinutiaeTemplate:
        """What the finger leaves this time."""
        person, impression = self.shows
        return person.impression(impression)

    @property
    def honest(self) -> bool:
        """Whether they come as themselves."""
        return self.kind == "honest"


def people_of(count: int) -> list[Person]:
    """So many people, spread over the posts."""
    return [Person(number, SubjectId(f"P-{number:05d}"), number % len(POSTS)) for number in range(count)]


def visits_of(people: Sequence[Person], checks: int, day_s: float) -> list[Visit]:
    """So many visits in the order of time; everybody goes out and comes back in turn, by one of several impressions."""
    random = Random(SEED)
    away: set[int] = set()
    times = sorted(random.uniform(0, day_s) for _ in range(checks))
    return [_visit(number, at, people, random, away) for number, at in enumerate(times)]


def _visit(number: int, at: float, people: Sequence[Person], random: Random, away: set[int]) -> Visit:
    person = random.choice(people)
    drawn = random.random()
    name, impression = f"day-{number}", 2 + random.randrange(4)
    if drawn < STRANGERS:
        stranger = Person(100_000 + number, SubjectId("nobody"), person.post)
        return Visit(name, at, person.post, Movement.IN, "", None, (stranger, 1), "stranger")
    if drawn < STRANGERS + IMPOSTORS:
        other = random.choice([each for each in people if each.number != person.number])
        direction = Movement.OUT if other.number in away else Movement.IN
        return Visit(name, at, other.post, direction, person.id, other.id, (person, impression), "impostor")
    direction = Movement.OUT if person.number in away else Movement.IN
    away.symmetric_difference_update({person.number})
    claimed = None if random.random() < WITHOUT_CLAIM else person.id
    return Visit(name, at, person.post, direction, person.id, claimed, (person, impression), "honest")
