"""What leaves the house: every kind of audit event is decided on, and what is told holds ids and nothing else."""

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime

import pytest

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.interchange.outward import INWARD, OUTWARD, outward
from biometric_service.interchange.subscribing import last_before
from biometric_service.outbound.webhooks import secret_of, signed_headers, written_secret
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind, RecordedEvent
from biometric_service.vocabulary.outward import OutwardEvent, OutwardType, Wanted
from biometric_service.vocabulary.references import ALL_GALLERIES, GalleryId, SubjectId

AT = datetime(2026, 3, 4, 12, 30, 15, 250_000, UTC)


def recorded(
    kind: EventKind, subject: str | None = "P-1", gallery: str | None = None, /, **facts: str
) -> RecordedEvent:
    about = SubjectId(subject) if subject else None
    where = GalleryId(gallery) if gallery else None
    return RecordedEvent(7, AuditEvent(kind, AT, Caller("desk", "intake"), about, where, facts), "00" * 32, "ab" * 32)


def told(kind: EventKind, subject: str | None = "P-1", gallery: str | None = None, /, **facts: str) -> OutwardEvent:
    event = outward(recorded(kind, subject, gallery, **facts))
    assert event is not None
    return event


def test_somebody_decided_on_every_kind_of_audit_event() -> None:
    assert not OUTWARD.keys() & INWARD
    undecided = set(EventKind) - OUTWARD.keys() - INWARD
    assert not undecided, f"say in interchange/outward.py whether others are told of {sorted(undecided)}"


def test_what_is_told_is_small_and_the_same_each_time() -> None:
    kept = recorded(
        EventKind.MOVEMENT_CHECK,
        "P-1",
        "residents",
        passage="pass",
        checkpoint="gate-3",
        direction="out",
        claimed="P-1",
        verification_score="6.10",
        qualities="face=63.2",
    )
    event = outward(kept)
    assert event is not None
    assert event == outward(kept)
    assert event.galleries == {"residents"}
    assert event.id == "evt_7_abababababababab"
    assert json.loads(event.body()) == {
        "type": "subject.moved",
        "timestamp": "2026-03-04T12:30:15.250Z",
        "data": {
            "number": 7,
            "subject": "P-1",
            "cause": "movement.check",
            "post": "gate-3",
            "direction": "out",
            "claimed": "P-1",
        },
    }


def test_what_comes_late_says_when_it_was() -> None:
    late = told(EventKind.PASSAGE_RECORDED, passage="pass", decided_at="2026-03-04T11:00:00+00:00")
    assert late.data["decided_at"] == "2026-03-04T11:00:00+00:00"


@pytest.mark.parametrize(
    ("kind", "facts", "expected"),
    [
        (EventKind.SUBJECT_ENROLLED, {"galleries": "a b"}, OutwardType.ENROLLED),
        (EventKind.MOVEMENT_CHECK, {"passage": "stop"}, OutwardType.BLOCKED),
        (EventKind.MOVEMENT_CHECK, {"passage": "review"}, None),
        (EventKind.STATUS_CHANGED, {"status": "released"}, OutwardType.RELEASED),
        (EventKind.STATUS_CHANGED, {"status": "TRANSFERRED"}, OutwardType.TRANSFERRED),
        (EventKind.STATUS_CHANGED, {"status": "active"}, None),
        (EventKind.SUBJECT_ERASED, {}, OutwardType.ERASED),
        (EventKind.ENCOUNTER_DELETED, {"last": "true"}, OutwardType.ERASED),
        (EventKind.ENCOUNTER_DELETED, {"last": "false"}, None),
        (EventKind.SUBJECT_UNMERGED, {}, OutwardType.UNMERGED),
        (EventKind.ENROLMENT_REFUSED, {"enrolment": "duplicate_suspected"}, OutwardType.BLOCKED),
        (EventKind.ENROLMENT_REFUSED, {"enrolment": "recapture"}, None),
        (EventKind.PASSAGE_RECORDED, {"passage": "pass", "passage_id": "p", "post": "gate"}, OutwardType.MOVED),
        (EventKind.PASSAGE_RECORDED, {"passage_id": "p", "post": "gate", "refused": "no post"}, None),
        (EventKind.PASSAGE_DOUBTED, {"doubt": "not_active", "passage_id": "p"}, OutwardType.BLOCKED),
        (EventKind.MUSTER_COUNTED, {"muster": "m"}, OutwardType.COUNTED),
        (EventKind.RELEASE_COMPLETED, {"kind": "transfer", "release": "r"}, OutwardType.TRANSFERRED),
        (EventKind.RELEASE_BLOCKED, {"release": "r"}, OutwardType.BLOCKED),
        (EventKind.MOVEMENT_REPORTED, {"direction": "in"}, None),
        (EventKind.VERIFICATION, {"outcome": "match"}, None),
    ],
)
def test_each_kind_becomes_what_it_means_to_others(
    kind: EventKind, facts: dict[str, str], expected: OutwardType | None
) -> None:
    event = outward(recorded(kind, "P-1", None, **facts))
    assert (event.type if event else None) == expected


@pytest.mark.parametrize(
    ("subject", "facts"), [("A", {"into": "B"}), ("B", {"from": "A"}), ("A", {"into": "B", "galleries": "x"})]
)
def test_a_merge_is_told_in_one_way_whoever_wrote_it(subject: str, facts: dict[str, str]) -> None:
    event = told(EventKind.SUBJECTS_MERGED, subject, **facts)
    assert (event.subject, event.other) == ("A", "B")


def test_a_last_encounter_that_went_to_somebody_else_is_a_merge() -> None:
    for subject, facts in (("A", {"to": "B"}), ("B", {"from": "A"})):
        event = told(EventKind.ENCOUNTER_MOVED, subject, last="true", encounter="1", **facts)
        assert (event.type, event.subject, event.other) == (OutwardType.MERGED, "A", "B")


def test_only_who_reaches_a_gallery_of_an_event_is_told() -> None:
    def wanted(*galleries: str) -> Wanted:
        return Wanted(frozenset({OutwardType.ENROLLED}), frozenset(map(GalleryId, galleries)))

    event = told(EventKind.SUBJECT_ENROLLED, galleries="a b")
    assert wanted("b", "c").includes(event)
    assert wanted(ALL_GALLERIES).includes(event)
    assert not wanted("c").includes(event)
    assert not Wanted(frozenset({OutwardType.MOVED}), frozenset({ALL_GALLERIES})).includes(event)
    nowhere = told(EventKind.SUBJECT_ENROLLED, "P-1", ALL_GALLERIES)
    assert [wanted("a").includes(nowhere), wanted(ALL_GALLERIES).includes(nowhere)] == [False, True]


def test_each_key_in_force_signs() -> None:
    headers = signed_headers("evt_7", b"{}", (b"new", b"former"), 1_700_000_000)
    said = [hmac.new(key, b"evt_7.1700000000.{}", hashlib.sha256).digest() for key in (b"new", b"former")]
    assert headers["webhook-signature"] == " ".join("v1," + base64.b64encode(each).decode() for each in said)
    assert secret_of(written_secret(b"key"), b"") == b"key"
    with pytest.raises(BiometricServiceError) as caught:
        secret_of("whsec_*", b"")
    assert caught.value.code is ErrorCode.SETTINGS_INVALID


def test_the_event_before_a_moment_is_found() -> None:
    log = [
        RecordedEvent(number, AuditEvent(EventKind.AUDIT_READ, AT.replace(minute=number), Caller("a", "")), "", "")
        for number in range(1, 40)
    ]

    def read(after: int, limit: int) -> list[RecordedEvent]:
        return log[after : after + limit]

    assert [last_before(read, AT.replace(minute=minute)) for minute in (0, 1, 2, 39, 59)] == [0, 0, 1, 38, 39]
    assert last_before(lambda *_: [], AT) == 0
