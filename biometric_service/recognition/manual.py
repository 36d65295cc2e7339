"""The last fall-back: two officers say who somebody is, each for themselves and with a reason; nothing is matched."""

from datetime import UTC, datetime, timedelta

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.recognition.day_events import day_event
from biometric_service.recognition.passing import post_rule, require_gallery_of
from biometric_service.vocabulary.day_stores import DayStores, PostRule
from biometric_service.vocabulary.decisions import Movement, Passage
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.movements import Ground, ManualCheck, NewManualCheck, Passed, Ruling
from biometric_service.vocabulary.musters import Counted
from biometric_service.vocabulary.places import Post
from biometric_service.vocabulary.rulings import RulingCode, because


def expiry(minutes: float) -> datetime:
    """So many minutes from now."""
    return datetime.now(UTC) + timedelta(minutes=minutes)


def open_manual_check(day: DayStores, check: NewManualCheck, caller: Caller) -> ManualCheck:
    """Say who somebody is, at a post or in a muster; nothing follows before another officer confirms it.

    REQUEST_INVALID unless exactly one of post (with its direction) and muster is named, and for another gallery than
    that of the post; SUBJECT_UNKNOWN, PLACE_UNKNOWN, MUSTER_UNKNOWN, MUSTER_CONFLICT.
    """
    at_post = check.post is not None and check.direction is not None
    if at_post == bool(check.muster) or (check.post is None) != (check.direction is None):
        raise BiometricServiceError(
            ErrorCode.REQUEST_INVALID,
            "It is not said what the manual check is for.",
            "Name a post with a direction, or a muster.",
        )
    if check.post is not None:
        require_gallery_of(day.places.post(check.post), check.gallery)
    return day.manual_checks.open(check, _event(EventKind.MANUAL_CHECK_OPENED, check, caller))


def confirm_manual_check(day: DayStores, check: str, caller: Caller) -> tuple[ManualCheck, Passed | Counted]:
    """Confirm what another officer said, and let the person pass or be counted.

    At a post it is then as with anybody whose identity is certain, but that two officers may let somebody pass who is
    believed to be elsewhere, or into a full zone. MANUAL_CHECK_UNKNOWN, MANUAL_CHECK_CONFLICT; REQUEST_INVALID where
    the post is for another gallery by now.
    """
    present = day.manual_checks.check(check)
    why = because(RulingCode.CONFIRMED_BY_TWO, subject=present.subject)
    identity = Ruling(Passage.PASS, Ground.CONFIRMED_BY_TWO, why, present.subject)

    def rule(post: Post, direction: Movement, identity: Ruling) -> PostRule:
        require_gallery_of(post, present.gallery)
        return post_rule(post, direction, identity)

    event = _event(EventKind.MANUAL_CHECK_CONFIRMED, present, caller, opened_by=present.opened_by)
    return day.manual_checks.confirm(check, identity, rule, event)


def _event(kind: EventKind, check: NewManualCheck, caller: Caller, **facts: str) -> AuditEvent:
    told = {"manual_check": check.id, "post": check.post or "", "muster": check.muster, "zone": check.zone or ""}
    told["direction"] = check.direction.value if check.direction else ""
    return day_event(kind, caller, check.subject, check.gallery, **told, **facts)
