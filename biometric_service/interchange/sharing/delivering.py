"""Sending what is to be sent, by the channel of its agreement, until the receiver has signed for it."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Final

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.interchange.sharing.agreeing import standing
from biometric_service.interchange.sharing.disclosing import require_in_force
from biometric_service.interchange.sharing.faults import unproven
from biometric_service.interchange.sharing.messages import require_receipt, statement_in
from biometric_service.interchange.sharing.osia import send_by_osia
from biometric_service.interchange.sharing.parts import SERVICE, Sharing, sharing_event
from biometric_service.outbound.sftp import Drop, SftpAddress, open_drop
from biometric_service.outbound.webhooks import TAKEN, pause, signed_headers
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.sharing import Channel, Disclosure, DisclosureKind, DisclosureState, Outgoing, Partner

LEASE: Final = timedelta(seconds=60)
LOOK_AGAIN: Final = timedelta(seconds=60)
"""How long until a drop is looked into again for a receipt."""
JOSE: Final = "application/jose"

log = logging.getLogger(__name__)


def deliver_next(sharing: Sharing) -> bool:
    """Deliver one disclosure that is due; False where there is none. What was not taken is tried again later."""
    now = datetime.now(UTC)
    outgoing = sharing.disclosures.claim(now, now + LEASE)
    if outgoing is None:
        return False
    try:
        receipt = _CHANNELS[outgoing.disclosure.channel](sharing, _partner(sharing, outgoing.disclosure), outgoing)
    except BiometricServiceError as fault:
        _postpone(sharing, outgoing.disclosure, fault)
    except Exception as fault:
        log.exception("disclosure %s cannot be delivered", outgoing.disclosure.id)
        _postpone(sharing, outgoing.disclosure, unproven(f"{type(fault).__name__}."))
    else:
        _proven(sharing, outgoing.disclosure, receipt)
    return True


def sign_for(sharing: Sharing, disclosure: str, text: str, caller: Caller) -> Disclosure:
    """Take a receipt that the receiver brings itself; DISCLOSURE_UNKNOWN, DELIVERY_FAILED where it does not hold."""
    found = sharing.disclosures.disclosure(disclosure)
    partner = standing(sharing, found.agreement).terms.partner
    require_receipt(partner, text, found.id, found.digest)
    return sharing.disclosures.acknowledged(found.id, text, _signed(found, caller))


def _partner(sharing: Sharing, disclosure: Disclosure) -> Partner:
    """Whom it is for, as the newest version of its agreement says unless that goes by another channel.

    SHARING_REFUSED where it has not left and its agreement ended, which stops no recall.
    """
    agreement = sharing.agreements.agreement(disclosure.agreement)
    if disclosure.state is DisclosureState.PENDING and disclosure.kind is not DisclosureKind.RECALL:
        require_in_force(agreement)
    newest = standing(sharing, disclosure.agreement).terms.partner
    return newest if newest.channel is disclosure.channel else agreement.terms.partner


def _post(sharing: Sharing, partner: Partner, outgoing: Outgoing) -> str:
    """By a webhook whose answer is the receipt; signed by a secret of its own, which nothing sends."""
    body, token = outgoing.sealed.encode(), sharing.credential(partner.agency, "token")
    secret = sharing.webhook_secret(partner.agency)
    signed = signed_headers(outgoing.disclosure.id, body, [secret], int(time.time())) if secret else {}
    headers = {"Content-Type": JOSE, "Authorization": f"Bearer {token}", **signed}
    reply = sharing.outbound.post(partner.address, body, headers)
    if reply.status not in TAKEN:
        raise unproven(f"The agency's system answered {reply.status}.")
    text = statement_in(reply.body)
    require_receipt(partner, text, outgoing.disclosure.id, outgoing.disclosure.digest)
    return text


def _drop(sharing: Sharing, partner: Partner, outgoing: Outgoing) -> str:
    """Into a folder on the agency's server, once; then its receipt is looked for there. Empty while there is none."""
    key = sharing.credential(partner.agency, "key")
    named = SftpAddress.of(partner.address, partner.user, partner.host_key)
    with open_drop(replace(named, host=sharing.outbound.address(partner.address)), key) as drop:
        if outgoing.disclosure.state is DisclosureState.PENDING:
            drop.put(f"{outgoing.disclosure.id}.jwe", outgoing.sealed.encode())
        return _fetched(drop, partner, outgoing.disclosure)


def _fetched(drop: Drop, partner: Partner, disclosure: Disclosure) -> str:
    found = drop.get(f"{disclosure.id}.receipt")
    if found is None:
        return ""
    text = found.decode("utf-8", "replace")
    require_receipt(partner, text, disclosure.id, disclosure.digest)
    return text


def _pull(sharing: Sharing, partner: Partner, outgoing: Outgoing) -> str:  # noqa: ARG001
    """The receiver comes for it."""
    return ""


_CHANNELS: Mapping[Channel, Callable[[Sharing, Partner, Outgoing], str]] = {
    Channel.PULL: _pull,
    Channel.WEBHOOK: _post,
    Channel.SFTP: _drop,
    Channel.OSIA: send_by_osia,
}


def _proven(sharing: Sharing, disclosure: Disclosure, receipt: str) -> None:
    if receipt:
        caller = Caller(SERVICE, disclosure.purpose, legal_basis=disclosure.legal_basis)
        sharing.disclosures.acknowledged(disclosure.id, receipt, _signed(disclosure, caller))
    else:
        now = datetime.now(UTC)
        sharing.disclosures.sent(disclosure.id, disclosure.sent_at or now, now + LOOK_AGAIN)


def _postpone(sharing: Sharing, disclosure: Disclosure, fault: BiometricServiceError) -> None:
    log.warning("disclosure %s was not delivered: %s", disclosure.id, fault)
    due: datetime | None = datetime.now(UTC) + timedelta(seconds=pause(disclosure.attempts, sharing.patience.first_s))
    tried = disclosure.attempts >= sharing.patience.attempts
    if disclosure.state is DisclosureState.PENDING and (tried or fault.code is ErrorCode.SHARING_REFUSED):
        due = None
    sharing.disclosures.postponed(disclosure.id, due, fault.code.value)


def _signed(disclosure: Disclosure, caller: Caller) -> AuditEvent:
    facts = {"disclosure": disclosure.id, "agency": disclosure.agency, "digest": disclosure.digest}
    return sharing_event(EventKind.DISCLOSURE_ACKNOWLEDGED, caller, facts, disclosure.subject)
