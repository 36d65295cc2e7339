"""A checkpoint that runs by itself: somebody comes, is captured, and learns whether the gate opens."""

import json
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Self
from uuid import uuid4

from biometric_service.checkpoint.answers import CheckpointAnswer, CheckpointState, Step
from biometric_service.checkpoint.checkpoint import Checkpoint
from biometric_service.checkpoint.link import Asked
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.recognition.requests import Given
from biometric_service.vocabulary.decisions import Movement
from biometric_service.vocabulary.movements import Ground
from biometric_service.vocabulary.references import Json, SubjectId
from biometric_service.vocabulary.samples import Modality

log = logging.getLogger(__name__)

TICK_S: Final = 0.5
"""How often the checkpoint looks after its queue, its slice and its link."""
TRIES: Final = 3
"""Pictures of one characteristic before another one is asked for."""

Told = Callable[[str], Mapping[str, Json]]
"""What is told, for a line of JSON, given the language of its sentences."""
Tell = Callable[[Told], None]
Capture = Callable[[Modality], Given]
"""Captures one sample; SAMPLES_UNUSABLE where nothing good came in time, DEVICE_FAILED."""


@dataclass
class Keeper:
    """Keeps up in a thread of its own, and tells each change of state; ``over``: once the device is revoked."""

    checkpoint: Checkpoint
    tell: Tell
    over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _told: tuple[object, ...] = ()

    def __enter__(self) -> Self:
        """Keep up once, then begin to do so by itself."""
        self._keep_up()
        self._thread = threading.Thread(target=self._run, name="checkpoint", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.over.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self.over.wait(TICK_S):
            self._keep_up()

    def _keep_up(self) -> None:
        try:
            self._note(self.checkpoint.keep_up())
        except BiometricServiceError as fault:
            if self._told != (fault.code,):
                self._told = (fault.code,)
                self.tell(fault_told(fault))
            if fault.code is ErrorCode.DEVICE_REVOKED:
                self.over.set()
        except Exception as fault:  # a full disk, say: whoever keeps up must not end unseen
            if self._told != (type(fault),):
                self._told = (type(fault),)
                log.exception("the checkpoint could not keep up")

    def _note(self, state: CheckpointState) -> None:
        seen = (state.linked, state.waiting, state.refused, state.slice, state.stale)
        if seen != self._told:
            self._told = seen
            self.tell(state.told)


@dataclass(frozen=True, slots=True)
class Lane:
    """What people walk through. ``claimed``: who they say to be, None where nobody asks."""

    checkpoint: Checkpoint
    capture: Capture
    direction: Movement
    tell: Tell
    claimed: SubjectId | None = None

    def one_person(self) -> CheckpointAnswer:
        """Face, then finger where there is a reader and the face does not settle it; the last answer counts."""
        images: tuple[Given, ...] = (self.capture(Modality.FACE),)
        answer = self._asked(images)
        for _ in range(TRIES - 1):
            if answer.step is not Step.AGAIN:
                break
            images = (self.capture(Modality.FACE),)
            answer = self._asked(images)
        if answer.step is Step.FINGER:
            kept = () if answer.ground == Ground.SEARCH_INCOMPLETE else images  # a face that cannot be compared here
            answer = self._asked((*kept, self.capture(Modality.FINGERPRINT)))
        return answer

    def _asked(self, images: tuple[Given, ...]) -> CheckpointAnswer:
        answer = self.checkpoint.check(Asked(uuid4().hex, images, self.direction, self.claimed))
        self.tell(answer.told)
        return answer


def fault_told(fault: BiometricServiceError) -> Told:
    """A fault, for a line of JSON."""

    def told(language: str) -> Mapping[str, Json]:
        said = {"message": fault.what.told(language), "action": fault.do.told(language)}
        return {"event": "fault", "code": fault.code.value, **said}

    return told


def as_line(told: Mapping[str, Json]) -> str:
    """One line of JSON."""
    return json.dumps(told, separators=(",", ":"))
