"""How far a session has got: each frame is judged, advised on, and its samples are taken when they are good."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from biometric_service.capture.session.events import Advised, CaptureEvent, Presence, Seen, Taken
from biometric_service.capture.session.hints import Hint, advice_on
from biometric_service.capture.session.judging import Judge, Judgement
from biometric_service.capture.session.motion import AT_ONCE, moved
from biometric_service.capture.session.plan import Plan
from biometric_service.capture.session.platen import residue
from biometric_service.capture.session.scans import SCANS, SLAPS, Fingers, Scan, samples_on, scan_of
from biometric_service.capture.slap.checking import SlapAdvice
from biometric_service.vocabulary.quality import Defect
from biometric_service.vocabulary.references import CaptureException
from biometric_service.vocabulary.samples import BiometricSample, FingerPosition, Modality
from device_drivers.frames import said_of
from device_drivers.protocol import Advice, Frame

DIRTY = 0.05
"""Share of the free platen that may show an old print."""
NEVER = frozenset({Defect.LOW_CONTRAST})
"""Of a live device, never taken however long it lasts: it may be what the finger before left on the platen."""

Place = tuple[FingerPosition, str]


@dataclass(frozen=True, slots=True)
class Held:
    """The best picture so far of what is not taken yet. ``good``: how many without defect; ``since``: monotonic, s."""

    sample: BiometricSample
    score: float
    good: int
    since: float


class CaptureProgress:
    """Sees one frame after the other, and knows what is still to come. No clock and no device: frames bring the time.

    ``refusal``: why the session cannot go on, such as a card whose slap is of the other hand; empty while it can.
    """

    def __init__(self, plan: Plan, judge: Judge) -> None:
        self._plan, self._judge = plan, judge
        self._taken: dict[Place, Taken] = {}
        self._held: dict[Place, Held] = {}
        self._announced: dict[FingerPosition, None] = dict.fromkeys(plan.wanted())
        self._exceptions = {each.position: each for each in plan.exceptions}
        self._before: Frame | None = None
        self._there = False
        self._said: tuple[Defect | Hint | Advice, FingerPosition] | None = None
        self._within_group = False
        self._lift = False
        self.refusal = ""

    @property
    def taken(self) -> tuple[Taken, ...]:
        """What was taken, in order."""
        return tuple(self._taken.values())

    @property
    def exceptions(self) -> tuple[CaptureException, ...]:
        """The fingers that are not there, as they were given and as the device's records say."""
        return tuple(self._exceptions.values())

    @property
    def missing(self) -> Fingers:
        """Fingers that were asked for, or that a scan was said to show, and that nothing was taken of."""
        done = {each.sample.position for each in self._taken.values()}
        return tuple(each for each in self._announced if each not in done and each not in self._exceptions)

    @property
    def complete(self) -> bool:
        """Whether everything was taken, and nothing more of the same capture is to come."""
        return bool(self._taken) and not self.missing and not self._within_group and not self._held

    def next_scan(self) -> int:
        """What the person is to put down now, as a friction ridge position code; 0 where anything will do."""
        if self._plan.shows:
            return self._plan.shows
        missing = self.missing
        if self._plan.slaps:
            return next((code for code in SLAPS if set(SCANS[code]) & set(missing)), 0)
        return next(iter(missing), FingerPosition.UNKNOWN).value

    def see(self, frame: Frame) -> Iterator[CaptureEvent]:
        """What is to be told of a frame."""
        scan = scan_of(frame, self.next_scan())
        self._within_group = bool(scan.label) and not scan.last
        self._exceptions = {each.position: each for each in scan.absent} | self._exceptions
        samples = self._samples(frame, scan)
        if isinstance(samples, Advised):
            yield from self._refused(frame, samples)
            return
        judged = [(sample, self._judge.judge(sample)) for sample in samples]
        there = any(judgement.there for _, judgement in judged)
        yield Seen(frame, there)
        yield from self._presence(there=there)
        if self._is_still_on(frame, there=there):
            return
        hint = self._hint(frame, there=there) if not scan.label else None
        for sample, judgement in judged:
            yield from self._weighed(sample, judgement, scan, hint, frame.monotonic)
        self._before = frame if there else None

    def _refused(self, frame: Frame, advice: Advised) -> Iterator[CaptureEvent]:
        there = advice.reason is not Defect.NO_FINGER
        yield Seen(frame, there)
        yield from self._presence(there=there)
        if not there:
            self._before, self._lift = None, False
        yield from self._advised(advice)

    def _is_still_on(self, frame: Frame, *, there: bool) -> bool:
        """Whether the finger that was just taken has not been lifted yet: it is not the next one."""
        touch = self._before is None or said_of(frame, "file") or frame.monotonic - self._before.monotonic > AT_ONCE
        self._lift = self._lift and there and not touch
        if self._lift:
            self._before = frame
        return self._lift

    def settle(self, now: float) -> Iterator[CaptureEvent]:
        """Take what has waited for something better as long as the plan says; ``now``: monotonic, s."""
        patience = self._plan.patience
        for place, held in list(self._held.items()):
            if math.isfinite(patience) and now - held.since >= patience:
                yield from self._take(place, held)

    def _samples(self, frame: Frame, scan: Scan) -> tuple[BiometricSample, ...] | Advised:
        if self._plan.shows and scan.code != self._plan.shows:
            return _advised(Hint.WRONG_FINGER)
        wanted = scan.fingers
        if self._plan.fingers and wanted and not set(wanted) & set(self._plan.fingers):
            return _advised(Hint.WRONG_FINGER)
        if wanted and set(wanted) <= set(self._exceptions):
            return _advised(Hint.EXCEPTED, wanted[0])
        self._announced |= dict.fromkeys(wanted)
        found = samples_on(frame, scan, self._plan, self._exceptions.keys())
        return self._on_slap(found, scan) if isinstance(found, SlapAdvice) else found

    def _on_slap(self, found: SlapAdvice, scan: Scan) -> Advised:
        if found.other_hand and scan.label:
            self.refusal = str(found.advice)
        if found.missing and found.missing == len([each for each in scan.fingers if each not in self._exceptions]):
            return Advised(Defect.NO_FINGER, str(found.advice))
        return Advised(Hint.OTHER_HAND if found.other_hand else Hint.FINGERS_MISSING, str(found.advice))

    def _presence(self, *, there: bool) -> Iterator[CaptureEvent]:
        if there != self._there:
            self._there = there
            yield Presence(there)

    def _hint(self, frame: Frame, *, there: bool) -> Hint | None:
        """What only shows beside the picture itself, of a live fingerprint scanner."""
        if self._plan.modality is not Modality.FINGERPRINT or not there:
            return None
        if self._before is not None and moved(self._before, frame):
            return Hint.MOVED
        grey = frame.pixels.ndim == 2  # noqa: PLR2004 (a scanner's picture)
        return Hint.PLATEN_DIRTY if grey and residue(frame.pixels, frame.dpi or 500.0) > DIRTY else None

    def _weighed(
        self, sample: BiometricSample, judgement: Judgement, scan: Scan, hint: Hint | None, now: float
    ) -> Iterator[CaptureEvent]:
        place = (sample.position, scan.label)
        if place in self._taken:
            return
        reason = hint or next(iter(judgement.defects), None)
        if reason is not None:
            yield from self._advised(_advised(reason, sample.position))
        if not judgement.acceptable or hint is Hint.MOVED:
            return
        if scan.label:
            yield from self._take(place, Held(sample, judgement.score, 1, now))
        elif not NEVER & set(judgement.defects):
            yield from self._hold(place, sample, judgement.score, now, good=reason is None)

    def _hold(
        self, place: Place, sample: BiometricSample, score: float, now: float, *, good: bool
    ) -> Iterator[CaptureEvent]:
        held = self._held.get(place, Held(sample, -1.0, 0, now))
        best = held if held.score >= score and not (good and held.good == 0) else Held(sample, score, 0, held.since)
        held = Held(best.sample, best.score, held.good + good, held.since)
        self._held[place] = held
        if held.good >= self._plan.best_of:
            yield from self._take(place, held)

    def _take(self, place: Place, held: Held) -> Iterator[CaptureEvent]:
        self._held.pop(place, None)
        if not place[1] and self._is_repeated(held.sample):
            yield from self._advised(_advised(Hint.FINGER_REPEATED, held.sample.position))
            return
        self._said, self._lift = None, not place[1]
        self._taken[place] = Taken(held.sample, held.score, max(held.good, 1))
        yield self._taken[place]

    def _is_repeated(self, sample: BiometricSample) -> bool:
        others = (each.sample for each in self._taken.values() if each.sample.position != sample.position)
        return any(self._judge.same_finger(sample, other) for other in others)

    def _advised(self, advice: Advised) -> Iterator[CaptureEvent]:
        """Each advice once, until another takes its place."""
        said = (advice.reason, advice.position)
        if said != self._said:
            self._said = said
            yield advice


def _advised(reason: Defect | Hint, position: FingerPosition = FingerPosition.UNKNOWN) -> Advised:
    return Advised(reason, advice_on(reason), position)
