"""What another agency sends: opened, checked against the agreement with it, kept sealed, and signed for."""

import json
import re
from datetime import UTC, datetime

from biometric_service.interchange.sharing.agreeing import in_force_with
from biometric_service.interchange.sharing.faults import refused
from biometric_service.interchange.sharing.messages import opened, receipt
from biometric_service.interchange.sharing.parts import Sharing, sharing_event
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.sharing import Agreement, DisclosureKind, Received
from biometric_service.vocabulary.statements import Statement

_NAME = re.compile(r"(?!(.*/)?\.\.?(/|$))[ -~]{1,255}")
"""An id that another agency gave: as it likes, slashes too, but no part between them that an address loses (``..``)."""


def receive(sharing: Sharing, sealed: str, caller: Caller) -> str:
    """Keep what came and return the signed receipt; sent again, it is kept once and signed for again.

    A recall is taken also where no agreement is in force any more. MESSAGE_REFUSED, SHARING_CONFLICT.
    """
    statement, digest = opened(sharing.key, sealed)
    try:
        received, about = _read(statement, digest)
    except (KeyError, ValueError, TypeError, AttributeError, OverflowError):
        raise refused("It does not say what it must.") from None
    agreement = _agreement(sharing, statement, caller, received.kind)
    if received.agency != agreement.terms.partner.agency or statement.fields.get("to") != sharing.agency:
        raise refused("It is from or for somebody else.")
    if received.kind is DisclosureKind.RECALL:
        facts = {"disclosure": received.id, "agency": received.agency, "about": about, "digest": digest}
        sharing.received.recall(received, about, sharing_event(EventKind.RECALL_RECEIVED, caller, facts))
    else:
        facts = {"disclosure": received.id, "agency": received.agency, "what": received.kind, "digest": digest}
        sharing.received.add(received, sharing_event(EventKind.DISCLOSURE_RECEIVED, caller, facts))
    return receipt(sharing, received.id, digest)


def read_received(sharing: Sharing, agency: str, disclosure: str, caller: Caller) -> Received:
    """What came, opened; DISCLOSURE_UNKNOWN."""
    found = sharing.received.received(agency, disclosure)
    event = sharing_event(EventKind.RECEIVED_READ, caller, {"disclosure": disclosure, "agency": agency})
    sharing.store.record(event)
    return found


def _read(statement: Statement, digest: str) -> tuple[Received, str]:
    fields = statement.fields
    at, now = datetime.fromisoformat(fields["at"]).astimezone(UTC), datetime.now(UTC)
    kind, agreement = DisclosureKind(fields["kind"]), str(fields["agreement"])
    about = str(fields["about"])
    if not (
        _NAME.fullmatch(str(fields["id"])) and _NAME.fullmatch(agreement) and (not about or _NAME.fullmatch(about))
    ):
        raise ValueError("no names")
    content = None if kind is DisclosureKind.RECALL else json.dumps(dict(fields)).encode()
    received = Received(str(fields["from"]), str(fields["id"]), kind, agreement, at, digest, now, None, content)
    return received, about


def _agreement(sharing: Sharing, statement: Statement, caller: Caller, kind: DisclosureKind) -> Agreement:
    """One under which this caller's messages are taken, signed by the key that it names; MESSAGE_REFUSED."""
    if kind is DisclosureKind.RECALL:
        known = [each for each in sharing.agreements.agreements() if each.terms.partner.principal == caller.actor]
        taking = [each for each in known if each.signed]
    else:
        taking = [each for each in in_force_with(sharing, caller.actor) if each.terms.receives]
    for each in taking:
        if each.terms.partner.signing_key == statement.public_key:
            return each
    raise refused("No agreement in force takes what this agency signs.")
