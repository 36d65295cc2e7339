"""A prison's day over HTTP: movements, a gap in the link, a count, a swap at the gate, a visitor; synthetic fingers."""

import base64
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from biometric_service import client as biometrics
from biometric_service.checkpoint.http_link import Signed
from biometric_service.client import Client, Finger, Image, ServiceFault
from biometric_service.settings import Settings
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.decisions import Movement, Passage
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.movements import Ground
from biometric_service.vocabulary.musters import CountState, Finding, Shown
from biometric_service.vocabulary.places import OrderPurpose
from biometric_service.vocabulary.references import GalleryId
from biometric_service.vocabulary.releases import BlockKind, ReleaseKind, ReleaseState
from biometric_service.vocabulary.roles import SCOPES, Role
from biometric_service.vocabulary.statements import read_statement
from biometric_service.vocabulary.visits import VisitStop
from tests.checkpoints import registered
from tests.live_service import OPERATIONS, LiveService, live_service, synthetic_fingers

pytestmark = pytest.mark.models

INMATES, VISITOR = (1, 2, 3), 4
DAY = "day"


@pytest.fixture(scope="module")
def prints(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prints")
    synthetic_fingers(folder, VISITOR)
    return folder


@pytest.fixture(scope="module")
def live(prints: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    with live_service(Settings(data_dir=tmp_path_factory.mktemp("data"), face_model="")) as live:
        for gallery in ("inmates", "visitors"):
            live.gallery(gallery)
        with Client(live.url, live.key()) as client:
            for person in (*INMATES, VISITOR):
                gallery = "visitors" if person == VISITOR else "inmates"
                asked = biometrics.enrolment(
                    [finger(prints, person, 1)], subject=f"P-{person}", galleries=[gallery], purpose=DAY
                )
                assert client.ask(asked).outcome == "enrolled"
            for zone in ("wing", "yard", "clinic"):
                client.ask(biometrics.zone_setting(zone, name=zone.title(), purpose=DAY))
            ways: dict[str, Any] = {"from_zone": "wing", "gallery": "inmates", "purpose": DAY}
            client.ask(biometrics.post_setting("gate", name="Gate", to_zone="yard", **ways))
            client.ask(biometrics.post_setting("door", name="Door", to_zone="clinic", demands_order=True, **ways))
        yield live


@pytest.fixture
def officers(live: LiveService) -> Iterator[tuple[Client, Client]]:
    with Client(live.url, live.key()) as first, Client(live.url, live.key()) as second:
        yield first, second


def finger(prints: Path, person: int, impression: int = 2) -> Image:
    return Image.fingerprint((prints / f"{person:05d}_{impression}.png").read_bytes(), Finger.RIGHT_INDEX)


def at(post: str, prints: Path, person: int, direction: Movement = Movement.IN) -> Any:  # noqa: ANN401
    return biometrics.movement_check(
        [finger(prints, person)],
        gallery="inmates",
        post=post,
        direction=direction,
        claimed=f"P-{person}",
        purpose=DAY,
    )


def test_a_day(live: LiveService, officers: tuple[Client, Client], prints: Path) -> None:
    first, second = officers
    for person in INMATES:
        placed = first.ask(biometrics.placement(f"P-{person}", zone="wing", purpose=DAY))
        assert placed.zone == "wing"
    moved = first.ask(at("gate", prints, 1))
    assert (moved.passage, moved.ground, moved.zone) == (Passage.PASS, Ground.CLAIM_VERIFIED, "yard")
    _orders(first, prints)
    _offline(live, first)
    _by_hand(first, second)
    trail = first.ask(biometrics.trail("P-1", purpose=DAY))
    assert (trail.whereabouts.zone, [each.zone for each in trail.trail]) == ("yard", ["yard", "wing"])
    listed = first.ask(biometrics.whereabouts(gallery="inmates", purpose=DAY))
    assert {each.zone: each.people for each in listed.counts} == {"wing": 1, "yard": 2}


def _orders(first: Client, prints: Path) -> None:
    assert first.ask(at("door", prints, 2)).ground is Ground.NO_ORDER
    now = datetime.now(UTC)
    order = first.ask(
        biometrics.movement_order(
            gallery="inmates",
            subject="P-2",
            to_zone="clinic",
            valid_from=now - timedelta(minutes=1),
            valid_until=now + timedelta(hours=1),
            order_purpose=OrderPurpose.CLINIC,
            purpose=DAY,
        )
    )
    passed = first.ask(at("door", prints, 2))
    assert (passed.passage, passed.order, passed.zone) == (Passage.PASS, order.order, "clinic")
    assert first.ask(at("gate", prints, 2)).ground is Ground.ELSEWHERE
    assert first.ask(at("door", prints, 2, Movement.OUT)).zone == "wing"
    assert first.ask(biometrics.order_cancellation(order.order, purpose=DAY)).cancelled_at is not None
    assert first.ask(biometrics.movement_orders(gallery="inmates", purpose=DAY)).orders == ()


def _offline(live: LiveService, first: Client) -> None:
    placed = first.ask(biometrics.trail("P-3", purpose=DAY)).whereabouts.since
    assert placed
    decided = {
        "passage": "p-1",
        "post": "gate",
        "direction": "in",
        "decided_at": (placed + timedelta(seconds=1)).isoformat(),
        "decision": "pass",
        "ground": "identified",
        "subject": "P-3",
        "means": "face",
        "slice": 4,
    }
    wrong = {**decided, "passage": "p-2", "post": "none"}
    with pytest.raises(ServiceFault, match="not_authorised"):
        first.ask(biometrics.passages([decided], purpose=DAY))
    with httpx.Client(base_url=live.url, auth=Signed(registered(live)), timeout=60, trust_env=False) as device:
        asked = {"purpose": DAY, "passages": [decided, wrong]}
        answers = _asked(device, "passages", asked).json()["passages"]
        assert [(each["state"], each["zone"]) for each in answers] == [("recorded", "yard"), ("refused", None)]
        again = _asked(device, "passages", {**asked, "passages": [decided]}).json()["passages"]
    assert (again[0]["state"], again[0]["event"]) == ("repeated", answers[0]["event"])
    recorded = live.service.store.events(answers[0]["event"] - 1, 1)[0].event
    assert (recorded.kind, recorded.details["slice"]) == (EventKind.PASSAGE_RECORDED, "4")


def _by_hand(first: Client, second: Client) -> None:
    asked = biometrics.manual_check(
        "P-2", gallery="inmates", reason="bandaged", post_id="gate", direction=Movement.IN, purpose=DAY
    )
    check = first.ask(asked)
    assert [each.reason for each in second.ask(biometrics.manual_checks(purpose=DAY)).manual_checks] == ["bandaged"]
    with pytest.raises(biometrics.ServiceFault, match="cannot confirm"):
        first.ask(biometrics.manual_confirmation(check.manual_check, purpose=DAY))
    done = second.ask(biometrics.manual_confirmation(check.manual_check, purpose=DAY))
    assert (done.passage, done.zone, done.check.confirmed_by != "") == (Passage.PASS, "yard", True)
    back = biometrics.manual_check(
        "P-2", gallery="inmates", reason="bandaged", post_id="gate", direction=Movement.OUT, purpose=DAY
    )
    home = second.ask(biometrics.manual_confirmation(first.ask(back).manual_check, purpose=DAY))
    assert home.zone == "wing"


def test_a_count(live: LiveService, officers: tuple[Client, Client], prints: Path) -> None:
    first, _ = officers
    muster = first.ask(biometrics.new_muster(galleries=["inmates"], shown=Shown.FINGER, purpose=DAY)).muster
    people = first.ask(biometrics.muster_people(muster, purpose=DAY)).people
    assert {each.demanded for each in people} == {Finger.RIGHT_INDEX}
    counted = first.ask(biometrics.muster_check([finger(prints, 1)], muster=muster, purpose=DAY))
    assert (counted.subject, counted.state) == ("P-1", CountState.COUNTED)
    again = first.ask(biometrics.muster_check([finger(prints, 1)], muster=muster, purpose=DAY))
    assert again.finding is Finding.DUPLICATE
    visitor = first.ask(biometrics.muster_check([finger(prints, VISITOR)], muster=muster, purpose=DAY))
    assert (visitor.subject, visitor.finding) == ("P-4", Finding.UNEXPECTED)
    board = first.ask(biometrics.muster_board(muster, purpose=DAY))
    assert ([each.subject for each in board.missing], board.tally.counted) == (["P-2", "P-3"], 1)
    assert board.noted[0].subject == "P-4"
    ours = live.client(live.key(galleries=frozenset({GalleryId("inmates")})))
    seen = ours.get(f"{OPERATIONS}/musters/{muster}", params={"purpose": DAY}).json()["noted"]
    assert [(each["finding"], each["subject"]) for each in seen] == [("unexpected", None), ("duplicate", "P-1")]
    with pytest.raises(biometrics.ServiceFault, match="is open"):
        first.ask(biometrics.muster_report(muster, purpose=DAY))
    first.ask(biometrics.muster_closing(muster, purpose=DAY))
    report = first.ask(biometrics.muster_report(muster, purpose=DAY))
    assert read_statement(report.statement).fields["figures"]["missing"] == 2
    raw = live.client(live.key())
    table = raw.get(f"{OPERATIONS}/musters/{muster}/report.csv", params={"purpose": DAY})
    page = raw.get(f"{OPERATIONS}/musters/{muster}/report.pdf", params={"purpose": DAY})
    assert (table.headers["content-type"], page.content[:5]) == ("text/csv; charset=utf-8", b"%PDF-")
    assert table.text.splitlines()[2].startswith("P-2,missing,")
    for params, headers, said in (
        ({"language": "es"}, {}, ("es", "persona")),
        ({}, {"Accept-Language": "fr, es-BZ;q=0.8"}, ("es", "persona")),
        ({}, {}, ("en", "subject")),
    ):
        asked = {"purpose": DAY, **params}
        told = raw.get(f"{OPERATIONS}/musters/{muster}/report.csv", params=asked, headers=headers)
        assert (told.headers["content-language"], told.text.partition(",")[0]) == said
    refused = raw.get(f"{OPERATIONS}/musters/{muster}/report.pdf", params={"purpose": DAY, "language": "xx"})
    assert (refused.status_code, refused.json()["code"]) == (400, "request_invalid")


def test_a_swap_at_the_gate_and_the_right_one(officers: tuple[Client, Client], prints: Path) -> None:
    first, second = officers
    asked: dict[str, Any] = {
        "kind": ReleaseKind.RELEASE,
        "gallery": "inmates",
        "legal_basis": "order 12/26",
        "purpose": DAY,
    }
    release = first.ask(biometrics.new_release("P-3", **asked)).release
    swapped = first.ask(biometrics.release_check([finger(prints, 1)], release=release, purpose=DAY))
    assert swapped.release.state is ReleaseState.STOPPED
    assert [(each.kind, each.subject) for each in swapped.release.blocks] == [(BlockKind.SOMEBODY_ELSE, "P-1")]
    release = first.ask(biometrics.new_release("P-3", **asked)).release
    right = first.ask(biometrics.release_check([finger(prints, 3)], release=release, purpose=DAY))
    assert (right.release.state, right.release.blocks) == (ReleaseState.CHECKED, ())
    first.ask(biometrics.release_confirmation(release, purpose=DAY))
    with pytest.raises(biometrics.ServiceFault, match="confirmed the release already"):
        first.ask(biometrics.release_confirmation(release, purpose=DAY))
    done = second.ask(biometrics.release_confirmation(release, purpose=DAY))
    assert (done.state, len(done.confirmed_by)) == (ReleaseState.COMPLETED, 2)
    assert first.ask(biometrics.subject("P-3", purpose=DAY)).status == "released"
    assert first.ask(at("gate", prints, 1)).passage is not Passage.PASS
    ended = first.ask(biometrics.releases(ended=True, purpose=DAY)).releases
    assert [each.state for each in ended] == [ReleaseState.STOPPED, ReleaseState.COMPLETED]


def test_a_visitor(officers: tuple[Client, Client], prints: Path) -> None:
    first, _ = officers
    where: dict[str, Any] = {"gallery": "visitors", "host": "P-1", "purpose": DAY}
    inmate = first.ask(biometrics.new_visit([finger(prints, 1)], claimed="P-4", **where))
    assert (inmate.visit, inmate.stop) == (None, VisitStop.IS_INMATE)
    visit = first.ask(biometrics.new_visit([finger(prints, VISITOR)], **where)).visit
    assert visit is not None
    swapped = first.ask(biometrics.leaving([finger(prints, 1)], visit=visit.visit, purpose=DAY))
    assert swapped.stop is VisitStop.IS_INMATE
    assert [each.visitor for each in first.ask(biometrics.visits(purpose=DAY)).visits] == ["P-4"]
    left = first.ask(biometrics.leaving([finger(prints, VISITOR)], visit=visit.visit, purpose=DAY))
    assert left.visit is not None
    assert left.visit.left_at is not None


def test_a_post_listens_to_its_devices_and_officers_alone_answer_for_people(live: LiveService, prints: Path) -> None:
    client = live.client(live.key())
    post = {"purpose": DAY, "name": "Sally port", "from_zone": "wing", "to_zone": "yard", "gallery": "inmates"}
    assert client.put(f"{OPERATIONS}/posts/sally", json={**post, "devices": ["gate-1"]}).status_code == 200
    image = {"modality": "fingerprint", "data": base64.b64encode(finger(prints, 1).data).decode()}
    asked = {"purpose": DAY, "images": [image], "gallery": "inmates", "post": "sally", "direction": "in"}
    refused = _asked(client, "movement-checks", asked)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_authorised")
    passage = {"passage": "1", "post": "sally", "direction": "in", "decided_at": "2026-01-01T00:00:00Z"}
    decided = {**passage, "decision": "stop", "ground": "unknown_person"}
    assert _asked(client, "passages", {"purpose": DAY, "passages": [decided]}).status_code == 403
    assert _asked(client, "movement-checks", {**asked, "post": "none"}).json()["code"] == "place_unknown"
    assert _asked(client, "movement-checks", {**asked, "gallery": "visitors"}).status_code in {400, 403}
    without = {name: value for name, value in asked.items() if name != "post"}
    assert _asked(client, "movement-checks", without).json()["code"] == "request_invalid"


def test_no_role_judges_what_it_writes_or_sets_up_where_it_works() -> None:
    for role, scopes in SCOPES.items():
        assert not ({Scope.ADJUDICATE, Scope.ENCOUNTER_WRITE} <= scopes), role
        assert not ({Scope.SHARING_APPROVE, Scope.ENCOUNTER_WRITE} <= scopes), role
        assert not ({Scope.PLACE_WRITE, Scope.MOVEMENT} <= scopes), role
        assert Scope.AUDIT_READ not in scopes or role is Role.AUDITOR
    assert SCOPES[Role.CHECKPOINT_DEVICE] == {Scope.MOVEMENT, Scope.PLACE_READ}
    held = frozenset[Scope]().union(*SCOPES.values())
    assert {Scope.STATISTICS_READ, Scope.STATISTICS_WRITE, Scope.SHARING_APPROVE} <= held


def _asked(client: httpx.Client, operation: str, body: Mapping[str, object]) -> httpx.Response:
    return client.post(f"{OPERATIONS}/{operation}", json=body)
