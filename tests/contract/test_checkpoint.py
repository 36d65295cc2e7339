"""A checkpoint with the line up, cut and back: what it decides and holds back, and that nothing is lost or doubled."""

import hashlib
import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Event
from typing import Any
from uuid import uuid4

import httpx
import numpy as np
import pytest

from biometric_service.app.checkpoint_agent import Keeper, Lane, Told, as_line
from biometric_service.app.checkpoint_screen import LARGEST, Screen, serving_screen
from biometric_service.checkpoint.answers import Step
from biometric_service.checkpoint.by_hand import ByHand, Why
from biometric_service.checkpoint.by_keys import ByKeys
from biometric_service.checkpoint.checkpoint import Checkpoint
from biometric_service.checkpoint.device_disk import open_queue
from biometric_service.checkpoint.http_link import HttpLink, Place
from biometric_service.checkpoint.queue import EventQueue, QueuedEvent
from biometric_service.client.faults import NoAnswer
from biometric_service.client.sending import Connection
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.recognition.requests import Given, GivenImage, GivenTemplate
from biometric_service.texts.speaking import ENGLISH
from biometric_service.vocabulary.decisions import Movement, Passage
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.movements import Ground, How, Means, Passing, Ruling
from biometric_service.vocabulary.officer_keys import given_key, proof_of, said_by_hand
from biometric_service.vocabulary.places import NewOrder, OrderPurpose, Zone, ZoneId
from biometric_service.vocabulary.references import (
    ALL_GALLERIES,
    ChangeNumber,
    EncounterKey,
    EncounterStatus,
    GalleryId,
    SubjectId,
)
from biometric_service.vocabulary.samples import FingerPosition, Modality
from biometric_service.vocabulary.slices import WHOLE
from biometric_service.vocabulary.templates import FaceTemplate, TemplateFormat
from tests.checkpoints import (
    BY_HAND,
    POST,
    TAKES_KEYS,
    WING,
    YARD,
    AtThePost,
    DirectLink,
    asked,
    at_the_post,
    comparing_service,
    open_post,
    registered,
)
from tests.files_on_disk import files_under
from tests.http_server import says, server
from tests.live_service import LiveService, event
from tests.stores import refused
from tests.template_walk import INMATES, encounter, given_template, template

PEOPLE = 4
STRANGER = 50


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    folder = tmp_path_factory.mktemp("data")
    with comparing_service(folder, slice_seconds=7200, slice_fresh_seconds=3600) as live:
        open_post(live)
        for person in range(PEOPLE):
            live.service.store.enrol(encounter(person), event(EventKind.SUBJECT_ENROLLED))
        yield live


@pytest.fixture
def post(live: LiveService, tmp_path: Path) -> AtThePost:
    return at_the_post(live, tmp_path)


def passages(live: LiveService, passage: str) -> list[dict[str, str]]:
    """What the log has of one passage, once for each time it was recorded."""
    every = live.service.store.events(0, 100_000)
    kinds = {EventKind.MOVEMENT_CHECK, EventKind.PASSAGE_RECORDED}
    return [
        dict(each.event.details)
        for each in every
        if each.event.kind in kinds and passage in each.event.details.values()
    ]


def believed(live: LiveService, person: int) -> tuple[str, How] | None:
    found = live.service.day.movements.located(SubjectId(f"P-{person}")).believed
    return None if found is None else (found.zone, found.how)


def test_with_the_line_up_the_service_decides(live: LiveService, post: AtThePost) -> None:
    checkpoint = post.begin()
    assert checkpoint.keep_up().linked
    answer = checkpoint.check(asked(0))
    assert (answer.passage, answer.subject, answer.offline, answer.step) == (Passage.PASS, "P-0", False, Step.NONE)
    assert believed(live, 0) == (YARD, How.CHECK)


def test_with_the_line_cut_it_decides_on_its_slice_and_tells_once_in_order(live: LiveService, post: AtThePost) -> None:
    checkpoint = post.begin()
    number = checkpoint.keep_up().slice
    post.link.cut = True
    first, second = asked(1), asked(STRANGER)
    passed, stopped = checkpoint.check(first), checkpoint.check(second)
    assert (passed.passage, passed.subject, passed.offline, passed.slice) == (Passage.PASS, "P-1", True, number)
    assert (stopped.passage, stopped.subject, stopped.step) == (Passage.STOP, None, Step.MANUAL)
    state = checkpoint.keep_up()
    assert (state.linked, state.waiting) == (False, 2)
    assert believed(live, 1) is None
    post.link.cut = False
    post.clock.later(seconds=20)
    state = checkpoint.keep_up()
    assert (state.linked, state.waiting, state.refused) == (True, 0, 0)
    assert believed(live, 1) == (YARD, How.OFFLINE)
    (told,) = passages(live, first.id)
    assert (told["decided_offline"], told["slice"], told["passage"]) == ("true", str(number), "pass")
    assert len(passages(live, second.id)) == 1


def test_answers_that_are_lost_on_the_way_double_nothing(live: LiveService, post: AtThePost) -> None:
    checkpoint = post.begin()
    checkpoint.keep_up()
    post.link.lossy = True
    lost = asked(2)
    answer = checkpoint.check(lost)
    assert (answer.passage, answer.offline, post.link.checked) == (Passage.PASS, True, 1)
    for _ in range(3):
        post.clock.later(seconds=20)
        assert checkpoint.keep_up().waiting == 1
    post.link.lossy = False
    post.clock.later(seconds=20)
    assert checkpoint.keep_up().waiting == 0
    assert len(passages(live, lost.id)) == 1


def test_a_gate_that_opened_before_the_answer_came_leaves_its_trace(live: LiveService, post: AtThePost) -> None:
    live.service.store.enrol(encounter(41), event(EventKind.SUBJECT_ENROLLED))
    hospital = Zone(ZoneId("hospital"), "Hospital", off_site=True)
    live.service.day.places.set_zone(hospital, event(EventKind.ZONE_SET))
    live.service.day.movements.place(SubjectId("P-41"), hospital.id, event(EventKind.WHEREABOUTS_CHANGED))
    post.clock.later(seconds=20)
    checkpoint = post.begin()
    checkpoint.keep_up()
    assert checkpoint.check(asked(41)).ground == Ground.ELSEWHERE
    post.link.lossy = True
    late = asked(41)
    answer = checkpoint.check(late)
    assert (answer.passage, answer.ground, answer.offline) == (Passage.PASS, "identified", True)
    post.clock.later(seconds=20)
    assert checkpoint.keep_up().waiting == 1  # told, and the answer lost again
    post.link.lossy = False
    post.clock.later(seconds=20)
    state = checkpoint.keep_up()
    assert (state.waiting, state.refused) == (0, 0)
    every = [each.event for each in live.service.store.events(0, 100_000)]
    of_it = [each for each in every if each.details.get("passage_id", "").partition("/")[0] == late.id]
    kinds = (EventKind.MOVEMENT_CHECK, EventKind.PASSAGE_RECORDED, EventKind.WHEREABOUTS_CHANGED)
    assert [each.kind for each in of_it] == [*kinds, EventKind.PASSAGE_DOUBTED]
    assert [each.details["passage"] for each in of_it[:2]] == ["review", "pass"]
    assert (of_it[1].details["discrepancy"], of_it[3].subject) == ("true", "P-41")
    assert believed(live, 41) == (YARD, How.OFFLINE)


def test_what_was_decided_outlives_the_process(live: LiveService, post: AtThePost) -> None:
    first = post.begin()
    first.keep_up()
    post.link.cut = True
    told = asked(3)
    assert first.check(told).passage is Passage.PASS
    again = post.begin()  # nothing of the first one is used any more, as after kill -9
    assert again.state().waiting == 1
    assert again.check(asked(0)).passage is Passage.PASS  # on the slice from its disk
    post.link.cut = False
    post.clock.later(seconds=20)
    assert again.keep_up().waiting == 0
    assert len(passages(live, told.id)) == 1


def test_on_an_old_slice_nobody_passes_and_nobody_is_unknown(post: AtThePost) -> None:
    checkpoint = post.begin()
    checkpoint.keep_up()
    post.link.cut = True
    post.clock.later(hours=1, minutes=1)
    for person in (0, STRANGER):
        answer = checkpoint.check(asked(person))
        assert (answer.passage, answer.step) == (Passage.REVIEW, Step.MANUAL)
        assert "61 min old" in str(answer.reasons[-1])
    assert checkpoint.state().stale


def test_when_it_could_not_be_renewed_it_refuses_by_itself_and_forgets(post: AtThePost, tmp_path: Path) -> None:
    checkpoint = post.begin()
    checkpoint.keep_up()
    assert (tmp_path / "slice.db").exists()
    post.link.cut = True
    post.clock.later(hours=2, minutes=1)
    with pytest.raises(BiometricServiceError) as caught:
        checkpoint.check(asked(0))
    assert caught.value.code is ErrorCode.SLICE_EXPIRED
    assert checkpoint.keep_up().slice is None
    assert not (tmp_path / "slice.db").exists()


def test_a_clock_that_is_put_back_does_not_make_a_slice_young(post: AtThePost) -> None:
    checkpoint = post.begin()
    checkpoint.keep_up()
    post.link.cut = True
    post.clock.later(hours=1)
    checkpoint.keep_up()
    post.clock.later(minutes=-30)
    with pytest.raises(BiometricServiceError, match="put back"):
        checkpoint.check(asked(0))
    with pytest.raises(BiometricServiceError, match="put back"):
        post.begin().check(asked(0))


def test_who_is_claimed_and_not_in_the_slice_is_for_an_officer(post: AtThePost) -> None:
    checkpoint = post.begin()
    checkpoint.keep_up()
    post.link.cut = True
    answer = checkpoint.check(asked(0, claimed="P-77"))
    assert (answer.passage, answer.ground) == (Passage.REVIEW, "search_incomplete")
    assert checkpoint.check(asked(0, claimed="P-1")).passage is Passage.STOP
    assert checkpoint.check(asked(0, claimed="P-0")).passage is Passage.PASS


def test_nobody_is_unknown_by_a_finger_that_nobody_in_the_slice_is_enrolled_with(tmp_path: Path) -> None:
    with comparing_service(tmp_path / "service", slice_seconds=7200, slice_fresh_seconds=3600) as live:
        open_post(live)
        by_index = replace(encounter(1).samples[0], templates=(template(1, 1, FingerPosition.RIGHT_INDEX),))
        live.service.store.enrol(replace(encounter(1), samples=(by_index,)), event(EventKind.SUBJECT_ENROLLED))
        post = at_the_post(live, tmp_path)
        checkpoint = post.begin()
        checkpoint.keep_up()
        thumb = GivenTemplate(template(1, 2, FingerPosition.LEFT_THUMB), "0" * 64)
        for cut in (False, True):
            post.link.cut = cut
            answer = checkpoint.check(replace(asked(1), images=(thumb,)))
            assert (answer.passage, answer.offline) == (Passage.RECAPTURE, cut)


def test_erased_and_deceased_people_are_gone_with_the_next_delta(live: LiveService, post: AtThePost) -> None:
    for person in (21, 22):
        live.service.store.enrol(encounter(person), event(EventKind.SUBJECT_ENROLLED))
    checkpoint = post.begin(renew=1.0)
    checkpoint.keep_up()
    live.service.store.erase(SubjectId("P-21"), event(EventKind.SUBJECT_ERASED))
    deceased = EncounterKey(SubjectId("P-22"), encounter(22).encounter)
    live.service.walk.encounters.set_status(deceased, EncounterStatus.DECEASED, event(EventKind.STATUS_CHANGED))
    post.clock.later(seconds=2)
    checkpoint.keep_up()
    post.link.cut = True
    for person in (21, 22):
        assert checkpoint.check(asked(person)).subject is None
        assert post.begin().check(asked(person)).subject is None
    assert checkpoint.check(asked(0)).subject == "P-0"


def test_orders_hold_without_the_service(live: LiveService, post: AtThePost) -> None:
    demanding = replace(POST, demands_order=True)
    live.service.day.places.set_post(demanding, event(EventKind.POST_SET))
    try:
        now = datetime.now(UTC)
        way = (WING, YARD, now - timedelta(hours=1), now + timedelta(minutes=30))
        order = NewOrder("order-1", INMATES, SubjectId("P-0"), None, *way, OrderPurpose.WORK, note="private")
        live.service.day.orders.issue(order, event(EventKind.ORDER_ISSUED))
        checkpoint = post.begin()
        checkpoint.keep_up()
        post.link.cut = True
        assert checkpoint.check(asked(0)).passage is Passage.PASS
        held = checkpoint.check(asked(1))
        assert (held.passage, held.ground, held.step) == (Passage.STOP, "no_order", Step.NONE)
        post.clock.later(minutes=31)
        assert checkpoint.check(asked(0)).ground == "no_order"
    finally:
        live.service.day.places.set_post(POST, event(EventKind.POST_SET))


def test_a_revoked_device_is_wiped_and_locked(live: LiveService, post: AtThePost, tmp_path: Path) -> None:
    checkpoint = post.begin(renew=1.0)
    checkpoint.keep_up()
    post.link.cut = True
    checkpoint.check(asked(0))
    live.service.devices.revoke(post.device.id, event(EventKind.DEVICE_REVOKED))
    assert checkpoint.check(asked(0)).passage is Passage.PASS  # nobody could tell it yet
    post.link.cut = False
    post.clock.later(seconds=20)
    with pytest.raises(BiometricServiceError) as caught:
        checkpoint.keep_up()
    assert caught.value.code is ErrorCode.DEVICE_REVOKED
    assert {each.name for each in tmp_path.iterdir()} >= {"revoked.json", "queue.db"}
    assert not {each.name for each in tmp_path.iterdir()} & {"slice.db", "device.key"}
    for each in (checkpoint, post.begin()):
        with pytest.raises(BiometricServiceError) as caught:
            each.check(asked(0))
        assert caught.value.code is ErrorCode.DEVICE_REVOKED


def test_a_slice_that_a_power_cut_left_of_a_revoked_device_is_wiped_at_the_next_start(
    post: AtThePost, tmp_path: Path
) -> None:
    post.begin().keep_up()
    assert (tmp_path / "slice.db").exists()
    (tmp_path / "revoked.json").write_text("{}")
    assert post.begin().state().locked
    assert not (tmp_path / "slice.db").exists()


def test_a_slice_on_disk_is_believed_by_the_key_that_is_named_now(post: AtThePost, tmp_path: Path) -> None:
    post.begin().keep_up()
    post.link.cut = True
    assert post.begin().state().slice is not None
    assert post.begin(service_key="00" * 32).state().slice is None
    assert not (tmp_path / "slice.db").exists()


def test_whoever_keeps_up_goes_on_after_a_fault_of_the_machine(
    post: AtThePost, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint, told = post.begin(), list[Told]()
    whole, tries = post.link.slice, iter([OSError(28, "No space left on device")])

    def failing_once(held: ChangeNumber, *, awaited: bool = False) -> bytes:
        for fault in tries:
            raise fault
        return whole(held, awaited=awaited)

    monkeypatch.setattr(post.link, "slice", failing_once)
    with Keeper(checkpoint, told.append):
        until = time.monotonic() + 60
        while checkpoint.state().slice is None and time.monotonic() < until:
            time.sleep(0.05)
    assert checkpoint.state().slice is not None


def test_nobody_but_the_service_can_have_it_wiped(
    post: AtThePost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoint = post.begin(renew=1.0)
    checkpoint.keep_up()

    def refuse(held: ChangeNumber, *, awaited: bool = False) -> bytes:
        raise BiometricServiceError(ErrorCode.NOT_AUTHENTICATED, f"No {held} {awaited}.", "Go.")

    monkeypatch.setattr(post.link, "slice", refuse)
    monkeypatch.setattr(post.link, "standing", lambda nonce: f'{{"kind":"device_standing","nonce":"{nonce}"}}')
    post.clock.later(seconds=20)
    with pytest.raises(BiometricServiceError) as caught:
        checkpoint.keep_up()
    assert caught.value.code is ErrorCode.NOT_AUTHENTICATED
    assert (tmp_path / "slice.db").exists()
    assert not checkpoint.state().locked


def test_the_queue_is_sealed_and_a_changed_one_is_found(post: AtThePost, tmp_path: Path) -> None:
    checkpoint = post.begin()
    checkpoint.keep_up()
    post.link.cut = True
    checkpoint.check(asked(0))
    assert b"P-0" not in (tmp_path / "queue.db").read_bytes()
    changed = sqlite3.connect(tmp_path / "queue.db")
    with changed:
        changed.execute("UPDATE reports SET id = 'other'")
    changed.close()
    post.link.cut = False
    post.clock.later(seconds=20)
    with pytest.raises(BiometricServiceError) as caught:
        checkpoint.keep_up()
    assert caught.value.code is ErrorCode.RECORD_TAMPERED


def test_what_the_service_refuses_is_set_aside_and_holds_up_nothing(
    live: LiveService, post: AtThePost, tmp_path: Path
) -> None:
    queue = open_queue_of(post, tmp_path)
    body = {"kind": "release", "subject": "P-0", "gallery": INMATES, "legal_basis": "s. 12", "purpose": "movement"}
    queue.put(QueuedEvent("foreign", "releases", body))
    checkpoint = post.begin(renew=1.0)
    number = checkpoint.keep_up().slice
    post.link.cut = True
    after = asked(0)
    checkpoint.check(after)
    post.link.cut = False
    post.clock.later(seconds=20)
    state = checkpoint.keep_up()
    assert (state.waiting, state.refused, len(passages(live, after.id))) == (0, 1, 1)
    assert state.slice != number
    ((event, why),) = queue.set_aside()
    assert (event.id, event.body, "not_authorised" in why) == ("foreign", body, True)
    queue.again()
    assert checkpoint.state().waiting == 1


def open_queue_of(post: AtThePost, folder: Path) -> EventQueue:
    post.begin()
    return open_queue(folder)


def test_a_key_that_a_power_cut_left_empty_is_made_anew_and_a_lost_one_is_told(post: AtThePost, tmp_path: Path) -> None:
    key = tmp_path / "local.key"
    key.touch(mode=0o600)
    post.begin().keep_up()
    assert (len(key.read_bytes()), key.stat().st_mode & 0o777) == (32, 0o600)
    key.write_bytes(b"")
    with pytest.raises(BiometricServiceError) as caught:
        post.begin()
    assert caught.value.code is ErrorCode.RECORD_TAMPERED


def portal(request: BaseHTTPRequestHandler) -> None:
    request.rfile.read(int(request.headers["content-length"]))
    says(b"<html>Please sign in</html>")(request)


def test_another_pages_answer_is_none(post: AtThePost) -> None:
    image = replace(asked(0), images=(GivenImage(b"picture", Modality.FACE),))
    place = Place(POST.id, "movement")
    with server(portal) as port, HttpLink(f"http://127.0.0.1:{port}", post.device, place, Connection()) as link:
        for ask in (
            lambda: link.check(image),
            lambda: link.standing("0" * 32),
            lambda: link.tell(QueuedEvent("1", "passages", {})),
        ):
            with pytest.raises(NoAnswer, match="not understood"):
                ask()


def browsing(port: int) -> httpx.Client:
    return httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False)


def test_the_screen_reads_no_more_than_it_takes(post: AtThePost) -> None:
    screen = Screen(post.begin(), Movement.IN, lambda _: None)
    with serving_screen(screen, 0) as port, browsing(port) as page:
        for path in ("/v1/checks", "/v1/manual-checks"):
            for body in (b"x" * (LARGEST + 1), iter([b"x"])):
                assert page.post(path, content=body).status_code == 413
        assert page.post("/v1/manual-checks", json={"subject": "P-1"}).status_code == 422
        fault = page.post("/v1/finger-checks", headers={"Accept-Language": "es"}).json()
        assert (fault["code"], fault["action"]) == ("device_failed", "Revise el dispositivo y capture de nuevo.")


def test_two_officers_who_are_recognised_answer_for_somebody(live: LiveService, tmp_path: Path) -> None:
    staff = GalleryId("staff")
    if staff not in live.service.store.galleries():
        live.gallery(staff)
        for officer in (31, 32):
            kept = replace(encounter(officer), galleries=frozenset({staff}))
            live.service.store.enrol(kept, event(EventKind.SUBJECT_ENROLLED))
    post = at_the_post(live, tmp_path, galleries=(INMATES, staff))
    checkpoint = post.begin(officers=staff)
    checkpoint.keep_up()
    post.link.cut = True

    def by_hand(*officers: int) -> ByHand:
        first, second = ((given_template(each, 2),) for each in officers)
        return ByHand(uuid4().hex, SubjectId("P-1"), Movement.IN, Why.NOT_READABLE, (first, second))

    for wrong in (by_hand(31, 31), by_hand(31, STRANGER), by_hand(31, 1)):
        assert checkpoint.confirm(wrong).passage is Passage.REVIEW
    asked_for = by_hand(31, 32)
    answer = checkpoint.confirm(asked_for)
    assert (answer.passage, answer.subject, answer.ground) == (Passage.REVIEW, "P-1", "officers_unproven")
    assert (answer.step, "no proof" in str(answer.reasons[0])) == (Step.NONE, True)
    refused(ErrorCode.SUBJECT_UNKNOWN, lambda: checkpoint.confirm(replace(by_hand(31, 32), subject=SubjectId("P-31"))))
    before = believed(live, 1)
    post.link.cut = False
    post.clock.later(seconds=20)
    assert checkpoint.keep_up().waiting == 0
    (told,) = passages(live, asked_for.id)
    assert (told["officers"], told["why"], told["means"]) == ("P-31 P-32", "not_readable", "manual")
    assert (told["decided"], told["passage"], told["ground"]) == ("review", "review", "officers_unproven")
    assert believed(live, 1) == before  # a photograph of an officer moves nobody


@dataclass
class Guarded:
    """A checkpoint whose line is cut, and the keys of two officers, of whom the first has two."""

    checkpoint: Checkpoint
    post: AtThePost
    first: str
    again: str
    second: str

    def by_keys(self, one: str, other: str, person: int = 2) -> ByKeys:
        return ByKeys(uuid4().hex, SubjectId(f"P-{person}"), Movement.IN, Why.NOT_READABLE, (one, other))

    def back(self) -> None:
        """The line is mended, and all is told."""
        self.post.link.cut = False
        self.post.clock.later(seconds=20)
        assert self.checkpoint.keep_up().waiting == 0


@pytest.fixture
def guarded(live: LiveService, tmp_path: Path) -> Guarded:
    keys = [live.key(BY_HAND, owner=owner) for owner in ("4711", "4711", "4712")]
    post = at_the_post(live, tmp_path, scopes=TAKES_KEYS)
    checkpoint = post.begin(renew=1.0)
    checkpoint.keep_up()
    assert checkpoint.by_keys
    post.link.cut = True
    return Guarded(checkpoint, post, *keys)


def doubted(live: LiveService, passage: str) -> list[dict[str, str]]:
    """The alarms of one passage."""
    every = live.service.store.events(0, 100_000)
    alarms = [each.event for each in every if each.event.kind is EventKind.MANUAL_CHECK_DOUBTED]
    return [{**each.details, "subject": each.subject or ""} for each in alarms if each.details["passage_id"] == passage]


def key_id(secret: str) -> str:
    return secret.partition(".")[0]


def test_two_officers_let_somebody_pass_by_keys_of_their_own_with_the_line_cut(
    live: LiveService, guarded: Guarded
) -> None:
    asked_for = guarded.by_keys(guarded.first, guarded.second)
    answer = guarded.checkpoint.confirm_by_keys(asked_for)
    assert (answer.passage, answer.subject, answer.ground) == (Passage.PASS, "P-2", "confirmed_by_two")
    assert (answer.step, answer.offline) == (Step.NONE, True)
    guarded.back()
    (told,) = passages(live, asked_for.id)
    assert (told["officers"], told["why"], told["means"]) == ("4711 4712", "not_readable", "manual")
    assert (told["passage"], told["ground"], told["decided"]) == ("pass", "confirmed_by_two", "pass")
    assert told["keys"] == f"{key_id(guarded.first)} {key_id(guarded.second)}"
    assert (believed(live, 2), doubted(live, asked_for.id)) == ((YARD, How.OFFLINE), [])


def test_keys_are_kept_nowhere(live: LiveService, guarded: Guarded, tmp_path: Path) -> None:
    asked_for = guarded.by_keys(guarded.first, guarded.second)
    answer = guarded.checkpoint.confirm_by_keys(asked_for)
    (waiting,) = open_queue(tmp_path).pending()
    on_disk = b"".join(files_under(tmp_path).values())
    guarded.back()
    log = [str(each.event) for each in live.service.store.events(0, 100_000)]
    said = [repr(asked_for), json.dumps(answer.told(ENGLISH)), json.dumps(waiting.body), *log]
    for secret in (guarded.first, guarded.second):
        digest = hashlib.sha256(secret.encode())
        for hidden in (secret, secret.partition(".")[2], digest.hexdigest()):
            assert not any(hidden in each for each in said)
            assert hidden.encode() not in on_disk
        assert digest.digest() not in on_disk


def test_one_officer_with_two_keys_a_strangers_key_and_an_expired_one_are_no_two(
    live: LiveService, guarded: Guarded
) -> None:
    mine, theirs = guarded.first, guarded.second
    unowned, elsewhere = live.key(BY_HAND), live.key(BY_HAND, frozenset({"staff"}), owner="4713")
    pairs = [(mine, mine), (mine, guarded.again), (mine, f"{theirs}x"), (mine, unowned), (elsewhere, theirs)]
    before = believed(live, 2)
    tried = 0
    for one, other in pairs:
        answer = guarded.checkpoint.confirm_by_keys(guarded.by_keys(one, other))
        assert (answer.passage, answer.subject, answer.ground) == (Passage.REVIEW, None, "not_certain")
        assert "Two different officers" in str(answer.reasons[0])
        tried += 1
    assert guarded.checkpoint.state().waiting == tried
    guarded.back()
    assert believed(live, 2) == before


def test_wrong_keys_are_tried_a_few_times_a_minute_and_right_ones_not_meanwhile(guarded: Guarded) -> None:
    wrong, right = (guarded.by_keys(guarded.first, other) for other in ("4711.guess", guarded.second))
    for _ in range(5):
        assert guarded.checkpoint.confirm_by_keys(wrong).passage is Passage.REVIEW
    refused(ErrorCode.RATE_LIMITED, lambda: guarded.checkpoint.confirm_by_keys(right))
    guarded.post.clock.later(seconds=13)
    assert guarded.checkpoint.confirm_by_keys(right).passage is Passage.PASS
    refused(
        ErrorCode.SUBJECT_UNKNOWN, lambda: guarded.checkpoint.confirm_by_keys(replace(right, subject=SubjectId("P-77")))
    )


def test_two_officers_decide_on_an_old_slice_too_until_its_end(guarded: Guarded) -> None:
    guarded.post.clock.later(hours=1, minutes=30)
    both = guarded.by_keys(guarded.first, guarded.second)
    assert guarded.checkpoint.state().stale
    assert guarded.checkpoint.confirm_by_keys(both).passage is Passage.PASS
    guarded.post.clock.later(hours=1)
    refused(ErrorCode.SLICE_EXPIRED, lambda: guarded.checkpoint.confirm_by_keys(both))
    assert not guarded.post.begin().by_keys


def test_by_keys_the_rules_of_the_post_hold(live: LiveService, guarded: Guarded) -> None:
    demanding = replace(POST, demands_order=True)
    live.service.day.places.set_post(demanding, event(EventKind.POST_SET))
    try:
        guarded.back()
    finally:
        live.service.day.places.set_post(POST, event(EventKind.POST_SET))
    guarded.post.link.cut = True
    answer = guarded.checkpoint.confirm_by_keys(guarded.by_keys(guarded.first, guarded.second, 1))
    assert (answer.passage, answer.ground, answer.step) == (Passage.STOP, "no_order", Step.NONE)


def test_a_revoked_key_is_known_with_the_next_delta(live: LiveService, guarded: Guarded) -> None:
    live.service.api_keys.revoke(key_id(guarded.second), event(EventKind.API_KEY_REVOKED))
    guarded.back()
    guarded.post.link.cut = True
    for checkpoint in (guarded.checkpoint, guarded.post.begin()):
        answer = checkpoint.confirm_by_keys(guarded.by_keys(guarded.first, guarded.second))
        assert answer.passage is Passage.REVIEW


def test_with_the_line_up_the_service_says_whose_keys_hold(live: LiveService, guarded: Guarded) -> None:
    both = guarded.by_keys(guarded.first, guarded.second)
    guarded.post.link.cut = False
    assert guarded.checkpoint.confirm_by_keys(both).passage is Passage.PASS
    live.service.api_keys.revoke(key_id(guarded.second), event(EventKind.API_KEY_REVOKED))
    assert guarded.checkpoint.confirm_by_keys(replace(both, id=uuid4().hex)).passage is Passage.REVIEW
    guarded.post.link.cut = True
    assert guarded.checkpoint.confirm_by_keys(replace(both, id=uuid4().hex)).passage is Passage.REVIEW


def test_officers_wait_for_no_slice_that_is_long_on_its_way(guarded: Guarded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("biometric_service.checkpoint.checkpoint.PATIENCE_S", 0.1)
    guarded.post.link.cut = False
    guarded.post.clock.later(seconds=20)
    begun, slow = Event(), Event()
    line = guarded.post.link.slice

    def slowly(held: ChangeNumber, *, awaited: bool = False) -> bytes:
        begun.set()
        assert slow.wait(20)
        return line(held, awaited=awaited)

    monkeypatch.setattr(guarded.post.link, "slice", slowly)
    with ThreadPoolExecutor(1) as keeper:
        kept = keeper.submit(guarded.checkpoint.keep_up)
        try:
            assert begun.wait(20)
            answer = guarded.checkpoint.confirm_by_keys(guarded.by_keys(guarded.first, guarded.second))
        finally:
            slow.set()
        assert answer.passage is Passage.PASS
        assert kept.result().linked


def test_a_device_that_was_revoked_takes_no_keys_any_more(live: LiveService, guarded: Guarded) -> None:
    live.service.devices.revoke(guarded.post.device.id, event(EventKind.DEVICE_REVOKED))
    guarded.post.link.cut = False
    both = guarded.by_keys(guarded.first, guarded.second)
    refused(ErrorCode.DEVICE_REVOKED, lambda: guarded.checkpoint.confirm_by_keys(both))


def test_a_slice_that_somebody_waits_for_comes_in_time_or_not_at_all(post: AtThePost) -> None:
    over = Event()

    def silent(request: BaseHTTPRequestHandler) -> None:
        over.wait(20)
        request.close_connection = True

    place, patience = Place(POST.id, "movement"), Connection(seconds=0.2)
    with server(silent) as port, HttpLink(f"http://127.0.0.1:{port}", post.device, place, patience) as link:
        try:
            with pytest.raises(NoAnswer, match="not in time"):
                link.slice(WHOLE, awaited=True)
        finally:
            over.set()


def test_a_key_that_was_revoked_with_the_line_cut_raises_an_alarm_and_moves_nobody(
    live: LiveService, guarded: Guarded
) -> None:
    good, late = (guarded.by_keys(guarded.first, guarded.second, person) for person in (0, 3))
    guarded.checkpoint.confirm_by_keys(good)
    before = believed(live, 3)
    live.service.api_keys.revoke(key_id(guarded.second), event(EventKind.API_KEY_REVOKED))
    guarded.post.clock.now = datetime.now(UTC) + timedelta(seconds=10)
    assert guarded.checkpoint.confirm_by_keys(late).passage is Passage.PASS
    guarded.post.link.lossy = True
    guarded.post.link.cut = False
    guarded.post.clock.later(seconds=20)
    guarded.checkpoint.keep_up()
    guarded.post.link.lossy = False
    guarded.post.clock.later(seconds=20)
    assert guarded.checkpoint.keep_up().waiting == 0
    (told,) = passages(live, good.id)
    assert (told["passage"], doubted(live, good.id)) == ("pass", [])
    (told,) = passages(live, late.id)
    assert (told["passage"], told["decided"], told["doubt"]) == ("review", "pass", "key_revoked")
    assert (told["ground"], told["officers"]) == ("officers_unproven", "4711 4712")
    (alarm,) = doubted(live, late.id)
    assert (alarm["subject"], alarm["let_pass"], alarm["doubt"]) == ("P-3", "true", "key_revoked")
    assert believed(live, 3) == before


Change = Callable[[dict[str, Any]], None]


@pytest.mark.parametrize(
    ("change", "doubt"),
    [
        (lambda told: told.update(subject="P-1"), "proof_wrong"),
        (lambda told: told.update(passage=uuid4().hex), "proof_wrong"),
        (lambda told: told.update(why="emergency"), "proof_wrong"),
        (lambda told: told["keys"][1].update(proof="0" * 64), "proof_wrong"),
        (lambda told: told["keys"][1].update(key="nobody"), "proof_wrong"),
        (lambda told: told["keys"].pop(), "one_officer"),
        (lambda told: told.update(keys=[told["keys"][0]] * 2), "one_officer"),
        (lambda told: told.update(keys=[]), None),
        (lambda told: told.update(keys=[], means="face"), None),
    ],
)
def test_what_a_device_says_of_officers_is_believed_by_their_proofs_alone(
    live: LiveService, guarded: Guarded, tmp_path: Path, change: Change, doubt: str | None
) -> None:
    guarded.checkpoint.confirm_by_keys(guarded.by_keys(guarded.first, guarded.second))
    (waiting,) = open_queue(tmp_path).pending()
    (told,) = waiting.body["passages"]
    change(told)
    before = [believed(live, person) for person in (1, 2)]
    guarded.post.link.cut = False
    guarded.post.link.tell(replace(waiting, body={"purpose": "movement", "passages": [told]}))
    (kept,) = passages(live, told["passage"])
    assert (kept["passage"], kept["ground"], kept.get("doubt")) == ("review", "officers_unproven", doubt)
    assert [each["doubt"] for each in doubted(live, told["passage"])] == ([doubt] if doubt else [])
    assert [believed(live, person) for person in (1, 2)] == before


def test_a_device_that_may_take_no_keys_any_more_is_not_believed(live: LiveService, guarded: Guarded) -> None:
    other = registered(live)
    first, second = (given_key(each) for each in (guarded.first, guarded.second))
    at = datetime.now(UTC)
    passing = Passing(uuid4().hex, f"device:{other.id}", POST, Movement.IN, at, Means.MANUAL, offline=True, slice=1)
    ruling = Ruling(Passage.PASS, Ground.CONFIRMED_BY_TWO, (), SubjectId("P-1"))
    said = said_by_hand(passing, ruling, "emergency")
    told = {
        "passage": passing.id,
        "post": POST.id,
        "direction": "in",
        "decided_at": at.isoformat(),
        "decision": "pass",
        "ground": "confirmed_by_two",
        "subject": "P-1",
        "means": "manual",
        "why": "emergency",
        "keys": [{"key": each.id, "proof": proof_of(each, said).mac} for each in (first, second)],
    }
    DirectLink(live, other).tell(QueuedEvent(passing.id, "passages", {"purpose": "movement", "passages": [told]}))
    (alarm,) = doubted(live, passing.id)
    assert (alarm["doubt"], alarm["officers"]) == ("device_not_entitled", "4711 4712")


def test_the_screen_offers_and_takes_two_keys(guarded: Guarded) -> None:
    told: list[Told] = []
    screen = Screen(guarded.checkpoint, Movement.IN, told.append)
    about = {"subject": "P-1", "why": "emergency"}
    with serving_screen(screen, 0) as port, browsing(port) as page:
        for language, words in (("en", "Your key"), ("es", "Su clave")):
            shown = page.get("/", headers={"Accept-Language": language}).text
            assert (words in shown, "officers-view" in shown) == (True, False)
        for keys in ([guarded.first], [guarded.first, guarded.second, guarded.first]):
            assert page.post("/v1/manual-checks", json={**about, "keys": keys}).status_code == 422
        both = {"keys": [guarded.first, guarded.second], "officers": ["AAAA", "AAAA"]}
        assert page.post("/v1/manual-checks", json={**about, **both}).status_code == 422
        spanish = {"Accept-Language": "es"}
        said = page.post("/v1/manual-checks", json={**about, "keys": both["keys"]}, headers=spanish).json()
        wrong = {**about, "keys": [guarded.first, guarded.again]}
        tried = [page.post("/v1/manual-checks", json=wrong, headers=spanish).json() for _ in range(6)]
    assert (said["passage"], said["ground"], said["decided"]) == ("pass", "confirmed_by_two", "offline")
    assert "dos funcionarios distintos" in tried[0]["reasons"][0]
    assert (tried[-1]["code"], tried[-1]["action"]) == ("rate_limited", "Espere 12 s y vuelva a intentarlo.")
    lines = [as_line(each(ENGLISH)) for each in told]
    assert len(lines) == 1 + len(tried)
    assert not any(secret in line for secret in (guarded.first, guarded.again, guarded.second) for line in lines)


def test_a_device_for_another_gallery_than_that_of_its_post_decides_nothing(live: LiveService, tmp_path: Path) -> None:
    guests = GalleryId("guests")
    live.gallery(guests)
    post = at_the_post(live, tmp_path, galleries=(INMATES, guests))
    checkpoint = post.begin(gallery=guests)
    assert checkpoint.gallery() == guests, "as long as nothing is known of the post"
    checkpoint.keep_up()
    by_hand = ByHand(uuid4().hex, SubjectId("P-1"), Movement.IN, Why.EMERGENCY, ((), ()))
    for cut in (False, True):
        post.link.cut = cut
        refused(ErrorCode.REQUEST_INVALID, lambda: checkpoint.check(asked(1)))
        refused(ErrorCode.REQUEST_INVALID, lambda: checkpoint.confirm(by_hand))
    refused(ErrorCode.REQUEST_INVALID, post.begin(gallery=guests).gallery)
    assert post.begin(gallery=INMATES).check(asked(1)).passage is Passage.PASS


def test_a_post_of_all_galleries_takes_the_one_that_is_named(live: LiveService, tmp_path: Path) -> None:
    everybody = replace(POST, gallery=ALL_GALLERIES)
    live.service.day.places.set_post(everybody, event(EventKind.POST_SET))
    try:
        post = at_the_post(live, tmp_path, galleries=(ALL_GALLERIES,))
        checkpoint = post.begin(gallery=INMATES)
        checkpoint.keep_up()
    finally:
        live.service.day.places.set_post(POST, event(EventKind.POST_SET))
    post.link.cut = True
    assert (checkpoint.gallery(), checkpoint.check(asked(1)).passage) == (INMATES, Passage.PASS)


@pytest.mark.parametrize(("person", "cut"), [(23, False), (24, True)])
def test_where_a_face_settles_nothing_a_finger_is_asked_for(
    live: LiveService, post: AtThePost, person: int, *, cut: bool
) -> None:
    live.service.store.enrol(encounter(person), event(EventKind.SUBJECT_ENROLLED))
    checkpoint = post.begin(fingers=True)
    checkpoint.keep_up()
    post.link.cut = cut
    shown: list[Modality] = []
    told: list[Told] = []
    face = FaceTemplate(TemplateFormat(Modality.FACE, "none", "1"), np.eye(1, 8, dtype=np.float32)[0])

    def capture(modality: Modality) -> Given:
        shown.append(modality)
        return GivenTemplate(face, "0" * 64) if modality is Modality.FACE else given_template(person, 2)

    answer = Lane(checkpoint, capture, Movement.IN, told.append).one_person()
    assert (answer.passage, answer.subject, answer.offline) == (Passage.PASS, f"P-{person}", cut)
    assert shown == [Modality.FACE, Modality.FINGERPRINT]
    lines = [each("es") for each in told]
    assert [(each["passage"], each["next"]) for each in lines] == [("review", "finger"), ("pass", "none")]
    assert lines[-1]["reasons"] == (f"La persona es P-{person}.",)
