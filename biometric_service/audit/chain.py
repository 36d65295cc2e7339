"""The hash chain: the canonical form of an event, its digest, and the check of a whole log.

The digest of an event is SHA-256 over the digest before it and the event's canonical form: JSON in ASCII with sorted
keys, no blanks and the time in UTC with microseconds. The event's number is part of it.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind, RecordedEvent

GENESIS = bytes(32)
LONGEST_BODY = 65_536


@dataclass(frozen=True, slots=True)
class Link:
    """An event as the log keeps it: ``body`` is the canonical form that ``digest`` covers, with ``previous``."""

    number: int
    body: bytes
    previous: bytes
    digest: bytes


@dataclass(frozen=True, slots=True)
class Head:
    """Where the chain ends: how many events there are, and the digest of the last (GENESIS where there is none)."""

    count: int
    digest: bytes


def link(head: Head, event: AuditEvent) -> Link:
    """The event as the next of the chain; REQUEST_INVALID where it is too long to be a set of short facts."""
    number = head.count + 1
    body = canonical(number, event)
    if len(body) > LONGEST_BODY:
        raise BiometricServiceError(
            ErrorCode.REQUEST_INVALID, "The audit event is too long.", "Give shorter facts: the log holds no data."
        )
    return Link(number, body, head.digest, digest_of(head.digest, body))


def canonical(number: int, event: AuditEvent) -> bytes:
    """The canonical form of an event."""
    fields = {
        "number": number,
        "kind": event.kind.value,
        "at": event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": event.caller.actor,
        "purpose": event.caller.purpose,
        "device": event.caller.device,
        "subject": event.subject,
        "gallery": event.gallery,
        "details": dict(event.details),
        "evidence": event.evidence,
    }
    if event.caller.transaction:
        fields["transaction"] = event.caller.transaction
    if event.caller.legal_basis:
        fields["legal_basis"] = event.caller.legal_basis
    if event.caller.owner:
        fields["owner"] = event.caller.owner
    return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()


def digest_of(previous: bytes, body: bytes) -> bytes:
    """SHA-256 of the digest before an event and the event's canonical form."""
    return hashlib.sha256(previous + body).digest()


def recorded(kept: Link) -> RecordedEvent:
    """The event that a link holds; AUDIT_CHAIN_BROKEN where its body cannot be read."""
    try:
        event = _event(json.loads(kept.body))
    except (ValueError, KeyError, TypeError):
        raise broken(kept.number, "cannot be read") from None
    return RecordedEvent(kept.number, event, kept.previous.hex(), kept.digest.hex())


def verify(links: Iterable[Link], head: Head) -> None:
    """Walk the chain from its first event to ``head``; AUDIT_CHAIN_BROKEN names the first event that is wrong."""
    reached = Head(0, GENESIS)
    for kept in links:
        reached = _next(reached, kept)
    if reached.count < head.count:
        raise broken(reached.count + 1, "and what follows it are missing")
    if reached != head:
        raise broken(head.count, "is not the one that the log was closed with")


def broken(number: int, fault: str) -> BiometricServiceError:
    """AUDIT_CHAIN_BROKEN, naming the event."""
    return BiometricServiceError(
        ErrorCode.AUDIT_CHAIN_BROKEN,
        f"Event {number} of the audit log {fault}.",
        "Keep the database as evidence, find out who could write to it, and restore a backup from before.",
    )


def _next(reached: Head, kept: Link) -> Head:
    expected = reached.count + 1
    if kept.number != expected:
        raise broken(expected, "is missing or out of place")
    if kept.previous != reached.digest or kept.digest != digest_of(kept.previous, kept.body):
        raise broken(expected, "was changed")
    return Head(kept.number, kept.digest)


def _event(fields: dict[str, Any]) -> AuditEvent:
    return AuditEvent(
        kind=EventKind(fields["kind"]),
        at=datetime.fromisoformat(fields["at"]),
        caller=Caller(
            fields["actor"],
            fields["purpose"],
            fields["device"],
            fields.get("transaction", ""),
            fields.get("legal_basis", ""),
            fields.get("owner", ""),
        ),
        subject=fields["subject"],
        gallery=fields["gallery"],
        details=fields["details"],
        evidence=tuple(fields["evidence"]),
    )
