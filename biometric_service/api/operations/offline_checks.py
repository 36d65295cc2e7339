"""What a device tells of a check by hand: believed of two officers' keys, and never of their faces alone."""

from collections.abc import Mapping

from biometric_service.api.operations.movement_wire import PassageBody
from biometric_service.recognition.day_events import day_event
from biometric_service.recognition.officers import Confirmed, Heard, hear
from biometric_service.vocabulary.access import Device
from biometric_service.vocabulary.decisions import Passage
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.movements import Ground, Means, Passing, Ruling
from biometric_service.vocabulary.officer_keys import KeyProof, OfficerKeyStore, said_by_hand
from biometric_service.vocabulary.references import SubjectId


def is_by_hand(passage: PassageBody) -> bool:
    """Whether officers answered for the person, by whatever the device says of it."""
    told = passage.means is Means.MANUAL or passage.ground is Ground.CONFIRMED_BY_TWO
    return told or bool(passage.officers) or bool(passage.keys)


def heard(keys: OfficerKeyStore, device: Device, body: PassageBody, passing: Passing, purpose: str) -> Heard | None:
    """What is to be believed of the keys that were given for it; None where none was."""
    if not body.keys:
        return None
    proofs = tuple(KeyProof(each.key, each.proof) for each in body.keys)
    told = Ruling(body.decision, body.ground, (), None if body.subject is None else SubjectId(body.subject))
    said = said_by_hand(passing, told, body.why)
    return hear(keys, Confirmed(device, passing.post, purpose, passing.at, said, proofs))


def is_believed(passage: PassageBody, said: Heard | None) -> bool:
    """Whether two officers' keys stand for it."""
    return said is not None and said.doubt is None and passage.ground is Ground.CONFIRMED_BY_TWO


def facts_of(passage: PassageBody, said: Heard | None) -> Mapping[str, str]:
    """What the log has of it; ``decided``: what the device showed, ``keys``: their public parts."""
    if not is_by_hand(passage):
        return {}
    officers = passage.officers if said is None else said.officers
    facts = {"officers": " ".join(officers), "why": passage.why, "decided": passage.decision.value}
    if said is not None:
        facts["keys"] = " ".join(each.key for each in passage.keys)
    if said is not None and said.doubt is not None:
        facts["doubt"] = said.doubt.value
    return facts


def alarm_of(passage: PassageBody, said: Heard | None, passing: Passing, caller: Caller) -> AuditEvent | None:
    """The event for somebody to look at, where keys were given that may not do so."""
    if said is None or said.doubt is None:
        return None
    facts = {
        **facts_of(passage, said),
        "passage_id": passing.id,
        "post": passing.post.id,
        "direction": passing.direction.value,
        "decided_at": passing.at.isoformat(),
        "let_pass": str(passage.decision is Passage.PASS).lower(),
    }
    return day_event(EventKind.MANUAL_CHECK_DOUBTED, caller, None, passing.post.gallery, **facts)
