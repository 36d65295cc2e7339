"""A ten-print card comes in as ANSI/NIST, is enrolled, found again by one finger, and leaves as ANSI/NIST."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import nistitl
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from biometric_service.app.service import settings_store
from biometric_service.app.sharing import examiner, sharing_parts
from biometric_service.capture.files import ImageLimits
from biometric_service.cli import app
from biometric_service.errors import ErrorCode
from biometric_service.interchange.itl.message import Message
from biometric_service.interchange.itl.person import Person, person_of
from biometric_service.interchange.itl.profile import load_profile
from biometric_service.interchange.itl.reading import read_message
from biometric_service.interchange.itl.writing import finger_record
from biometric_service.interchange.receiving import Import, ImportOutcome, ImportRequest, receive
from biometric_service.interchange.sending import Layout
from biometric_service.interchange.sharing import agreeing
from biometric_service.interchange.sharing.answering import work_next
from biometric_service.interchange.sharing.disclosing import Choice, HandedOver, hand_over, shared_of
from biometric_service.interchange.sharing.following import catch_up
from biometric_service.interchange.sharing.parts import Sharing
from biometric_service.outbound.jwe import decrypted
from biometric_service.settings import Settings, load_settings
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.references import ExceptionKind, GalleryId, SubjectId
from biometric_service.vocabulary.samples import FingerPosition
from biometric_service.vocabulary.sharing import Channel, Circle, DisclosureState, RecordForm, RequestKind
from biometric_service.vocabulary.statements import read_statement
from biometric_service.vocabulary.transactions import Hold, HoldState
from device_drivers.records.transactions import IDC, Record, Tagged, tagged
from tests import itl
from tests.live_service import OPERATIONS, LiveService, live_service
from tests.sharing import CLERK, KEY, PURPOSE, agreed, partner, terms
from tests.stores import refused
from tests.ten_prints import Pixels, ten_fingers

pytestmark = [pytest.mark.models, pytest.mark.shared_data]

TRANSACTIONS, LATENTS = f"{OPERATIONS}/transactions", f"{OPERATIONS}/latents"
INMATES = frozenset({GalleryId("inmates")})
POLICE = Caller("police", "intake")
ANA = SubjectId("BZ-4711")
ABSENT = 9
UNKNOWN_TYPE = tagged(99, [(2, b"30"), (100, b"kept\x1fas it is")])
PLAIN_PRESS, NOBODY = np.full((64, 48), 255, np.uint8), np.zeros((64, 48, 3), np.uint8)
SECOND = finger_record(itl.facts(31), itl.raw(PLAIN_PRESS), [2], impression=0)
PROFILE, TATTOO = itl.picture(32, NOBODY, "FACE", {20: b"L"}), itl.picture(33, NOBODY, "TATTOO")
UNUSED = (SECOND, PROFILE, TATTOO)
"""The right index finger once more, the face from its left, and a tattoo."""
BELIZE = load_profile("belize")
LIMITS = ImageLimits(20_000_000, 50_000_000)


@pytest.fixture(scope="module")
def fingers(shared_data: Path) -> list[Pixels]:
    return ten_fingers(shared_data)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


def card(fingers: list[Pixels]) -> bytes:
    """Nine rolled fingers, the left ring finger amputated, and what nothing is made of."""
    shown = [position for position in range(1, 11) if position != ABSENT]
    images = [itl.finger(idc, position, fingers[position - 1]) for idc, position in enumerate(shown, 1)]
    records: list[Record] = [itl.described(itl.PERSON), *images, itl.absent(20, ABSENT, "XX"), *UNUSED, UNKNOWN_TYPE]
    return itl.transaction(records)


@pytest.fixture(scope="module")
def live(folder: Path, fingers: list[Pixels]) -> Iterator[LiveService]:
    """A service that has taken the card in, and shares where a test says so."""
    chosen = Settings(data_dir=folder, face_model="", interchange_agency="BZPRISON", sharing_seconds=0)
    with live_service(chosen) as live:
        live.gallery("inmates")
        taken = take_in(live, card(fingers))
        assert taken.outcome is ImportOutcome.TAKEN_IN, taken
        yield live


def take_in(live: LiveService, data: bytes, **more: Any) -> Import:  # noqa: ANN401
    return receive(live.service.exchange, ImportRequest(data, INMATES, "belize", "card.an2", **more), POLICE)


EVERYTHING = (
    *("encounter.at", "encounter.legal_basis", "encounter.exceptions", "image.fingerprint", "image.face"),
    "transaction.rest",
    *(f"biographic.{name}" for name in ("name", "aliases", "date_of_birth", "sex")),
)
"""All that the police gave."""


def agreement(
    sharing: Sharing, fields: tuple[str, ...] = EVERYTHING, form: RecordForm = RecordForm.ANSI_NIST_ITL
) -> str:
    """The next version of an agreement with the police about whoever is an inmate."""
    police = partner(agency="BZPOLICE")
    return agreed(sharing, terms(police, circle=Circle(INMATES), fields=fields, form=form, profile="belize")).id


def handed_over(live: LiveService, fields: tuple[str, ...] = EVERYTHING, kind: str = "") -> HandedOver:
    sharing = live.service.sharing
    layout = Layout("BZPOLICE", "belize", kind)
    return hand_over(sharing, agreement(sharing, fields), ANA, Choice(layout), Caller("prison", "exchange"))


def exported(live: LiveService, fields: tuple[str, ...] = EVERYTHING, kind: str = "") -> Message:
    made = handed_over(live, fields, kind)
    message = read_message(made.data, live.service.exchange.rules.limits, BELIZE.sets)
    assert isinstance(message, Message)
    return message


def person(message: Message) -> Person:
    found = person_of(message, BELIZE, LIMITS)
    assert isinstance(found, Person)
    return found


def test_the_card_is_a_person_with_nine_fingers_and_an_exception(live: LiveService) -> None:
    [kept] = live.service.walk.encounters.encounters(ANA)
    encounter = kept.encounter
    assert [each.sample.position.value for each in encounter.samples] == [1, 2, 3, 4, 5, 6, 7, 8, 10]
    [absent] = encounter.exceptions
    assert (absent.position, absent.kind) == (FingerPosition.LEFT_RING, ExceptionKind.AMPUTATED)
    assert encounter.circumstances.biographic["name"] == {"family": "Núñez", "given": "Ana"}
    assert encounter.circumstances.contextual == {"transaction": "TCN-1", "agency": "BZPOLICE"}


def test_the_same_bytes_again_change_nothing(live: LiveService, fingers: list[Pixels]) -> None:
    again = take_in(live, card(fingers))
    assert (again.outcome, again.held) == (ImportOutcome.TAKEN_IN_BEFORE, None)
    assert len(live.service.walk.encounters.encounters(ANA)) == 1


def test_the_person_leaves_as_it_came(live: LiveService, fingers: list[Pixels]) -> None:
    message = exported(live)
    given, left = person(read_card(fingers)), person(message)
    assert left.description == replace(given.description, exceptions=given.exceptions)
    assert left.exceptions == given.exceptions
    assert [each.position for each in left.images] == [each.position for each in given.images]
    limits = live.service.exchange.walk
    for one, other in zip(given.images, left.images, strict=True):
        np.testing.assert_array_equal(limits.decode(one).pixels, limits.decode(other).pixels)
    assert list(map(unnumbered, message.transaction.records[-4:])) == list(map(unnumbered, (*UNUSED, UNKNOWN_TYPE)))
    assert (message.header.origin, message.header.domain) == ("BZPRISON", BELIZE.domain)
    assert live.last_event().kind is EventKind.TRANSACTION_EXPORTED


def unnumbered(record: Record) -> list[tuple[int, bytes]]:
    assert isinstance(record, Tagged)
    return [(each.number, each.value) for each in record.fields if each.number not in {1, IDC}]


def test_an_independent_reader_sees_the_export(live: LiveService) -> None:
    theirs = nistitl.Message()
    theirs.parse(exported(live).encoded())
    assert theirs[0]["TOT"].value == "ENR"
    assert [int(each["FGP"].value if each["FGP"] else each[13].value) for each in theirs.iter(14)] == [
        *(1, 2, 3, 4, 5, 6, 7, 8, 10, ABSENT, 2)
    ]


def read_card(fingers: list[Pixels]) -> Message:
    message = read_message(card(fingers))
    assert isinstance(message, Message)
    return message


def test_only_what_may_go_out_goes_out(live: LiveService) -> None:
    rest = exported(live, ("transaction.rest",), "SRT")
    assert [each.kind for each in rest.transaction.records] == [1, 2, 10, 99]
    [tattoo] = rest.records(10)
    assert unnumbered(tattoo) == unnumbered(TATTOO)
    described = person(exported(live, ("encounter.at", "image.fingerprint", "biographic.sex"), "SRT")).description
    assert (described.biographic, described.kept, described.legal_basis) == ({"sex": "female"}, (), "")


def test_a_file_that_is_carried_to_an_agency_is_a_disclosure(live: LiveService) -> None:
    sharing = live.service.sharing
    made = handed_over(live).disclosure
    assert (made.state, made.channel, made.fields) == (DisclosureState.SENT, Channel.PULL, EVERYTHING)
    assert made.id in [each.id for each in shared_of(sharing, ANA, CLERK)]
    agreeing.withdraw(sharing, made.agreement, CLERK)
    while catch_up(sharing):
        pass
    assert sharing.disclosures.disclosure(made.id).recalled_by
    asked = Choice(Layout("BZPOLICE", "belize"))
    refused(ErrorCode.SHARING_REFUSED, lambda: hand_over(sharing, made.agreement, ANA, asked, CLERK))
    reviewed = replace(sharing.agreements.agreement(made.agreement).terms, two_person_review=True)
    looked_at = agreed(sharing, reviewed).id
    refused(ErrorCode.SHARING_REFUSED, lambda: hand_over(sharing, looked_at, ANA, asked, CLERK))


def test_a_latent_finds_the_person_once_an_examiner_has_marked_it(live: LiveService, shared_data: Path) -> None:
    again = ten_fingers(shared_data, impression=3)[1]
    lifted = np.pad(again, ((40, 10), (60, 20)), constant_values=255)
    came = take_in(live, itl.transaction([itl.latent(1, lifted, (2, 7))], "LFS", "case 7"))
    assert came.enrolment is None
    [latent] = came.latents
    assert latent.positions == (2, 7)
    client = live.client(live.key())
    asked = {"purpose": "investigation", "gallery": "inmates"}
    early = client.post(f"{LATENTS}/{latent.id}/search", json=asked)
    assert (early.status_code, early.json()["code"]) == (409, "latent_not_marked")
    assert client.get(f"{LATENTS}/{latent.id}/image", params={"purpose": "examination"}).status_code == 200
    region = {"left": 60, "top": 40, "width": again.shape[1], "height": again.shape[0]}
    for wrong in ({**region, "left": 90}, {**region, "width": 0}):
        refused = client.post(f"{LATENTS}/{latent.id}/mark", json={"purpose": "examination", "region": wrong})
        assert refused.status_code in {400, 422}
    mark = {"purpose": "examination", "position": "right_index", "region": region, "note": "lifted from a door"}
    marked = client.post(f"{LATENTS}/{latent.id}/mark", json=mark)
    assert (marked.status_code, marked.json()["position"]) == (200, "right_index")
    assert live.last_event().kind is EventKind.LATENT_MARKED
    found = client.post(f"{LATENTS}/{latent.id}/search", json=asked).json()
    assert (found["decision"]["outcome"], found["decision"]["subject"]) == ("match", ANA)
    [listed] = client.get(LATENTS, params={"purpose": "examination"}).json()["latents"]
    assert (listed["id"], listed["control"], listed["position"]) == (latent.id, "case 7", "right_index")
    assert client.delete(f"{LATENTS}/{latent.id}", params={"purpose": "examination"}).status_code == 200
    assert client.delete(f"{LATENTS}/{latent.id}", params={"purpose": "examination"}).status_code == 404


def test_the_police_ask_by_a_transaction_and_are_answered_by_one(live: LiveService, shared_data: Path) -> None:
    sharing, key = live.service.sharing, live.key(frozenset({Scope.SHARING}))
    police = partner(agency="BZPOLICE", principal=key.partition(".")[0])
    asking = terms(
        police,
        circle=Circle(INMATES),
        fields=("biographic.name", "biographic.date_of_birth", "biographic.sex"),
        form=RecordForm.ANSI_NIST_ITL,
        profile="belize",
        answers=frozenset({RequestKind.SEARCH}),
    )
    agreed(sharing, asking, "searches")
    prints = ten_fingers(shared_data, impression=3)
    again = [itl.finger(idc, position, prints[position - 1]) for idc, position in enumerate((2, 7), 1)]
    search = itl.transaction([itl.described(itl.PERSON), *again], "SRT", "case 77/1")
    question = {"purpose": PURPOSE, "request": "case-77-1", "kind": "search", "gallery": "inmates"}
    asked = {**question, "data": base64.b64encode(search).decode()}
    path = f"{OPERATIONS}/agency-requests"
    client = live.client(key)
    cut = {**asked, "data": base64.b64encode(search[:-99]).decode()}
    unread = client.post(f"{path}/transactions", json=cut)
    assert (unread.status_code, unread.json()["code"]) == (400, "transaction_unreadable")
    assert client.post(f"{path}/transactions", json=asked).status_code == 202
    while work_next(sharing, examiner(lambda: live.service.walk)):
        pass
    answered = client.get(f"{path}/case-77-1", params={"purpose": PURPOSE}).json()
    assert (answered["state"], answered["outcome"]) == ("answered", "match")
    sealed = client.get(f"{OPERATIONS}/disclosures/{answered['answer']}", params={"purpose": PURPOSE}).text
    content = read_statement(decrypted(KEY, sealed).decode()).fields["content"]
    assert (content["response"], content["record"]["subject"]) == ("case 77/1", ANA)
    read = read_message(base64.b64decode(content["record"]["files"][0]), sets=BELIZE.sets)
    assert isinstance(read, Message)
    assert (read.header.response, [each.kind for each in read.transaction.records]) == ("case 77/1", [1, 2])
    described = person(read).description.biographic
    assert sorted(described) == ["date_of_birth", "name", "sex"]


def test_another_persons_card_of_the_same_fingers_is_held_until_an_officer_has_looked(
    live: LiveService, shared_data: Path
) -> None:
    other = ten_fingers(shared_data, impression=2)
    records = [itl.described({**itl.PERSON, 3: (("BZ-1",),)}), itl.finger(1, 2, other[1]), itl.finger(2, 7, other[6])]
    held = take_in(live, itl.transaction(records, control="TCN-2"))
    assert held.outcome is ImportOutcome.HELD
    assert held.held is not None
    assert held.held.refusal.reason is Hold.NOT_ENROLLED
    assert held.held.refusal.why.told("es") == "La inscripción fue rechazada: Posible duplicado."
    client, asked = live.client(live.key()), {"purpose": "intake", "galleries": ["inmates"]}
    path = f"{TRANSACTIONS}/held/{held.held.id}"
    once_more = client.post(f"{path}/retry", json=asked).json()
    assert (once_more["outcome"], once_more["held"]["attempts"]) == ("held", 2)
    looked = client.post(f"{path}/retry", json={**asked, "despite_duplicates": True}).json()
    assert (looked["outcome"], looked["subject"], looked["held"]["state"]) == ("taken_in", "BZ-1", "taken_in")
    assert client.post(f"{path}/retry", json=asked).status_code == 404


def test_a_mugshot_is_held_where_nobody_can_compare_faces(live: LiveService) -> None:
    mugshot = itl.face(1, np.zeros((64, 48, 3), np.uint8))
    held = take_in(live, itl.transaction([itl.described({**itl.PERSON, 3: (("BZ-2",),)}), mugshot], control="TCN-3"))
    assert held.held is not None
    assert (held.held.refusal.reason, "no model for a face" in str(held.held.refusal.why)) == (Hold.NOT_ENROLLED, True)


@pytest.fixture
def client(live: LiveService) -> httpx.Client:
    return live.client(live.key())


def sent(data: bytes) -> dict[str, Any]:
    encoded = base64.b64encode(data).decode()
    return {"purpose": "intake", "galleries": ["inmates"], "profile": "belize", "name": "x.an2", "data": encoded}


def test_what_cannot_be_read_is_held_whole_over_http_and_released_as_it_came(
    live: LiveService, client: httpx.Client, fingers: list[Pixels]
) -> None:
    cut = card(fingers)[:-500]
    answer = client.post(TRANSACTIONS, json=sent(cut))
    held = answer.json()["held"]
    assert (answer.status_code, answer.json()["outcome"], held["reason"]) == (200, "held", "cut_short")
    assert live.last_event().kind is EventKind.TRANSACTION_HELD
    again = client.post(TRANSACTIONS, json=sent(cut)).json()["held"]
    assert (again["id"], again["attempts"]) == (held["id"], 2)
    listed = client.get(f"{TRANSACTIONS}/held", params={"purpose": "exchange"}).json()["transactions"]
    assert held["id"] in [each["id"] for each in listed]
    released = client.post(f"{TRANSACTIONS}/held/{held['id']}/release", json={"purpose": "exchange"})
    assert base64.b64decode(released.json()["data"]) == cut
    assert live.service.quarantine.find(held["id"]).state is HoldState.RELEASED
    gone = client.post(f"{TRANSACTIONS}/held/{held['id']}/release", json={"purpose": "exchange"})
    assert (gone.status_code, gone.json()["code"]) == (404, "transaction_unknown")


def test_each_operation_has_its_scope(live: LiveService) -> None:
    reader = live.client(live.key(frozenset({Scope.TRANSACTION_READ})))
    writer = live.client(live.key(frozenset({Scope.TRANSACTION_WRITE})))
    export = {"purpose": "exchange", "subject": ANA, "agreement": agreement(live.service.sharing)}
    assert reader.post(TRANSACTIONS, json=sent(b"x")).status_code == 403
    assert writer.post(TRANSACTIONS, json=sent(b"x")).status_code == 403  # it would enrol
    assert reader.post(f"{TRANSACTIONS}/exports", json=export).status_code == 403  # it discloses somebody
    assert writer.get(f"{TRANSACTIONS}/held", params={"purpose": "exchange"}).status_code == 403
    elsewhere = live.client(live.key(galleries=frozenset({"visitors"})))
    assert elsewhere.get(f"{TRANSACTIONS}/held", params={"purpose": "exchange"}).status_code == 403
    assert elsewhere.post(f"{TRANSACTIONS}/exports", json=export).status_code == 404
    made = live.client(live.key()).post(f"{TRANSACTIONS}/exports", json=export).json()
    assert (made["disclosure"]["state"], made["disclosure"]["agency"]) == ("sent", "BZPOLICE")
    read = read_message(base64.b64decode(made["data"]), sets=BELIZE.sets)
    assert isinstance(read, Message)
    assert len(read.transaction.records) == 16
    unknown = live.client(live.key()).post(f"{TRANSACTIONS}/exports", json={**export, "agreement": "nobody:1"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "agreement_unknown")


def test_nobody_beyond_the_galleries_of_the_sender_gets_an_encounter(live: LiveService, shared_data: Path) -> None:
    again = ten_fingers(shared_data, impression=2)
    data = itl.transaction([itl.described(itl.PERSON), itl.finger(1, 2, again[1])], control="TCN-9")
    live.gallery("visitors")
    elsewhere = live.client(live.key(galleries=frozenset({"visitors"})))
    answer = elsewhere.post(TRANSACTIONS, json={**sent(data), "galleries": ["visitors"]}).json()
    assert (answer["outcome"], answer["held"]["reason"]) == ("held", "not_enrolled")
    assert len(live.service.walk.encounters.encounters(ANA)) == 1


def run(*words: object) -> Result:
    return CliRunner().invoke(app, ["interchange", *map(str, words)])


def test_the_command_line_inspects_imports_exports_and_looks_after_what_is_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fingers: list[Pixels]
) -> None:
    monkeypatch.setenv("BIOMETRIC_DATA_DIR", str(tmp_path / "service"))
    monkeypatch.setenv("BIOMETRIC_FACE_MODEL", "")
    good, bad, out = tmp_path / "good.an2", tmp_path / "bad.an2", tmp_path / "out.an2"
    good.write_bytes(card(fingers))
    bad.write_bytes(card(fingers)[:900])
    shown = json.loads(run("inspect", good, "--json").stdout)
    assert (shown["form"], len(shown["content"]["records"])) == ("ANSI/NIST-ITL transaction", 16)
    assert "fingerprint 2, " in run("inspect", good).stdout
    unreadable = run("inspect", bad)
    assert "cut short" in str(unreadable.exception)
    done = run("import", good, bad, "--profile", "belize", "--json")
    assert done.exit_code == 1
    files = json.loads(done.stdout)["files"]
    assert [files[name]["outcome"] for name in ("good.an2", "bad.an2")] == ["taken_in", "held"]
    held = files["bad.an2"]["held"]["id"]
    assert run("export", ANA, out, "--agreement", "police:1").exit_code == 1
    with settings_store(load_settings()) as opened:
        sharing = sharing_parts(load_settings(), opened)
        police, everything = agreement(sharing), ("encounter.at", "encounter.exceptions", "image.fingerprint")
        assert run("export", ANA, out, "--agreement", police, "--compression", "png").exit_code == 0
        cbeff = agreement(sharing, everything, RecordForm.CBEFF)
    assert isinstance(read_message(out.read_bytes(), sets=BELIZE.sets), Message)
    assert run("export", ANA, tmp_path / "out.xml", "--agreement", cbeff).exit_code == 0
    again = json.loads(run("import", tmp_path / "out.xml", "--subject", ANA, "--json").stdout)["files"]["out.xml"]
    assert again["enrolment"]["outcome"] == "encounter_added"
    assert [each["position"] for each in again["enrolment"]["samples"]] == [1, 2, 3, 4, 5, 6, 7, 8, 10]
    assert held in run("quarantine", "list").stdout
    assert "before all of its bytes" in run("quarantine", "show", held).stdout
    assert run("quarantine", "release", held, tmp_path / "back.an2").exit_code == 0
    assert (tmp_path / "back.an2").read_bytes() == bad.read_bytes()
    assert "0 held transactions" in CliRunner().invoke(app, ["retention", "run"]).stdout
