"""What was sent on a day is what was received: proven by count and hash, or what is missing is named."""

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from biometric_service.errors import BiometricServiceError
from biometric_service.interchange.sharing.agreeing import partner_of
from biometric_service.interchange.sharing.faults import unproven
from biometric_service.interchange.sharing.messages import (
    manifest_digest,
    manifest_statement,
    read_manifest,
    statement_in,
)
from biometric_service.interchange.sharing.parts import SERVICE, Sharing, sharing_event
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.sharing import Disclosure, Manifest, Partner, Reconciliation, day_of

SENT, RECEIVED = "sent", "received"

log = logging.getLogger(__name__)


def compared(agency: str, sent: Manifest, received: Manifest) -> Reconciliation:
    """What one side sent beside what the other received."""
    ours, theirs = sent.entries, received.entries
    both = ours.keys() & theirs.keys()
    return Reconciliation(
        agency=agency,
        day=sent.day,
        sent=len(ours),
        received=len(theirs),
        sent_digest=manifest_digest(sent),
        received_digest=manifest_digest(received),
        missing=tuple(sorted(ours.keys() - theirs.keys())),
        unknown=tuple(sorted(theirs.keys() - ours.keys())),
        differing=tuple(sorted(name for name in both if ours[name] != theirs[name])),
        compared_on=day_of(datetime.now(UTC)),
    )


def reconcile(sharing: Sharing, agency: str, day: str, caller: Caller, manifest: str | None = None) -> Reconciliation:
    """Compare what was sent to an agency on a day (UTC) with its manifest, given or fetched from its address.

    AGREEMENT_UNKNOWN, DELIVERY_FAILED where the manifest is not its, URL_REFUSED, URL_UNREACHABLE.
    """
    partner = partner_of(sharing, agency)
    text = manifest if manifest is not None else _fetched(sharing, partner, day)
    found = compared(agency, sharing.disclosures.manifest(agency, day), read_manifest(partner, text, day, RECEIVED))
    facts = {
        "agency": agency,
        "day": day,
        "sent": str(found.sent),
        "received": str(found.received),
        "proven": str(found.proven).lower(),
        "missing": " ".join(found.missing[:50]),
    }
    sharing.received.reconciled(found, sharing_event(EventKind.SHARING_RECONCILED, caller, facts))
    return found


def own_manifest(sharing: Sharing, agency: str, day: str, direction: str) -> str:
    """Our signed manifest of a day: what we sent to an agency, or what we received from it."""
    kept = sharing.disclosures if direction == SENT else sharing.received
    return manifest_statement(sharing, kept.manifest(agency, day), agency, direction)


def reconcile_due(sharing: Sharing) -> None:
    """Each day, within which what left is kept to be sent again, that is to be compared; where one fails, the others.

    With every agency that tells its manifest.
    """
    for agency in {each.terms.partner.agency for each in sharing.agreements.agreements() if each.signed}:
        if partner_of(sharing, agency).manifest_address:
            for day in _due(sharing, agency, datetime.now(UTC)):
                try:
                    reconcile(sharing, agency, day, Caller(SERVICE, "reconciliation"))
                except BiometricServiceError as fault:
                    log.warning("what was sent to %s on %s could not be compared: %s", agency, day, fault)


def _due(sharing: Sharing, agency: str, now: datetime) -> Iterator[str]:
    """Days before today: of which more left since they were compared, such as after a review; or not proven, daily."""
    today, first = day_of(now), day_of(now - timedelta(days=sharing.patience.days))
    for day in sharing.disclosures.days(agency, first, today):
        known = sharing.received.reconciliation(agency, day)
        digest = manifest_digest(sharing.disclosures.manifest(agency, day))
        if known is None or known.sent_digest != digest or not (known.proven or known.compared_on == today):
            yield day


def redeliver(sharing: Sharing, disclosure: str, caller: Caller) -> Disclosure:
    """Send something once more; DISCLOSURE_UNKNOWN, SHARING_REFUSED, SHARING_CONFLICT where it is no longer kept."""
    found = sharing.disclosures.disclosure(disclosure)
    facts = {"disclosure": found.id, "agency": found.agency, "digest": found.digest}
    event = sharing_event(EventKind.DISCLOSURE_REPEATED, caller, facts, found.subject)
    return sharing.disclosures.redeliver(disclosure, event)


def _fetched(sharing: Sharing, partner: Partner, day: str) -> str:
    if not partner.manifest_address:
        raise unproven("The agreement does not say where the agency's manifest is.")
    headers = {"Authorization": f"Bearer {sharing.credential(partner.agency, 'token')}"}
    url = partner.manifest_address.replace("{day}", day)
    return statement_in(sharing.outbound.get(url, headers))
