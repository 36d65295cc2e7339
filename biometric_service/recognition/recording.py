"""What the audit log is told of a use case: facts and digests, never biometric data."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from biometric_service.recognition.walk import Observation
from biometric_service.vocabulary.candidates import PartScore
from biometric_service.vocabulary.decisions import Decision
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.references import GalleryId, SubjectId


def event_of(  # noqa: PLR0913, PLR0917 - an event has this many parts
    kind: EventKind,
    caller: Caller,
    observed: Sequence[Observation],
    subject: SubjectId | None,
    gallery: GalleryId | None,
    details: Mapping[str, str],
) -> AuditEvent:
    """An event of now that rests on the given observations.

    ``qualities``: of each (``none``: not usable). ``signed_by``: the scanner of each in turn, - for none.
    """
    evidence = tuple(each.digest for each in observed)
    told = dict(details)
    if seen := " ".join(_quality(each) for each in observed if each.sample):
        told["qualities"] = seen
    if any(each.scanner for each in observed):
        told["signed_by"] = " ".join(each.scanner or "-" for each in observed)
    return AuditEvent(kind, datetime.now(UTC), caller, subject, gallery, told, evidence)


def decision_facts(decision: Decision) -> dict[str, str]:
    """A decision in short: outcome, best score and its parts, thresholds, policy, how much was searched, candidates."""
    best = decision.candidates[0].score if decision.candidates else 0.0
    parts = decision.candidates[0].parts if decision.candidates else ()
    policy = decision.operating_point.policy
    return {
        "outcome": decision.outcome.value,
        "score": f"{best:.2f}",
        "threshold": f"{decision.threshold:.2f}",
        "error_rate": f"{decision.operating_point.match:g}",
        "policy_version": policy.version,
        "policy_digest": policy.digest,
        "parts": " ".join(_in_short(part) for part in parts),
        "searched": str(decision.searched),
        "candidates": " ".join(candidate.subject for candidate in decision.candidates[:3]),
    }


def _quality(each: Observation) -> str:
    """Such as ``face=63.2``."""
    usable = each.failure is None and each.quality is not None
    return f"{each.image.modality.value}={f'{each.quality.score:.1f}' if usable and each.quality else 'none'}"


def _in_short(part: PartScore) -> str:
    """Such as ``fingerprint.right_index=5.20``, with a plus where the score was capped."""
    score = f"{part.score.value:.2f}{'+' * part.score.capped}"
    return f"{part.modality.value}.{part.position.name.lower()}={score}"
