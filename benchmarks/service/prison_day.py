"""A day of a prison: does anything get lost, doubled or wrong between checkpoints, the service and who is told?

    python -m benchmarks.service.prison_day [--scale 1.0] [--json] [--to FOLDER]

1,200 people, 20,000 checks at posts, a count of everybody, three checkpoints without a line for twenty minutes, and one
restart of the service. The service runs in a process of its own and is spoken to over HTTP; the checkpoints are the
agent's own decision core; other systems are told by signed webhooks. People are synthetic templates: most come as
themselves, some claim to be somebody else, some are nobody. ``--scale`` shrinks people and checks.

``wrong_pass``: checks in which somebody passed who was somebody else, or nobody. ``wrong_stop``: in which somebody was
stopped who came as themselves, and ``wrong_stops_by_reason`` why. ``missing_because``: why those who stood before the
count were not counted. ``poor_impressions``: what each impression by which somebody did not pass, or was not counted,
scores against the enrolled one (-log10 FMR): where that is low, the finger is not to be recognised by it.
``events_lost``, ``events_doubled``: of passages, stops and counts, by what each post showed and of whom, against what
the receiver was told by webhooks; its repetitions (the same id) do not count. ``doubted``: how many a post let pass
without the line against what the service knew, or had answered too late.
"""

import json
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
from rich.console import Console
from rich.progress import Progress

from benchmarks.service.prison_people import ENROLLED, Person, Visit, people_of, visits_of
from benchmarks.service.prison_plot import plot
from benchmarks.service.prison_posts import DAY_S, POSTS, Prison, opened_prison
from benchmarks.service.prison_receiver import Happened, Receiver, receiving
from benchmarks.service.template_models import picture_of, template_stages
from biometric_service.checkpoint.link import Asked
from biometric_service.errors import BiometricServiceError
from biometric_service.recognition.requests import GivenImage
from biometric_service.vocabulary.decisions import Passage
from biometric_service.vocabulary.samples import Modality

PEOPLE, CHECKS = 1200, 20_000
MUSTER_AT, MUSTER_S = 6 * 3600.0, 1800.0
COUNTED_BY = 7
"""The impression that everybody gives at the count."""
CUT_AT, CUT_S = 3 * 3600.0, 1200.0
CUT_POSTS = 3
RESTART_AT, RESTART_S = 9 * 3600.0, 600.0
PATIENCE_S = 300.0
TOLD_AS = {Passage.PASS: "subject.moved", Passage.STOP: "subject.blocked"}
"""What others are told of a check; of any other, nothing."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What came of one check; ``at``: in the simulated day, s. ``took``: from the picture to the answer, s."""

    visit: Visit
    passage: Passage | None
    subject: str
    offline: bool
    took: float
    ground: str = ""


@dataclass(frozen=True, slots=True)
class Day:
    """What came of the day."""

    events_lost: int
    events_doubled: int
    wrong_pass: int
    wrong_stop: int
    p50_ms: float
    p99_ms: float
    people: int
    checks: int
    offline: int
    impostors: int
    strangers: int
    reviews: int
    faults: int
    repeated_deliveries: int
    doubted: int
    muster: Mapping[str, int]
    seconds: float
    wrong_stops_by_reason: Mapping[str, int]
    missing_because: Mapping[str, int]
    poor_impressions: Mapping[str, float]


@dataclass(slots=True)
class Course:
    """What is noted while the day goes on; safe in threads."""

    checked: list[Checked] = field(default_factory=list)
    counted: set[Happened] = field(default_factory=set)
    uncounted: dict[Person, str] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)


def main(
    scale: Annotated[float, typer.Option(min=0.005, max=1, help="Share of the people and checks.")] = 1.0,
    to: Annotated[Path | None, typer.Option(help="Folder for prison_day.json and the plot of the day.")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Run the day and print what came of it; exit status 1 where an event was lost or doubled."""
    day, course = measured(scale)
    found = asdict(day)
    if to is not None:
        (to / "prison_day.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
        plot(course.checked, {"line cut": (CUT_AT, CUT_S), "count": (MUSTER_AT, MUSTER_S)}, RESTART_AT, to)
    print(json.dumps(found)) if as_json else Console().print(found)
    sys.exit(bool(day.events_lost or day.events_doubled))


def measured(scale: float) -> tuple[Day, Course]:
    """The day at a scale."""
    people = people_of(max(len(POSTS) * 2, round(PEOPLE * scale)))
    visits = visits_of(people, max(40, round(CHECKS * scale)), DAY_S)
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory() as folder,
        receiving() as receiver,
        opened_prison(Path(folder), people, receiver) as prison,
    ):
        course = _lived(prison, people, visits)
        tally = prison.close_muster()
        expected = _expected(course)
        _wait_until_told(receiver, expected)
        told = receiver.told()
    return _day(people, course, expected, told, receiver, tally, time.monotonic() - began), course


def _lived(prison: Prison, people: Sequence[Person], visits: Sequence[Visit]) -> Course:
    """Every post works through its visits in their order; the count and the restart come when it is time."""
    course, clock = Course(), _Clock()
    with Progress(console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task("The day", total=len(visits) + len(people))
        going = _Going(prison, course, clock, lambda: progress.advance(bar))
        posts = [threading.Thread(target=going.at_post, args=(post, visits)) for post in range(len(POSTS))]
        count = threading.Thread(target=going.count, args=(people,))
        for each in (*posts, count):
            each.start()
        while clock.now() < RESTART_AT and any(each.is_alive() for each in posts):
            time.sleep(0.02)
        prison.restart()
        going.back.set()
        for each in (*posts, count):
            each.join()
    prison.keep_up()
    return course


class _Clock:
    """The time of the simulated day: that of the post which is furthest behind."""

    def __init__(self) -> None:
        self._at = dict.fromkeys(range(len(POSTS)), 0.0)

    def now(self) -> float:
        """In seconds."""
        return min(self._at.values())

    def reach(self, post: int, at: float) -> None:
        """A post has come so far."""
        self._at[post] = at

    def wait_until(self, at: float) -> None:
        """Until every post has come so far."""
        while self.now() < at:
            time.sleep(0.01)


@dataclass(frozen=True, slots=True)
class _Going:
    """What goes on at once; ``done``: told of every check, ``back``: set once the service is there again."""

    prison: Prison
    course: Course
    clock: _Clock
    done: Callable[[], object]
    back: threading.Event = field(default_factory=threading.Event)

    def at_post(self, post: int, visits: Sequence[Visit]) -> None:
        """Nobody is further ahead of the others than a line is cut for, or than the service takes to come back."""
        link = self.prison.links[post]
        for visit in (each for each in visits if each.post == post):
            self.clock.reach(post, visit.at)
            self.clock.wait_until(visit.at - CUT_S)
            if visit.at > RESTART_AT + RESTART_S:
                self.back.wait()
            link.cut = post < CUT_POSTS and CUT_AT <= visit.at < CUT_AT + CUT_S
            self.course.checked.append(self._checked(post, visit))
            self.prison.keep_up_now_and_then(post)
            self.done()
        link.cut = False
        self.clock.reach(post, DAY_S)

    def _checked(self, post: int, visit: Visit) -> Checked:
        image = GivenImage(picture_of(visit.template), Modality.FINGERPRINT)
        try:
            answer = self.prison.checkpoints[post].check(Asked(visit.id, (image,), visit.direction, visit.claimed))
        except BiometricServiceError as fault:
            self.course.faults[fault.code.value] += 1
            return Checked(visit, None, "", offline=False, took=0.0)
        return Checked(visit, answer.passage, answer.subject or "", answer.offline, answer.took, answer.ground)

    def count(self, people: Sequence[Person]) -> None:
        """Everybody is counted in half an hour, spread over it."""
        self.clock.wait_until(MUSTER_AT)
        muster = self.prison.start_muster()
        for number, person in enumerate(people):
            self.clock.wait_until(MUSTER_AT + MUSTER_S * number / len(people))
            state = self.prison.count(muster, picture_of(person.impression(COUNTED_BY)))
            if state.get("subject") and not state.get("finding"):
                self.course.counted.add(Happened(muster, "subject.counted", state["subject"]))
            elif state.get("finding") != "duplicate":  # such as one whose first answer was lost
                self.course.uncounted[person] = str(state.get("finding") or state["decision"]["outcome"])
            self.done()


def _expected(course: Course) -> set[Happened]:
    """What others are to be told of: every passage and stop as the post showed it, and everybody who was counted."""
    settled = {Happened(each.visit.id, kind, each.subject) for each in course.checked if (kind := _told_as(each))}
    return settled | course.counted


def _told_as(checked: Checked) -> str | None:
    return None if checked.passage is None else TOLD_AS.get(checked.passage)


def _wait_until_told(receiver: Receiver, expected: set[Happened]) -> None:
    until = time.monotonic() + PATIENCE_S
    while not expected <= receiver.told().keys() and time.monotonic() < until:
        time.sleep(0.2)
    time.sleep(1)


def _day(  # noqa: PLR0913, PLR0917 - everything that was noted
    people: Sequence[Person],
    course: Course,
    expected: set[Happened],
    told: Mapping[Happened, set[str]],
    receiver: Receiver,
    tally: Mapping[str, int],
    seconds: float,
) -> Day:
    took = np.array([each.took for each in course.checked if each.passage is not None]) * 1000
    passed = [each for each in course.checked if each.passage is Passage.PASS]
    stopped = [each for each in course.checked if each.passage is Passage.STOP]
    return Day(
        events_lost=len(expected - told.keys()),
        events_doubled=sum(len(messages) > 1 for messages in told.values()),
        wrong_pass=sum(each.subject != each.visit.person for each in passed),
        wrong_stop=sum(each.visit.honest for each in stopped),
        p50_ms=round(float(np.percentile(took, 50)), 1),
        p99_ms=round(float(np.percentile(took, 99)), 1),
        people=len(people),
        checks=len(course.checked),
        offline=sum(each.offline for each in course.checked),
        impostors=sum(each.visit.kind == "impostor" for each in course.checked),
        strangers=sum(each.visit.kind == "stranger" for each in course.checked),
        reviews=sum(each.passage in {Passage.REVIEW, Passage.RECAPTURE} for each in course.checked),
        faults=course.faults.total(),
        repeated_deliveries=receiver.repeated,
        doubted=receiver.doubted(),
        muster=tally,
        seconds=round(seconds, 1),
        wrong_stops_by_reason=dict(Counter(_reason(each) for each in stopped if each.visit.honest)),
        missing_because=dict(Counter(course.uncounted.values())),
        poor_impressions=dict(_poor(course)),
    )


def _reason(stopped: Checked) -> str:
    return f"{stopped.ground}, {'offline' if stopped.offline else 'online'}"


def _poor(course: Course) -> Iterator[tuple[str, float]]:
    """What each impression that did not do scores against the enrolled one, once each."""
    comparator = template_stages().comparators[Modality.FINGERPRINT]
    failed = {each.visit.shows for each in course.checked if each.visit.honest and each.passage is not Passage.PASS}
    failed |= {(person, COUNTED_BY) for person in course.uncounted}
    for person, number in sorted(failed, key=lambda each: (each[0].number, each[1])):
        score = comparator.compare(person.impression(number), person.impression(ENROLLED))
        yield f"{person.id} impression {number}", round(score, 2)


if __name__ == "__main__":
    typer.run(main)
