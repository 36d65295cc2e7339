"""What a device is given of the gallery: its own, sealed, signed, in order, and gone when it must be."""

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from biometric_service.checkpoint.http_link import HttpLink, Place
from biometric_service.checkpoint.identity import DeviceIdentity
from biometric_service.checkpoint.receiving import ReceivedSlice, receive
from biometric_service.checkpoint.vault import Vault
from biometric_service.client.faults import NoAnswer
from biometric_service.client.sending import Connection
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.interchange.slices import content
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.references import ChangeNumber, EncounterKey, EncounterStatus, GalleryId, SubjectId
from biometric_service.vocabulary.slices import WHOLE, SliceHead
from biometric_service.vocabulary.statements import read_statement
from tests.certificates import identity
from tests.checkpoints import BY_HAND, DEVICE_SCOPES, POST, TAKES_KEYS, comparing_service, open_post, registered
from tests.live_service import OPERATIONS, LiveService, event
from tests.template_walk import encounter

FINGERS = 4
Ask = Callable[[DeviceIdentity, SliceHead | None], ReceivedSlice]


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    with comparing_service(tmp_path_factory.mktemp("data"), slice_seconds=3600, slice_fresh_seconds=600) as live:
        yield live


@pytest.fixture
def gallery(live: LiveService) -> GalleryId:
    """A gallery of its own for each test, with a few people in it: see ``person``."""
    name = GalleryId(f"g{uuid4().hex[:8]}")
    live.gallery(name)
    for finger in range(FINGERS):
        enrol(live, name, finger)
    return name


def person(gallery: str, finger: int) -> SubjectId:
    return SubjectId(f"{gallery}-{finger}")


def enrol(live: LiveService, gallery: GalleryId, finger: int) -> None:
    kept = replace(encounter(finger), subject=person(gallery, finger), galleries=frozenset({gallery}))
    live.service.store.enrol(kept, event(EventKind.SUBJECT_ENROLLED))


@pytest.fixture
def link(live: LiveService) -> Iterator[Callable[[DeviceIdentity], HttpLink]]:
    opened: list[HttpLink] = []

    def make(device: DeviceIdentity) -> HttpLink:
        opened.append(HttpLink(live.url, device, Place("", "movement"), Connection()))
        return opened[-1]

    yield make
    for each in opened:
        each.__exit__(None, None, None)


@pytest.fixture
def ask(link: Callable[[DeviceIdentity], HttpLink]) -> Ask:
    def asked(device: DeviceIdentity, held: SliceHead | None) -> ReceivedSlice:
        data = link(device).slice(held.change if held else WHOLE)
        return receive(data, device, "", held, datetime.now(UTC))

    return asked


@pytest.fixture(scope="module")
def guarded(live: LiveService) -> LiveService:
    """With a post of the gallery of inmates."""
    open_post(live)
    return live


def at_post(device: DeviceIdentity, live: LiveService, held: SliceHead | None = None) -> ReceivedSlice:
    """A slice with the rules of the post."""
    with HttpLink(live.url, device, Place(POST.id, "movement"), Connection()) as link:
        return receive(link.slice(held.change if held else WHOLE), device, "", held, datetime.now(UTC))


def officers(received: ReceivedSlice) -> dict[str, str]:
    """Whose keys are in it, by their public part."""
    assert received.content.officers is not None
    return {each.id: each.owner for each in received.content.officers.keys}


def subjects(received: ReceivedSlice) -> set[str]:
    return {each.subject for each in received.content.added}


def test_a_whole_slice_has_everybody_of_the_devices_galleries_and_nobody_else(
    live: LiveService, gallery: GalleryId, ask: Ask
) -> None:
    live.gallery("visitors")
    device, elsewhere = registered(live, gallery), registered(live, "visitors")
    found = ask(device, None)
    assert subjects(found) == {person(gallery, finger) for finger in range(FINGERS)}
    assert found.content.galleries == found.head.galleries == {gallery}
    assert found.head.change == live.service.store.last_change()
    assert subjects(ask(elsewhere, None)) == set()


def test_its_issue_is_an_event_whose_number_it_has(live: LiveService, gallery: GalleryId, ask: Ask) -> None:
    device = registered(live, gallery)
    head = ask(device, None).head
    told = live.service.store.events(head.number - 1, 1)[0].event
    assert (told.kind, told.caller.actor, told.gallery) == (EventKind.SLICE_ISSUED, f"device:{device.id}", gallery)
    assert (told.details["references"], told.details["device"]) == (str(FINGERS), device.id)
    assert ask(device, None).head.number > head.number


def test_a_delta_brings_who_came_and_takes_who_was_erased_released_or_merged(
    live: LiveService, gallery: GalleryId, ask: Ask
) -> None:
    device, store = registered(live, gallery), live.service.store
    first = ask(device, None)
    held = {each.id: each.subject for each in first.content.added}
    enrol(live, gallery, FINGERS)
    store.erase(person(gallery, 0), event(EventKind.SUBJECT_ERASED))
    people = live.service.walk.encounters
    released = EncounterKey(person(gallery, 1), encounter(1).encounter)
    people.set_status(released, EncounterStatus.RELEASED, event(EventKind.STATUS_CHANGED))
    people.merge(person(gallery, 2), person(gallery, 3), event(EventKind.SUBJECTS_MERGED))
    delta = ask(device, first.head)
    assert delta.head.base == first.head.change
    assert {held[each] for each in delta.content.removed if each in held} == {
        person(gallery, 0),
        person(gallery, 1),
        person(gallery, 2),
    }
    assert sorted(each.subject for each in delta.content.added) == [person(gallery, 3), person(gallery, FINGERS)]
    assert ask(device, delta.head).content.added == ()


def test_only_the_device_it_was_sealed_for_opens_it(
    live: LiveService, gallery: GalleryId, link: Callable[[DeviceIdentity], HttpLink]
) -> None:
    device = registered(live, gallery)
    data = link(device).slice(WHOLE)
    thief = DeviceIdentity(device.id, identity("thief").key)
    with pytest.raises(BiometricServiceError) as caught:
        receive(data, thief, "", None, datetime.now(UTC))
    assert caught.value.code is ErrorCode.SLICE_UNTRUSTED
    with pytest.raises(BiometricServiceError, match="for the device"):
        receive(data, DeviceIdentity("another", device.key), "", None, datetime.now(UTC))


def test_nothing_changed_on_the_way_and_no_other_signer_is_believed(
    live: LiveService, gallery: GalleryId, link: Callable[[DeviceIdentity], HttpLink]
) -> None:
    device = registered(live, gallery)
    data = link(device).slice(WHOLE)
    statement, _, sealed = data.partition(b"\n")
    own = read_statement(statement.decode()).public_key
    receive(data, device, own, None, datetime.now(UTC))
    forged = (
        statement + b"\n" + sealed[:-1] + bytes([sealed[-1] ^ 1]),
        statement.replace(b'"expires_at":"2', b'"expires_at":"3') + b"\n" + sealed,
        sealed,
        b"",
    )
    for each in forged:
        with pytest.raises(BiometricServiceError) as caught:
            receive(each, device, "", None, datetime.now(UTC))
        assert caught.value.code is ErrorCode.SLICE_UNTRUSTED
    with pytest.raises(BiometricServiceError, match="Another key"):
        receive(data, device, "00" * 32, None, datetime.now(UTC))


def test_an_older_slice_and_one_that_does_not_go_on_are_refused(
    live: LiveService, gallery: GalleryId, link: Callable[[DeviceIdentity], HttpLink]
) -> None:
    device, now = registered(live, gallery), datetime.now(UTC)
    older = link(device).slice(WHOLE)
    newer = receive(link(device).slice(WHOLE), device, "", None, now)
    live.service.store.erase(person(gallery, 0), event(EventKind.SUBJECT_ERASED))
    delta = link(device).slice(newer.head.change)
    for data, held in ((older, newer.head), (delta, None)):
        with pytest.raises(BiometricServiceError) as caught:
            receive(data, device, "", held, now)
        assert caught.value.code is ErrorCode.SLICE_ROLLED_BACK
    after = receive(delta, device, "", newer.head, now)
    with pytest.raises(BiometricServiceError) as caught:
        receive(delta, device, "", after.head, now)
    assert caught.value.code is ErrorCode.SLICE_ROLLED_BACK


@pytest.mark.parametrize("off", [timedelta(hours=2), timedelta(minutes=-10)])
def test_a_slice_holds_from_its_issue_to_its_end(
    live: LiveService, gallery: GalleryId, link: Callable[[DeviceIdentity], HttpLink], off: timedelta
) -> None:
    device = registered(live, gallery)
    with pytest.raises(BiometricServiceError) as caught:
        receive(link(device).slice(WHOLE), device, "", None, datetime.now(UTC) + off)
    assert caught.value.code is ErrorCode.SLICE_EXPIRED


def test_a_revoked_device_gets_no_slice_and_a_signed_word_that_it_is_revoked(
    live: LiveService, gallery: GalleryId, link: Callable[[DeviceIdentity], HttpLink]
) -> None:
    device = registered(live, gallery)
    assert read_statement(link(device).standing("0" * 32)).fields["standing"] == "in_force"
    live.service.devices.revoke(device.id, event(EventKind.DEVICE_REVOKED))
    with pytest.raises(BiometricServiceError) as caught:
        link(device).slice(WHOLE)
    assert caught.value.code is ErrorCode.NOT_AUTHENTICATED
    said = read_statement(link(device).standing("1" * 32)).fields
    assert (said["standing"], said["device"], said["nonce"]) == ("revoked", device.id, "1" * 32)
    assert live.last_event().kind is EventKind.STANDING_TOLD
    with pytest.raises(BiometricServiceError) as caught:
        link(DeviceIdentity(device.id, identity("thief").key)).standing("2" * 32)
    assert caught.value.code is ErrorCode.NOT_AUTHENTICATED


def test_a_revoked_device_asks_no_more_often_than_any_caller(tmp_path: Path) -> None:
    with comparing_service(tmp_path, caller_rate=0.01, caller_burst=2) as live:
        device = registered(live)
        live.service.devices.revoke(device.id, event(EventKind.DEVICE_REVOKED))
        with HttpLink(live.url, device, Place("", "movement"), Connection()) as link:
            for nonce in ("0" * 32, "1" * 32):
                assert read_statement(link.standing(nonce)).fields["standing"] == "revoked"
            written = live.service.verify_audit()
            with pytest.raises(NoAnswer, match="rate_limited"):
                link.standing("2" * 32)
            assert live.service.verify_audit() == written


def test_whoever_is_no_device_or_lacks_the_scope_gets_none(
    live: LiveService, gallery: GalleryId, link: Callable[[DeviceIdentity], HttpLink]
) -> None:
    asked = {"purpose": "movement"}
    answer = live.client(live.key()).post(f"{OPERATIONS}/gallery-slices", json=asked)
    assert (answer.status_code, answer.json()["code"]) == (400, "request_invalid")
    with pytest.raises(BiometricServiceError, match=Scope.SLICE_READ.value):
        link(registered(live, gallery, scopes=frozenset({Scope.MOVEMENT}))).slice(WHOLE)
    with pytest.raises(BiometricServiceError) as caught:
        link(registered(live, gallery)).slice(ChangeNumber(10**6))
    assert caught.value.code is ErrorCode.REQUEST_INVALID


def test_the_vault_gives_back_what_was_put_there_and_loses_what_was_taken_out(
    live: LiveService, gallery: GalleryId, ask: Ask, tmp_path: Path
) -> None:
    device = registered(live, gallery)
    vault = Vault(tmp_path / "slice.db", device)
    assert vault.held() is None
    first = ask(device, None)
    vault.keep(first)
    live.service.store.erase(person(gallery, 0), event(EventKind.SUBJECT_ERASED))
    delta = ask(device, first.head)
    vault.keep(delta)
    held = Vault(tmp_path / "slice.db", device).held()
    assert held is not None
    assert subjects(held) == {person(gallery, 1), person(gallery, 2), person(gallery, 3)}
    assert (held.head.number, held.head.change) == (delta.head.number, delta.head.change)
    with pytest.raises(BiometricServiceError) as caught:
        Vault(tmp_path / "slice.db", DeviceIdentity(device.id, identity("thief").key)).held()
    assert caught.value.code is ErrorCode.SLICE_UNTRUSTED
    vault.wipe()
    assert vault.held() is None


def test_a_delta_is_not_put_on_a_slice_that_it_does_not_go_on_from(
    live: LiveService, gallery: GalleryId, ask: Ask, tmp_path: Path
) -> None:
    device = registered(live, gallery)
    vault = Vault(tmp_path / "slice.db", device)
    first = ask(device, None)
    vault.keep(first)
    live.service.store.erase(person(gallery, 0), event(EventKind.SUBJECT_ERASED))
    never_kept = ask(device, first.head)
    live.service.store.erase(person(gallery, 1), event(EventKind.SUBJECT_ERASED))
    with pytest.raises(BiometricServiceError) as caught:
        vault.keep(ask(device, never_kept.head))
    assert caught.value.code is ErrorCode.SLICE_UNTRUSTED
    held = vault.held()
    assert held is not None
    assert held.head.change == first.head.change


@pytest.mark.parametrize(
    "tamper",
    [
        "DELETE FROM held WHERE reference = (SELECT min(reference) FROM held)",
        "UPDATE held SET reference = reference + 100 WHERE reference = (SELECT max(reference) FROM held)",
        "UPDATE parts SET sealed = zeroblob(100) WHERE name = 'head'",
        "DELETE FROM parts WHERE name = 'rest'",
    ],
)
def test_whoever_changes_the_vault_is_found(
    live: LiveService, gallery: GalleryId, ask: Ask, tmp_path: Path, tamper: str
) -> None:

    device = registered(live, gallery)
    vault = Vault(tmp_path / "slice.db", device)
    vault.keep(ask(device, None))
    changed = sqlite3.connect(tmp_path / "slice.db")
    with changed:
        changed.execute(tamper)
    changed.close()
    with pytest.raises(BiometricServiceError) as caught:
        vault.held()
    assert caught.value.code is ErrorCode.SLICE_UNTRUSTED


def test_galleries_that_the_device_does_not_reach_are_not_named(
    live: LiveService, gallery: GalleryId, ask: Ask
) -> None:
    live.gallery("protected")
    key = EncounterKey(person(gallery, 0), encounter(0).encounter)
    both = frozenset({gallery, GalleryId("protected")})
    live.service.walk.encounters.set_galleries(key, both, event(EventKind.GALLERIES_CHANGED))
    found = ask(registered(live, gallery), None)
    assert {gallery for each in found.content.added for gallery in each.galleries} == {gallery}


def test_a_slice_has_the_keys_of_those_who_may_check_by_hand_at_its_post_and_of_nobody_else(
    guarded: LiveService,
) -> None:
    every, own = frozenset(Scope), frozenset({POST.gallery})
    made = [
        guarded.key(BY_HAND, owner="4711"),
        guarded.key(BY_HAND, own, frozenset({"movement"}), "4712"),
        guarded.key(BY_HAND, own, frozenset({"movement"}), owner=""),
        guarded.key(BY_HAND, frozenset({"visitors"}), frozenset({"movement"}), "4713"),
        guarded.key(BY_HAND, own, frozenset({"visits"}), "4714"),
        guarded.key(every - BY_HAND, owner="4715"),
    ]
    found = at_post(registered(guarded, POST.gallery, TAKES_KEYS), guarded)
    here = [officers(found).get(each.partition(".")[0]) for each in made]
    assert here == ["4711", "4712", None, None, None, None]
    told = guarded.service.store.events(found.head.number - 1, 1)[0].event
    assert told.details["officer_keys"] == str(len(officers(found)))


def test_a_device_that_is_not_registered_for_it_or_names_no_post_gets_no_officers_keys(
    guarded: LiveService, ask: Ask
) -> None:
    guarded.key(BY_HAND, owner="4711")
    assert at_post(registered(guarded, POST.gallery, DEVICE_SCOPES), guarded).content.officers is None
    assert ask(registered(guarded, POST.gallery, TAKES_KEYS), None).content.officers is None


def test_what_a_slice_has_of_a_key_fits_no_other_slice_and_is_nothing_to_call_with(
    guarded: LiveService, tmp_path: Path
) -> None:
    secret = guarded.key(BY_HAND, owner="4711")
    identity, stored = secret.partition(".")[0], hashlib.sha256(secret.encode()).hexdigest()
    device = registered(guarded, POST.gallery, TAKES_KEYS)
    both = [at_post(each, guarded) for each in (device, device, registered(guarded, POST.gallery, TAKES_KEYS))]
    macs = [each.mac for found in both for each in found.content.officers.keys if each.id == identity]  # type: ignore[union-attr]
    assert len(set(macs)) == 3
    assert stored not in macs
    for mac in (*macs, stored):
        for tried in (mac, f"{identity}.{mac}"):
            answer = guarded.client(tried).get(f"{OPERATIONS}/manual-checks", params={"purpose": "movement"})
            assert answer.status_code == 401
    plain = content.encode(both[0].content)
    for hidden in (secret, secret.partition(".")[2], stored):
        assert hidden.encode() not in plain
    Vault(tmp_path / "slice.db", device).keep(both[0])
    assert identity.encode() not in (tmp_path / "slice.db").read_bytes()


def test_a_revoked_key_leaves_with_the_next_delta_also_from_the_disk(guarded: LiveService, tmp_path: Path) -> None:
    stays, goes = (guarded.key(BY_HAND, owner=owner).partition(".")[0] for owner in ("4711", "4712"))
    device = registered(guarded, POST.gallery, TAKES_KEYS)
    vault = Vault(tmp_path / "slice.db", device)
    first = at_post(device, guarded)
    vault.keep(first)
    assert {stays, goes} <= officers(first).keys()
    guarded.service.api_keys.revoke(goes, event(EventKind.API_KEY_REVOKED))
    vault.keep(at_post(device, guarded, first.head))
    held = vault.held()
    assert held is not None
    assert (stays in officers(held), goes in officers(held)) == (True, False)
