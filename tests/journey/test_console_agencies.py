"""What officers do on the pages about other agencies, by the forms that pages send."""

import base64
import html
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from benchmarks.service.furnished import furnish
from biometric_service.capture.files import ImageLimits
from biometric_service.console.drafts import read_draft
from biometric_service.interchange.sharing import agreeing
from biometric_service.interchange.sharing.disclosing import disclose
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.references import (
    CaptureException,
    EncounterStatus,
    ExceptionKind,
    GalleryId,
    SubjectId,
)
from biometric_service.vocabulary.samples import FingerPosition
from biometric_service.vocabulary.sharing import Circle, DisclosureKind, RecordForm
from tests.console import SignedIn, signed_in
from tests.live_service import LiveService, event, live_service, without_models
from tests.sharing import CLERK, FIRST, SECOND, agreed, partner, person, terms

APPROVER = frozenset({Scope.SHARING_APPROVE})
NOTES = {step: {"note": "not needed"} for step in ("refusal", "recall")}
"""What a step asks for."""


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    with live_service(without_models(tmp_path_factory.mktemp("data"), sharing_seconds=0)) as live:
        furnish(live.service, 12)
        yield live


def officers(live: LiveService) -> tuple[SignedIn, SignedIn]:
    first, second = (signed_in(live, live.key(APPROVER)) for _ in range(2))
    return first, second


def told(officer: SignedIn, path: str, **fields: object) -> str:
    """Post, and read what the next page says."""
    answer = officer.post(path, **fields)
    assert answer.status_code == 303, answer.text
    return officer.get(answer.headers["location"]).text


def test_two_officers_sign_an_agreement_and_one_withdraws_it(live: LiveService) -> None:
    first, second = officers(live)
    page = first.get("/agreements/court:1").text
    for shown in ("Regional court", "whoever is in inmates", "Police Act, s. 9", "lastName, firstName", "court-key"):
        assert shown in page
    assert "Another officer has to sign as well." in told(first, "/agreements/court:1/signature")
    mine, theirs = (each.get("/agreements/court:1").text for each in (first, second))
    assert ("/signature" in mine, "/signature" in theirs) == (False, True)
    assert first.post("/agreements/court:1/signature").status_code == 409
    assert "The agreement is in force." in told(second, "/agreements/court:1/signature")
    assert "court:1" in first.get("/agreements").text
    assert "The agreement is withdrawn." in told(first, "/agreements/court:1/withdrawal")
    over = first.get("/agreements/court:1").text
    assert "/withdrawal" not in over
    assert "Withdrawn: nothing leaves" in over
    assert "court:1" not in first.get("/agreements").text
    assert "court:1" in first.get("/agreements?over=true").text


def test_a_version_that_another_took_the_place_of_is_told_from_one_that_was_withdrawn(live: LiveService) -> None:
    for _ in range(2):
        made = agreeing.propose(live.service.sharing, "court-b", terms(), CLERK)
        for signer in (FIRST, SECOND):
            agreeing.sign(live.service.sharing, made.id, signer)
    officer = signed_in(live)
    assert "A later version took its place" in officer.get("/agreements/court-b:1").text
    newest = officer.get("/agreements/court-b:2").text
    assert 'href="/agreements/court-b%3A1"' in newest
    assert "In force." in newest


def test_an_agreement_about_other_galleries_reads_like_none(live: LiveService) -> None:
    elsewhere = signed_in(live, live.key(APPROVER, frozenset({"visitors"})))
    assert "police:1" not in elsewhere.get("/agreements").text
    assert elsewhere.get("/agreements/police:1").status_code == 404
    assert elsewhere.post("/agreements/police:1/withdrawal").status_code == 404
    nobody = signed_in(live, live.key(frozenset({Scope.GALLERY_READ})))
    assert 'href="/agreements"' not in nobody.get("/subjects").text


def test_two_officers_let_something_go_and_one_recalls_it(live: LiveService) -> None:
    first, second = officers(live)
    clerk, sharing = signed_in(live), live.service.sharing
    begun = clerk.post("/disclosures", agreement="police:1", subject="P-00005")
    path = begun.headers["location"]
    made = path.rpartition("/")[2]
    assert "Two other officers have to look at it." in clerk.get(path).text
    assert clerk.post("/disclosures", agreement="police:1", subject="nobody").status_code == 404
    assert path in first.get("/disclosures").text
    draft = first.get(f"{path}/draft").text
    for shown in ("P-00005", "biographic.lastName", "Person P-00005", "encounter.status"):
        assert shown in draft
    assert "You have let it go." in told(first, f"{path}/approval")
    assert (f"{path}/approval" in first.get(path).text, f"{path}/approval" in second.get(path).text) == (False, True)
    assert "it is sent." in told(second, f"{path}/approval")
    assert first.get(f"{path}/draft").status_code == 409
    assert path in first.get("/disclosures?state=pending&agreement=police:1").text
    assert path not in first.get("/disclosures?state=&agreement=court:1").text
    sharing.disclosures.take(made, "police-key", event(EventKind.DISCLOSURE_READ))
    assert "A recall is on its way." in told(clerk, f"{path}/recall", note="another person")
    page = clerk.get(path).text
    assert f"{path}/recall" not in page
    assert f"{path}/redelivery" not in page
    assert sharing.disclosures.disclosure(made).note == ""
    shared = clerk.get("/subjects/P-00005/disclosures").text
    assert path in shared
    assert "Recall" in shared


def test_an_officer_holds_back_what_is_not_to_leave_and_nobody_reviews_their_own(live: LiveService) -> None:
    key = live.key(APPROVER)
    maker, other = signed_in(live, key), signed_in(live, live.key(APPROVER))
    caller = Caller(key.partition(".")[0], "sharing")
    made = disclose(live.service.sharing, "police:1", SubjectId("P-00006"), caller).id
    path = f"/disclosures/{made}"
    assert "You made it: two other officers look at it." in maker.get(path).text
    assert maker.post(f"{path}/approval").status_code == 409
    assert other.post(f"{path}/refusal").status_code == 400  # it does not say why
    assert "It is held back." in told(other, f"{path}/refusal", note="not needed")
    assert "not needed" in maker.get(path).text
    stopped = disclose(live.service.sharing, "police:1", SubjectId("P-00006"), caller).id
    assert "It is stopped" in told(maker, f"/disclosures/{stopped}/recall", note="not needed")


def test_what_leaves_under_agreements_about_other_galleries_is_not_shown(live: LiveService) -> None:
    elsewhere = signed_in(live, live.key(APPROVER, frozenset({"visitors"})))
    made = disclose(live.service.sharing, "police:1", SubjectId("P-00007"), CLERK).id
    assert made not in elsewhere.get("/disclosures").text
    for page in ("", "/draft"):
        assert elsewhere.get(f"/disclosures/{made}{page}").status_code == 404
    for step in ("approval", "refusal", "recall", "redelivery"):
        assert elsewhere.post(f"/disclosures/{made}/{step}", **NOTES.get(step, {})).status_code == 404


def test_the_answer_to_a_request_is_reviewed_beside_what_was_asked(live: LiveService) -> None:
    first, second = officers(live)
    listed = first.get("/agency-requests").text
    assert listed.index("case-77-1") < listed.index("case-77-0")  # the more urgent came later
    page = first.get("/agency-requests/case-77-1").text
    answer = live.service.sharing.requests.request("case-77-1").answer
    for shown in ("Laboratory&#39;s submission", "Match", f"/disclosures/{answer}/approval", "police:1"):
        assert shown in page
    draft = first.get(f"/disclosures/{answer}/draft").text
    for shown in ("0.10 %", "<strong>Match</strong>", "P-00002", "Person P-00002"):
        assert shown in draft
    assert "You have let it go." in told(first, f"/disclosures/{answer}/approval")
    done = second.post(f"/disclosures/{answer}/approval")
    assert done.headers["location"] == "/agency-requests/case-77-1"
    assert "case-77-1" not in first.get("/agency-requests").text
    assert "case-77-1" in first.get("/agency-requests?all=true").text
    elsewhere = signed_in(live, live.key(APPROVER, frozenset({"visitors"})))
    assert "case-77" not in elsewhere.get("/agency-requests?all=true").text
    assert elsewhere.get("/agency-requests/case-77-1").status_code == 404


def test_a_held_transaction_is_tried_again_and_handed_out_as_it_came(live: LiveService) -> None:
    officer, reader = signed_in(live), signed_in(live, live.key(frozenset({Scope.TRANSACTION_READ})))
    [held] = live.service.quarantine.held(0, 50, settled=False)
    path = f"/held-transactions/{held.id}"
    assert path in reader.get("/held-transactions").text
    page = reader.get(path).text
    assert ("No transaction" in page, f"{path}/retry" in page, f"{path}/release" in page) == (True, False, False)
    spanish = reader.get(path, headers={"Accept-Language": "es"}).text
    assert ("No empieza como una transacción." in spanish, held.refusal.why.english in page) == (True, True)
    assert "whole ANSI/NIST-ITL" not in spanish
    assert "It could not be taken in" in told(officer, f"{path}/retry", galleries="inmates", profile="itl")
    assert live.service.quarantine.find(held.id).attempts == 2
    writer = signed_in(live, live.key(frozenset({Scope.TRANSACTION_READ, Scope.TRANSACTION_WRITE})))
    assert (f"{path}/retry" in writer.get(path).text, f"{path}/release" in writer.get(path).text) == (False, True)
    assert writer.post(f"{path}/release").content == b"not a transaction"
    assert "Handed out" in reader.get("/held-transactions?settled=true").text
    assert f"{path}/release" not in writer.get(path).text
    assert writer.post(f"{path}/release").status_code == 404


def test_what_is_held_is_offered_to_who_reaches_every_gallery(live: LiveService) -> None:
    scopes = frozenset({Scope.TRANSACTION_READ, Scope.GALLERY_READ})
    one = signed_in(live, live.key(scopes, frozenset({"inmates"})))
    assert 'href="/held-transactions"' not in one.get("/subjects").text
    assert one.get("/held-transactions").status_code == 403
    assert 'href="/held-transactions"' in signed_in(live, live.key(scopes)).get("/subjects").text


def png(*shape: int, dpi: int = 500) -> bytes:
    written = BytesIO()
    Image.fromarray(np.full(shape, 128, np.uint8)).save(written, "PNG", dpi=(dpi, dpi))
    return written.getvalue()


def test_the_images_of_a_draft_are_shown_as_pictures(live: LiveService) -> None:
    rules = live.service.sharing.rules
    data = base64.b64encode(png(40, 30, 3)).decode()
    image = {"modality": "face", "position": 0, "dpi": None, "data": data}
    template = {"modality": "fingerprint", "position": 2, "format": "ISO", "model": "leader", "data": data}
    record = {"subject": "P-1", "encounters": [{"at": "today", "images": [image], "templates": [template]}]}
    draft = read_draft(rules, json.dumps({"content": {"record": record}}).encode(), "itl")
    [encounter] = draft.encounters
    assert encounter.facts == (("encounter.at", "today"),)
    assert encounter.images[0].picture.startswith("data:image/png;base64,")
    assert (encounter.templates[0].position, encounter.templates[0].picture) == ("right_index", "")
    files = {"subject": "P-1", "form": "cbeff", "files": [data]}
    unread = read_draft(rules, json.dumps({"content": {"record": files}}).encode(), "itl")
    assert unread.files == (len(png(40, 30, 3)),)
    assert "neither" in unread.encounters[0].fault
    few = replace(rules, image_limits=ImageLimits(1_000_000, 40 * 30))
    many = {"subject": "P-1", "encounters": [{"images": [image] * 6}]}
    [encounter] = read_draft(few, json.dumps({"content": {"record": many}}).encode(), "itl").encounters
    assert [bool(each.picture) for each in encounter.images] == [True] * 4 + [False] * 2


@pytest.fixture(scope="module")
def pictured(live: LiveService) -> SubjectId:
    """Somebody of whom images are kept."""
    drawn = person(7, "P-pictured", date_of_birth="1991-04-02")
    images = [png(250, 200), png(250, 200), png(80, 60, 3)]
    samples = tuple(replace(each, image=image, templates=()) for each, image in zip(drawn.samples, images, strict=True))
    gone = CaptureException(FingerPosition.LEFT_LITTLE, ExceptionKind.AMPUTATED)
    kept = replace(drawn, galleries=frozenset({GalleryId("inmates")}), samples=samples, exceptions=(gone,))
    live.service.store.enrol(kept, event(EventKind.SUBJECT_ENROLLED))
    return kept.subject


@pytest.mark.parametrize(
    ("form", "fields", "shown"),
    [
        (
            RecordForm.ANSI_NIST_ITL,
            ("biographic.date_of_birth",),
            ("Date of birth", "19910402", "FGP 10", "Type-14", "500 dpi"),
        ),
        (RecordForm.CBEFF, (), ("Finger Left LittleFinger", "EXCEPTION", "quality 80")),
    ],
)
def test_the_images_in_files_are_shown_to_whoever_reviews_them(
    live: LiveService, pictured: SubjectId, form: RecordForm, fields: tuple[str, ...], shown: tuple[str, ...]
) -> None:
    sharing, officer = live.service.sharing, signed_in(live, live.key(APPROVER))
    named = (*fields, "encounter.at", "encounter.exceptions", "image.fingerprint", "image.face")
    circle = Circle(frozenset({GalleryId("inmates")}))
    agreement = agreed(
        sharing, terms(form=form, fields=named, two_person_review=True, circle=circle, profile="belize"), form.value
    )
    made = disclose(sharing, agreement.id, pictured, CLERK)
    page = officer.get(f"/disclosures/{made.id}/draft").text
    newest = live.service.store.events(live.service.verify_audit() - 1, 1)
    assert [each.event.kind for each in newest] == [EventKind.DISCLOSURE_READ]
    assert page.count('<img src="data:image/png;base64,') == 3
    for each in ("Right thumb", "Left thumb", "Face", *shown):
        assert each in page
    for listed in ("/disclosures", f"/disclosures/{made.id}"):
        assert "data:image" not in officer.get(listed).text


def test_what_other_agencies_sent_is_listed_and_opened(live: LiveService) -> None:
    officer, received = signed_in(live, live.key(APPROVER)), live.service.sharing.received
    path = "/received-disclosures/police/from-police-1"
    listed = officer.get("/received-disclosures").text
    assert (f'href="{path}"' in listed, "X-00001" in listed) == (True, False)
    page = officer.get(path).text
    for shown in ("X-00001", "biographic.lastName", "Received", f"/v1/operations{path}?purpose="):
        assert shown in page
    newest = live.service.store.events(live.service.verify_audit() - 1, 1)
    assert [each.event.kind for each in newest] == [EventKind.RECEIVED_READ]
    known = replace(received.received("police", "from-police-1"), id="odd", digest="1" * 64, content=b'{"content": []}')
    received.add(known, event(EventKind.DISCLOSURE_RECEIVED))
    assert "not written as this service writes" in officer.get("/received-disclosures/police/odd").text
    recall = replace(known, id="recall", kind=DisclosureKind.RECALL, digest="2" * 64, content=None)
    received.recall(recall, "odd", event(EventKind.RECALL_RECEIVED))
    gone = officer.get("/received-disclosures/police/odd").text
    assert ("was destroyed" in gone, "as it was signed" in gone) == (True, False)
    assert "recalled something by it" in officer.get("/received-disclosures/police/recall").text
    assert officer.get("/received-disclosures/police/nothing").status_code == 404
    reader = signed_in(live, live.key(frozenset({Scope.GALLERY_READ})))
    assert reader.get("/received-disclosures").status_code == 403


@pytest.mark.parametrize("name", ["2026/11/30-0042", "/7/", "a//b?c#d%2Fe f", ".x/..y"])
def test_what_came_is_opened_by_whatever_id_the_agency_gave_it(live: LiveService, name: str) -> None:
    officer, received = signed_in(live, live.key(APPROVER)), live.service.sharing.received
    known = replace(received.received("police", "from-police-1"), id=name, digest=name)
    received.add(known, event(EventKind.DISCLOSURE_RECEIVED))
    linked = re.findall(r'href="(/received-disclosures/police/[^"]*)"', officer.get("/received-disclosures").text)
    pages = [page.text for page in map(officer.get, linked) if f"<dd>{name}</dd>" in page.text]
    assert len(pages) == 1
    whole = re.search(r'href="(/v1/operations/received-disclosures/[^"]*)"', pages[0])
    assert whole
    assert officer.get(html.unescape(whole[1])).json()["disclosure"] == name


def told_terms(**changes: object) -> dict[str, object]:
    """What the form of an agreement sends."""
    police = partner()
    said: dict[str, object] = {
        "name": "harbour",
        "terms.partner.name": "Harbour police",
        "terms.partner.agency": "harbour",
        "terms.partner.principal": "harbour-key",
        "terms.partner.channel": "pull",
        "terms.partner.address": "",
        "terms.partner.signing_key": police.signing_key,
        "terms.partner.encryption_key": police.encryption_key.replace("\n", "\r\n"),
        "terms.galleries": "inmates",
        "terms.statuses": ["active", "inactive"],
        "terms.subjects": "P-00001\r\nP-00002\r\n",
        "terms.purpose": "police-cooperation",
        "terms.legal_basis": "Harbour Act, s. 2",
        "terms.valid_from": "2026-11-01T08:00",
        "terms.until": "2099-11-01T08:00",
        "terms.form": "json",
        "terms.profile": "itl",
        "terms.fields": ["encounter.at", "image.face", "biographic.lastName\r\nbiographic.firstName"],
        "terms.two_person_review": "true",
        "terms.automatic": "false",
        "terms.receives": "true",
    }
    return said | changes


def test_an_officer_draws_up_an_agreement_and_its_next_version(live: LiveService) -> None:
    officer = signed_in(live, live.key(APPROVER))
    assert 'href="/agreements/new"' in officer.get("/agreements").text
    made = officer.post("/agreements", **told_terms(purpose="never mine"))  # the session's purpose holds
    assert made.headers["location"] == "/agreements/harbour:1"
    kept = live.service.sharing.agreements.agreement("harbour:1").terms
    harbour = partner(name="Harbour police", agency="harbour", principal="harbour-key")
    assert kept.partner == replace(harbour, encryption_key=harbour.encryption_key.strip())
    assert kept.fields == ("encounter.at", "image.face", "biographic.lastName", "biographic.firstName")
    assert kept.circle == Circle(
        frozenset({GalleryId("inmates")}),
        frozenset({EncounterStatus.ACTIVE, EncounterStatus.INACTIVE}),
        frozenset({SubjectId("P-00001"), SubjectId("P-00002")}),
    )
    assert (kept.receives, kept.automatic, kept.two_person_review) == (True, False, True)
    assert kept.until == datetime(2099, 11, 1, 8).astimezone()
    assert "Two officers have to sign it." in officer.get(made.headers["location"]).text
    form = officer.get("/agreements/new?of=harbour:1").text
    for shown in (
        'value="harbour"',
        "Harbour Act, s. 2",
        "biographic.lastName\nbiographic.firstName",
        "P-00001\nP-00002",
    ):
        assert shown in form
    assert re.search(r'value="image.face" checked', form)
    assert officer.post("/agreements", **told_terms()).headers["location"] == "/agreements/harbour:2"


def test_what_is_wrong_with_an_agreement_is_said_at_its_form_and_nothing_in_it_is_lost(live: LiveService) -> None:
    officer = signed_in(live, live.key(APPROVER))
    for changes, said in (
        ({"terms.until": "2026-10-01T08:00"}, "It ends before it begins."),
        ({"terms.partner.signing_key": "none"}, "no Ed25519 public key"),
        ({"terms.partner.encryption_key": "none"}, "no RSA public key"),
        ({"terms.fields": ["shoe"]}, "is no field that can be shared"),
        ({"terms.form": "cbeff"}, "cannot be said in the form cbeff"),
        ({"terms.partner.channel": "webhook", "terms.partner.address": "https://nowhere.example/"}, "nowhere.example"),
        ({"name": ""}, "name: Field required"),
    ):
        refused = officer.post("/agreements", **told_terms(**changes))
        assert refused.status_code == 400, changes
        assert said in refused.text
        assert ("Harbour Act, s. 2" in refused.text, "correct this" in refused.text) == (True, "name" in changes)
    assert (
        'id="name" name="name" type="text" value="" maxlength="128" autocomplete="off" required aria-invalid="true"'
        in (refused.text)
    )
    newest = live.service.store.events(live.service.verify_audit() - 1, 1)
    assert [each.event.kind for each in newest] == [EventKind.REQUEST_FAILED]
    officer.client.cookies.set("language", "es")
    spanish = officer.post("/agreements", **told_terms(**{"terms.until": "2026-10-01T08:00"})).text
    assert ("Termina antes de empezar." in spanish, "It ends before" in spanish) == (True, False)
    assert officer.post("/agreements", **told_terms(**{"terms.galleries": "visitors"})).status_code == 303
    elsewhere = signed_in(live, live.key(APPROVER, frozenset({"visitors"})))
    assert elsewhere.post("/agreements", **told_terms()).status_code == 403
    assert elsewhere.get("/agreements/new?of=harbour:1").status_code == 404
    nobody = signed_in(live, live.key(frozenset({Scope.GALLERY_READ})))
    assert nobody.post("/agreements", **told_terms()).status_code == 403


def test_what_a_domain_profile_will_miss_is_seen_before_an_agreement_is_drawn_up(live: LiveService) -> None:
    officer = signed_in(live, live.key(APPROVER))
    belize = {"name": "belize", "terms.form": "ansi_nist_itl", "terms.profile": "belize"}
    said = told_terms(**belize, **{"terms.fields": ["encounter.at", "biographic.name"]})
    shown = officer.post("/agreements", **said)
    assert shown.status_code == 200
    for each in ("2.012", "2.013", 'name="despite" value="12 13"'):
        assert each in shown.text
    assert "2.010</th>" not in shown.text
    assert officer.post("/agreements", **said, despite="12").status_code == 200  # not all of it was seen
    made = officer.post("/agreements", **said, despite="12 13")
    assert made.headers["location"] == "/agreements/belize:1"
    assert [
        each.number
        for each in agreeing.lacks(live.service.sharing, live.service.sharing.agreements.agreement("belize:1"))
    ] == [12, 13]
    whole = told_terms(**belize, **{"terms.fields": ["biographic.name", "biographic.date_of_birth", "biographic.sex"]})
    assert officer.post("/agreements", **whole).headers["location"] == "/agreements/belize:2"
