"""Two officers answer for somebody whom no face and no finger can show, while the service cannot be reached.

The officers are recognised on the slice, in a gallery of their own: a device takes nobody's word for who they are. A
face proves less than a key, since a photograph of it may be shown: the answer is a review and never a pass, here as at
the service, until two officers confirm it by their keys: there, or here where the device may take them (``by_keys``).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from biometric_service.checkpoint.answers import OnlineAnswer
from biometric_service.checkpoint.held import HeldSlice
from biometric_service.checkpoint.passages import ManualFacts
from biometric_service.recognition.identification import identify
from biometric_service.recognition.passing import passing_now, post_rule
from biometric_service.recognition.requests import Given, IdentificationRequest
from biometric_service.recognition.walk import require_member
from biometric_service.vocabulary.decisions import Movement, Passage
from biometric_service.vocabulary.events import Caller
from biometric_service.vocabulary.movements import Ground, Means, Ruling
from biometric_service.vocabulary.references import GalleryId, SubjectId
from biometric_service.vocabulary.rulings import RulingCode, because, sentences

_DIFFERENT: Final = 3


class Why(StrEnum):
    """Why somebody is checked by hand: a word, so that nothing about the person's health is written down at a gate."""

    NOT_READABLE = "not_readable"
    NOT_PRESENTABLE = "not_presentable"
    DEVICE_BROKEN = "device_broken"
    EMERGENCY = "emergency"


@dataclass(frozen=True, slots=True)
class ByHand:
    """``officers``: samples of either. ``id``: of the passage."""

    id: str
    subject: SubjectId
    direction: Movement
    why: Why
    officers: tuple[tuple[Given, ...], tuple[Given, ...]]


@dataclass(frozen=True, slots=True)
class Among:
    """The gallery of those who may be at the post, and that of those who may answer for them."""

    people: GalleryId
    officers: GalleryId


def confirm_by_hand(held: HeldSlice, asked: ByHand, among: Among, caller: Caller) -> OnlineAnswer:
    """Note who answers for somebody: a review for whoever looks on, or a stop where the post's rules let nobody pass.

    Its ground is OFFICERS_UNPROVEN where both were recognised, else NOT_CERTAIN.
    SUBJECT_UNKNOWN for somebody whom the slice does not have in the gallery of the post, GALLERY_UNKNOWN where it holds
    no officers.
    """
    rules = held.rules
    if rules is None:
        return _refused(RulingCode.NO_RULES)
    require_member(held.walk, asked.subject, among.people)
    first, second = (_officer(held, images, among.officers, caller) for images in asked.officers)
    if first is None or second is None or len({first, second, asked.subject}) < _DIFFERENT:
        return _refused(RulingCode.NOT_TWO_OFFICERS)
    facts = ManualFacts((first, second), asked.why.value)
    why = because(RulingCode.OFFICERS_UNPROVEN, subject=asked.subject)
    identity = Ruling(Passage.PASS, Ground.OFFICERS_UNPROVEN, why, asked.subject)
    passing = passing_now(rules.post, asked.direction, Means.MANUAL, caller, asked.id)
    passed = held.passages.confirm(passing, identity, post_rule(rules.post, asked.direction, identity), facts)
    ruling = passed.ruling
    return OnlineAnswer(ruling.passage, ruling.subject, sentences(ruling.why), (), ruling.ground.value)


def _officer(held: HeldSlice, images: Sequence[Given], officers: GalleryId, caller: Caller) -> SubjectId | None:
    return identify(held.walk, IdentificationRequest(tuple(images), officers), caller).decision.subject


def _refused(why: RulingCode) -> OnlineAnswer:
    return OnlineAnswer(Passage.REVIEW, None, sentences(because(why)), (), Ground.NOT_CERTAIN.value)
