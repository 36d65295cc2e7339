"""What other agencies ask: taken in under an agreement, looked at by priority, answered through the one way out.

The answer is the service's finding, among those whom the agreement is about, at a stated error rate. Where the
agreement says so, two officers look at it before it leaves; a laboratory's submission is always looked at by two.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.interchange.sharing.agreeing import in_force_with
from biometric_service.interchange.sharing.asking import control_of
from biometric_service.interchange.sharing.disclosing import answer, require_in_force
from biometric_service.interchange.sharing.faults import not_allowed, refused
from biometric_service.interchange.sharing.minimising import within
from biometric_service.interchange.sharing.parts import Examiner, Finding, Sharing, sharing_event
from biometric_service.outbound.webhooks import pause
from biometric_service.vocabulary.decisions import Outcome
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.references import ALL_GALLERIES, GalleryId, SubjectId
from biometric_service.vocabulary.sharing import AgencyRequest, Agreement, DisclosureState, NewRequest, RequestKind

LEASE: Final = timedelta(seconds=120)
PASSING = frozenset(
    {
        ErrorCode.RATE_LIMITED,
        ErrorCode.STORE_BUSY,
        ErrorCode.STORE_UNAVAILABLE,
        ErrorCode.INDEX_UNAVAILABLE,
        ErrorCode.MODELS_DIFFER,
        ErrorCode.VERSION_MISMATCH,
    }
)
"""Faults after which a request is looked at again later."""

RELEASED: Final = frozenset({DisclosureState.PENDING, DisclosureState.SENT, DisclosureState.ACKNOWLEDGED})
"""States of an answer that the officers, where they look at it, let go."""

log = logging.getLogger(__name__)


def agreement_for(sharing: Sharing, principal: str, kind: RequestKind, gallery: GalleryId) -> Agreement:
    """The agreement in force under which a caller may ask this of a gallery; SHARING_REFUSED."""
    for each in in_force_with(sharing, principal):
        galleries = each.terms.circle.galleries
        if kind in each.terms.answers and (ALL_GALLERIES in galleries or gallery in galleries):
            return each
    raise not_allowed("No agreement in force lets this agency ask this of this gallery.")


def ask(sharing: Sharing, request: NewRequest, caller: Caller) -> AgencyRequest:
    """Queue a request; SHARING_REFUSED, SHARING_CONFLICT."""
    circle = request.agreement.terms.circle
    if request.subject is not None and not circle.names(request.subject):
        raise not_allowed("The agreement is not about this person.")
    facts = {"request": request.id, "kind": request.kind.value, "agreement": request.agreement.id}
    event = sharing_event(EventKind.AGENCY_REQUEST_RECEIVED, caller, facts, request.subject, request.gallery)
    return sharing.requests.add(request, event)


def listed(
    sharing: Sharing, caller: Caller, after: int, limit: int, agency: str | None = None
) -> Sequence[AgencyRequest]:
    """A page of requests by number, of one agency or all."""
    found = sharing.requests.listed(after, limit, agency)
    sharing.store.record(sharing_event(EventKind.AGENCY_REQUESTS_LISTED, caller, {"agency": agency or ""}))
    return found


def pressing(sharing: Sharing, caller: Caller, after: int, limit: int) -> Sequence[AgencyRequest]:
    """A page of what waits to be looked at, or for the review of its answer; the most urgent first."""
    found = sharing.requests.pressing(after, limit)
    sharing.store.record(sharing_event(EventKind.AGENCY_REQUESTS_LISTED, caller, {}))
    return found


def as_asked(sharing: Sharing, request: AgencyRequest) -> AgencyRequest:
    """A request as whoever asked may see it: nothing of its outcome until the answer may leave."""
    if not request.answer or sharing.disclosures.disclosure(request.answer).state in RELEASED:
        return request
    return replace(request, outcome="")


def work_next(sharing: Sharing, examine: Examiner) -> bool:
    """Look at the most urgent request that waits; False where there is none."""
    now = datetime.now(UTC)
    claimed = sharing.requests.claim(now, now + LEASE)
    if claimed is None:
        return False
    request, content = claimed
    agreement = sharing.agreements.agreement(request.agreement)
    terms = agreement.terms
    caller = Caller(terms.partner.principal, terms.purpose, transaction=request.id, legal_basis=terms.legal_basis)
    try:
        require_in_force(agreement)
        meant = partial(_is_meant, sharing, agreement)
        finding = _of_those(meant, request, examine(request, content, caller, meant))
        made = answer(sharing, request, finding, caller, control_of(content))
        facts = {"request": request.id, "outcome": finding.outcome, "disclosure": made.id}
        event = sharing_event(EventKind.AGENCY_REQUEST_ANSWERED, caller, facts, finding.subject, request.gallery)
        sharing.requests.answered(request.id, finding.outcome, made.id, event)
    except BiometricServiceError as fault:
        _failed(sharing, request, fault, caller)
    except Exception as fault:
        log.exception("the request %s of an agency cannot be looked at", request.id)
        _failed(sharing, request, refused(f"{type(fault).__name__}."), caller)
    return True


def _is_meant(sharing: Sharing, agreement: Agreement, subject: SubjectId) -> bool:
    """Whether the agreement is about anything that is kept of somebody."""
    try:
        return bool(within(agreement.terms.circle, sharing.encounters.encounters(subject)))
    except BiometricServiceError as fault:
        if fault.code is not ErrorCode.SUBJECT_UNKNOWN:
            raise
        return False


def _of_those(meant: Callable[[SubjectId], bool], request: AgencyRequest, finding: Finding) -> Finding:
    """The finding; whoever the agreement is not about by now is answered for as a stranger is."""
    if finding.subject is None or meant(finding.subject):
        return finding
    nobody = Outcome.NO_MATCH if request.kind is RequestKind.VERIFICATION else Outcome.UNKNOWN
    return replace(finding, outcome=nobody.value, subject=None)


def _failed(sharing: Sharing, request: AgencyRequest, fault: BiometricServiceError, caller: Caller) -> None:
    log.warning("the request %s of an agency was not answered: %s", request.id, fault)
    if fault.code in PASSING and request.attempts < sharing.patience.attempts:
        due = datetime.now(UTC) + timedelta(seconds=pause(request.attempts, sharing.patience.first_s))
        sharing.requests.postponed(request.id, due, fault.code.value)
        return
    facts = {"request": request.id, "outcome": "none", "fault": fault.code.value}
    event = sharing_event(EventKind.AGENCY_REQUEST_ANSWERED, caller, facts, None, request.gallery)
    forbidden = fault.code is ErrorCode.SHARING_REFUSED
    sharing.requests.failed(request.id, fault.code.value, event, refused=forbidden)
