"""Two officers answer for somebody by keys of their own, while the service cannot be reached.

The slice holds a MAC of the key of each who may (``vocabulary.officer_keys``). What they decide stands as at the
service: the rules of the post say what follows. It is told with a proof of each key, of this one check, and the keys
are kept nowhere. That keys were refused is told as well.
"""

import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from biometric_service.checkpoint.answers import OnlineAnswer
from biometric_service.checkpoint.by_hand import Why
from biometric_service.checkpoint.held import HeldSlice
from biometric_service.checkpoint.passages import ManualFacts
from biometric_service.recognition.officers import TWO
from biometric_service.recognition.passing import passing_now, post_rule
from biometric_service.recognition.walk import require_member
from biometric_service.vocabulary.decisions import Movement, Passage
from biometric_service.vocabulary.events import Caller
from biometric_service.vocabulary.movements import Ground, Means, Ruling
from biometric_service.vocabulary.officer_keys import GivenKey, OfficerKey, OfficerKeys, given_key, mac_in_slice
from biometric_service.vocabulary.places import Post
from biometric_service.vocabulary.references import GalleryId, SubjectId
from biometric_service.vocabulary.rulings import RulingCode, RulingReason, because, sentences

_NOBODYS: Final = OfficerKey("", "", None, "0" * 64)


@dataclass(frozen=True, slots=True)
class ByKeys:
    """``keys``: the secret of either officer. ``id``: of the passage."""

    id: str
    subject: SubjectId
    direction: Movement
    why: Why
    keys: tuple[str, str] = field(repr=False)


def enough_officers(officers: OfficerKeys | None, at: datetime) -> bool:
    """Whether two different officers could decide by keys at all."""
    return officers is not None and len({each.owner for each in officers.keys if _in_force(each, at)}) >= TWO


def confirm_by_keys(held: HeldSlice, asked: ByKeys, people: GalleryId, caller: Caller, at: datetime) -> OnlineAnswer:
    """Let two officers say who somebody is: what the rules of the post say of that.

    A review of the ground NOT_CERTAIN where the keys are not of two officers who may. SUBJECT_UNKNOWN for somebody whom
    the slice does not have in the gallery of the post.
    """
    rules = held.rules
    if rules is None:
        return _review(because(RulingCode.NO_RULES))
    given = [given_key(each) for each in asked.keys]
    if not _of_two(held.officers, given, caller.device, at):
        return _refused(held, asked, rules.post, caller)
    require_member(held.walk, asked.subject, people)
    why = because(RulingCode.CONFIRMED_BY_TWO, subject=asked.subject)
    identity = Ruling(Passage.PASS, Ground.CONFIRMED_BY_TWO, why, asked.subject)
    passing = passing_now(rules.post, asked.direction, Means.MANUAL, caller, asked.id)
    rule = post_rule(rules.post, asked.direction, identity)
    ruling = held.passages.confirm(passing, identity, rule, ManualFacts((), asked.why.value, tuple(given))).ruling
    return OnlineAnswer(ruling.passage, ruling.subject, sentences(ruling.why), (), ruling.ground.value)


def _of_two(officers: OfficerKeys | None, given: Sequence[GivenKey], device: str, at: datetime) -> bool:
    """Whether the keys are in the slice, in force, and of two owners; each is compared, whichever is wrong."""
    if officers is None:
        return False
    found = [_owner(officers, each, device, at) for each in given]
    return "" not in found and len(set(found)) == TWO


def _owner(officers: OfficerKeys, given: GivenKey, device: str, at: datetime) -> str:
    """Whose key it is, empty for nobody's; an unknown id takes a comparison too, each in constant time."""
    kept = next((each for each in officers.keys if each.id == given.id), _NOBODYS)
    made = mac_in_slice(given.digest, officers.salt, device, given.id)
    same = hmac.compare_digest(made, kept.mac)
    return kept.owner if same and _in_force(kept, at) else ""


def _in_force(key: OfficerKey, at: datetime) -> bool:
    return key.expires_at is None or key.expires_at > at


def _refused(held: HeldSlice, asked: ByKeys, post: Post, caller: Caller) -> OnlineAnswer:
    """Nobody passes, and the service is told that somebody tried: without a person, an officer or a key.

    Under an id of its own: keys that are right may follow under the one that was asked.
    """
    passing = passing_now(post, asked.direction, Means.MANUAL, caller)
    why = because(RulingCode.NOT_TWO_KEYS)
    ruling = Ruling(Passage.REVIEW, Ground.NOT_CERTAIN, why)
    held.passages.refuse(passing, ruling, ManualFacts((), asked.why.value))
    return _review(why)


def _review(why: tuple[RulingReason, ...]) -> OnlineAnswer:
    return OnlineAnswer(Passage.REVIEW, None, sentences(why), (), Ground.NOT_CERTAIN.value)
