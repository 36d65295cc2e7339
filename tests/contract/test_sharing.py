"""Agreements and what is shared under them, on every database: nothing leaves without one, all that left is known."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from sqlalchemy import select, text, update

from benchmarks.throughput.random_encounters import GALLERY, audit_event
from biometric_service.api.operations.sharing_bodies import agreement_answer
from biometric_service.capture.files import open_picture
from biometric_service.errors import ErrorCode
from biometric_service.interchange.contents import contents_of
from biometric_service.interchange.itl.description import Description, description_of
from biometric_service.interchange.itl.message import Message
from biometric_service.interchange.itl.profile import load_profile
from biometric_service.interchange.itl.reading import read_message
from biometric_service.interchange.sharing import agreeing, answering, delivering, disclosing, reconciling
from biometric_service.interchange.sharing.delivering import sign_for
from biometric_service.interchange.sharing.disclosure_reports import Shared, disclosures_pdf
from biometric_service.interchange.sharing.faults import unproven
from biometric_service.interchange.sharing.following import LEFT, catch_up
from biometric_service.interchange.sharing.messages import manifest_digest, receipt
from biometric_service.interchange.sharing.parts import Finding, Patience, Sharing, sharing_event
from biometric_service.interchange.sharing.receiving import receive
from biometric_service.interchange.sharing.reconciling import reconcile, redeliver
from biometric_service.outbound.gate import OutboundGate
from biometric_service.outbound.jwe import decrypted, encrypted
from biometric_service.outbound.rules import OutboundRules
from biometric_service.recognition import people
from biometric_service.references.key_renewal import renew
from biometric_service.references.opening import OpenedStore
from biometric_service.references.protection import tampered
from biometric_service.references.sharing_tables import AgreementRow, DisclosureRow, SharingProgressRow
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.references import (
    ALL_GALLERIES,
    Circumstances,
    EncounterId,
    EncounterKey,
    EncounterStatus,
    GalleryId,
    Json,
    SubjectId,
)
from biometric_service.vocabulary.sharing import (
    Agreement,
    Channel,
    Circle,
    Disclosure,
    DisclosureKind,
    DisclosureState,
    Manifest,
    NewRequest,
    Outgoing,
    Partner,
    RecordForm,
    RequestKind,
    RequestState,
    Terms,
    day_of,
)
from biometric_service.vocabulary.statements import read_statement, state
from biometric_service.vocabulary.transactions import Refusal
from tests.annotated_images import LIMITS, SECRET, annotated_png, photograph
from tests.printed import printed_words
from tests.sharing import (
    CLERK,
    FIRST,
    KEY,
    POLICE,
    PURPOSE,
    SECOND,
    SIGNING,
    Signing,
    agreed,
    at_no_turn_of_the_day,
    partner,
    pem,
    person,
    sharing_of,
    terms,
)
from tests.stores import Opener, refused

ANA = SubjectId("ANA")


@pytest.fixture
def sharing(opened: OpenedStore) -> Sharing:
    opened.store.enrol(person(1, ANA), audit_event(subject=ANA))
    return sharing_of(opened)


def followed(sharing: Sharing) -> None:
    while catch_up(sharing):
        pass


def taken(sharing: Sharing, disclosure: Disclosure) -> dict[str, Any]:
    """What the police reads of a disclosure."""
    event = sharing_event(EventKind.DISCLOSURE_READ, POLICE, {})
    sealed = sharing.disclosures.take(disclosure.id, POLICE.actor, event).sealed
    return dict(read_statement(decrypted(KEY, sealed).decode()).fields)


def signed_for(sharing: Sharing, disclosure: Disclosure) -> Disclosure:
    as_police = replace(sharing, agency="police", disclosures=_SignedByPolice())  # type: ignore[arg-type]
    return sign_for(sharing, disclosure.id, receipt(as_police, disclosure.id, disclosure.digest), POLICE)


class _SignedByPolice:
    signer = SIGNING


def states(sharing: Sharing) -> list[tuple[DisclosureKind, DisclosureState]]:
    return [(each.kind, each.state) for each in sharing.disclosures.listed(0, 100, None)]


def newest(sharing: Sharing, opened: OpenedStore) -> Any:  # noqa: ANN401
    return sharing.store.events(opened.store.verify_events() - 1, 1)[0].event


def test_an_agreement_is_in_force_once_two_different_officers_signed_its_very_terms(sharing: Sharing) -> None:
    made = agreeing.propose(sharing, "police", terms(), CLERK)
    assert (made.id, made.terms, made.signed) == ("police:1", made.terms, False)
    refused(ErrorCode.SHARING_REFUSED, lambda: disclosing.disclose(sharing, made.id, ANA, CLERK))
    agreeing.sign(sharing, made.id, FIRST)
    refused(ErrorCode.SHARING_CONFLICT, lambda: agreeing.sign(sharing, made.id, FIRST))
    refused(ErrorCode.SHARING_REFUSED, lambda: disclosing.disclose(sharing, made.id, ANA, CLERK))
    assert agreeing.sign(sharing, made.id, SECOND).in_force(datetime.now(UTC))
    assert sharing.agreements.agreement(made.id).terms == made.terms
    assert disclosing.disclose(sharing, made.id, ANA, CLERK).state is DisclosureState.PENDING
    refused(ErrorCode.AGREEMENT_UNKNOWN, lambda: agreeing.sign(sharing, "police:2", FIRST))


def test_what_leaves_is_what_the_agreement_names_and_nothing_else(sharing: Sharing, opened: OpenedStore) -> None:
    made = disclosing.disclose(sharing, agreed(sharing).id, ANA, CLERK)
    event = newest(sharing, opened)
    assert (event.kind, event.subject, event.details["digest"]) == (EventKind.DISCLOSURE_MADE, ANA, made.digest)
    said = taken(sharing, made)
    assert (said["from"], said["to"], said["purpose"], said["id"]) == ("prison", "police", PURPOSE, made.id)
    (encounter,) = said["content"]["record"]["encounters"]
    assert encounter.keys() == {"biographic", "status", "templates"}
    assert encounter["biographic"] == {"lastName": "Arana"}
    assert {each["modality"] for each in encounter["templates"]} == {"fingerprint"}
    assert [each["position"] for each in encounter["templates"]] == [1, 6]
    with opened.database.reading() as connection:
        rows = str(connection.execute(select(*DisclosureRow.__table__.columns)).all())
    assert "Arana" not in rows
    assert "Arana" not in str([each.event for each in sharing.store.events(0, 100)])


def test_of_an_image_nothing_leaves_that_its_file_says_beside_it(sharing: Sharing) -> None:
    known = person(2, "EVA")
    finger, *_, face = known.samples
    samples = (replace(finger, image=annotated_png()), replace(face, image=photograph()))
    sharing.store.enrol(replace(known, samples=samples), audit_event(subject=known.subject))
    made = agreed(sharing, terms(fields=("image.fingerprint", "image.face")))
    (encounter,) = taken(sharing, disclosing.disclose(sharing, made.id, known.subject, CLERK))["content"]["record"][
        "encounters"
    ]
    files = [base64.b64decode(each["data"]) for each in encounter["images"]]
    assert [each[:4] for each in files] == [b"\x89PNG", b"\xff\xd8\xff\xe0"]
    assert not [each for each in files if SECRET in each or b"GPS" in each]
    assert [open_picture(each, LIMITS).image.size for each in files] == [(96, 128), (96, 128)]


def test_a_transaction_says_what_the_agreement_names_and_nothing_else(sharing: Sharing) -> None:
    known = person(2, "EVA")
    finger, other, _ = known.samples
    said: dict[str, Any] = {"name": {"family": "Núñez", "given": "Eva"}, "sex": "female"}
    of_police = replace(known.circumstances, biographic=said, legal_basis="Prisons Act, s. 4")
    samples = (replace(finger, image=annotated_png()), replace(other, image=b""))
    sharing.store.enrol(replace(known, samples=samples, circumstances=of_police), audit_event(subject=known.subject))
    fields = ("biographic.sex", "encounter.at", "image.fingerprint", "template.fingerprint")
    narrow = terms(fields=(*fields[:3],), form=RecordForm.ANSI_NIST_ITL, profile="belize")
    said = taken(sharing, disclosing.disclose(sharing, agreed(sharing, narrow).id, known.subject, CLERK))["content"]
    assert said["record"].keys() == {"subject", "form", "files"}
    read = read_message(base64.b64decode(said["record"]["files"][0]))
    assert isinstance(read, Message)
    assert [each.kind for each in read.transaction.records] == [1, 2, 14]
    assert (read.header.destination, read.header.origin) == ("police", "BIOMETRIC")
    assert SECRET not in read.encoded()
    assert not [word for word in ("Núñez", "Prisons Act", "Arana") if word.encode() in read.encoded()]
    wider = agreed(sharing, replace(narrow, fields=fields)).id
    said = taken(sharing, disclosing.disclose(sharing, wider, known.subject, CLERK))["content"]
    read = read_message(base64.b64decode(said["record"]["files"][0]))
    assert isinstance(read, Message)
    assert [each.kind for each in read.transaction.records] == [1, 2, 14, 9, 9]


MANDATORY = {"biographic.name": "2.010", "biographic.date_of_birth": "2.012", "biographic.sex": "2.013"}


@pytest.mark.parametrize(
    ("said", "lacks"),
    [({"name": "Ana Cal", "born": "1990-01-02", "sex": "F"}, ""), ({"dateOfBirth": "1990-01-02", "sex": "X"}, "2.010")],
)
def test_a_record_of_our_own_desk_is_read_by_the_profile_or_said_to_lack_something(
    sharing: Sharing, opened: OpenedStore, said: dict[str, Json], lacks: str
) -> None:
    known = replace(person(2, "EVA"), circumstances=Circumstances(biographic=said))
    sharing.store.enrol(known, audit_event(subject="EVA"))
    wanted = terms(fields=("encounter.at", *MANDATORY), form=RecordForm.ANSI_NIST_ITL, profile="belize")
    made = disclosing.disclose(sharing, agreed(sharing, wanted).id, known.subject, CLERK)
    assert newest(sharing, opened).details.get("lacks", "") == lacks
    content = taken(sharing, made)["content"]
    file = base64.b64decode(content["record"]["files"][0])
    read = read_message(file)
    assert isinstance(read, Message)
    assert isinstance(description_of(read, load_profile("belize")), Refusal if lacks else Description)
    assert [each[:5] for each in contents_of(file, sharing.rules, "belize").lacks] == lacks.split()


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        (RecordForm.JSON, ("transaction.rest",)),
        (RecordForm.ANSI_NIST_ITL, ("contextual.officer",)),
        (RecordForm.ANSI_NIST_ITL, ("biographic.shoe_size",)),
        (RecordForm.ANSI_NIST_ITL, ("image.face",)),
        (RecordForm.CBEFF, ("encounter.at", "template.fingerprint")),
    ],
)
def test_an_agreement_names_what_its_form_can_say(sharing: Sharing, form: RecordForm, fields: tuple[str, ...]) -> None:
    said = terms(form=form, fields=fields, profile="belize")
    refused(ErrorCode.REQUEST_INVALID, lambda: agreeing.propose(sharing, "police", said, CLERK))


@pytest.mark.parametrize("named", [tuple(MANDATORY), ("biographic.sex",), ()])
def test_whoever_draws_up_an_agreement_is_told_which_mandatory_fields_its_transactions_lack(
    sharing: Sharing, opened: OpenedStore, named: tuple[str, ...]
) -> None:
    missing = [number for name, number in MANDATORY.items() if name not in named]
    fields = ("encounter.at", *named)
    made = agreeing.propose(
        sharing, "police", terms(form=RecordForm.ANSI_NIST_ITL, fields=fields, profile="belize"), CLERK
    )
    found = agreeing.lacks(sharing, made)
    assert [f"2.{each.number:03}" for each in found] == missing
    assert newest(sharing, opened).details["lacks"].split() == missing
    told = agreement_answer(made, found, datetime.now(UTC)).lacks
    assert [(each.field, "ENR" in each.mandatory_in) for each in told] == [(each, True) for each in missing]
    if missing:
        assert str(found[0]) == "2.010 (Family name, given names), mandatory in ENR, UPD"


def test_nothing_mandatory_is_lacking_without_transactions_or_a_profile_that_demands_it(sharing: Sharing) -> None:
    free = terms(form=RecordForm.ANSI_NIST_ITL, fields=("encounter.at",))
    for name, said in (("json", terms(profile="belize")), ("free", free)):
        assert agreeing.lacks(sharing, agreeing.propose(sharing, name, said, CLERK)) == ()
    gone = replace(agreeing.propose(sharing, "gone", free, CLERK), terms=replace(free, profile="gone"))
    assert agreeing.lacks(sharing, gone) == ()


@pytest.mark.parametrize(
    "circle",
    [
        Circle(frozenset({GalleryId("elsewhere")})),
        Circle(frozenset({GALLERY}), frozenset({EncounterStatus.RELEASED})),
        Circle(frozenset({GALLERY}), subjects=frozenset({SubjectId("BEN")})),
    ],
)
def test_nobody_is_shared_whom_the_agreement_is_not_about(sharing: Sharing, circle: Circle) -> None:
    made = agreed(sharing, terms(circle=circle))
    refused(ErrorCode.SHARING_REFUSED, lambda: disclosing.disclose(sharing, made.id, ANA, CLERK))
    assert states(sharing) == []


@pytest.mark.parametrize("until", [timedelta(hours=-1), timedelta(seconds=0)])
def test_an_agreement_ends_on_its_day(sharing: Sharing, until: timedelta) -> None:
    now = datetime.now(UTC)
    begun = terms(valid_from=now - timedelta(days=2), until=now + until)
    made = agreeing.propose(sharing, "old", begun, CLERK)
    refused(ErrorCode.SHARING_CONFLICT, lambda: agreeing.sign(sharing, made.id, FIRST))
    later = agreed(sharing, terms(valid_from=now + timedelta(hours=1)), "later")
    refused(ErrorCode.SHARING_REFUSED, lambda: disclosing.disclose(sharing, later.id, ANA, CLERK))


def test_two_officers_who_did_not_make_it_look_at_what_leaves(sharing: Sharing) -> None:
    made = disclosing.disclose(sharing, agreed(sharing, terms(two_person_review=True)).id, ANA, CLERK)
    assert made.state is DisclosureState.AWAITING_REVIEW
    refused(ErrorCode.DISCLOSURE_UNKNOWN, lambda: taken(sharing, made))
    assert json.loads(disclosing.draft(sharing, made.id, FIRST))["content"]["record"]["subject"] == ANA
    refused(ErrorCode.SHARING_CONFLICT, lambda: disclosing.approve(sharing, made.id, CLERK))
    disclosing.approve(sharing, made.id, FIRST)
    refused(ErrorCode.SHARING_CONFLICT, lambda: disclosing.approve(sharing, made.id, FIRST))
    refused(ErrorCode.DISCLOSURE_UNKNOWN, lambda: taken(sharing, made))
    approved = disclosing.approve(sharing, made.id, SECOND)
    assert (approved.state, len(approved.approvals)) == (DisclosureState.PENDING, 2)
    refused(ErrorCode.SHARING_CONFLICT, lambda: disclosing.draft(sharing, made.id, FIRST))
    assert taken(sharing, made)["kind"] == "record"


def test_what_an_officer_holds_back_never_leaves(sharing: Sharing) -> None:
    made = disclosing.disclose(sharing, agreed(sharing, terms(two_person_review=True)).id, ANA, CLERK)
    assert disclosing.refuse(sharing, made.id, "not needed", FIRST).state is DisclosureState.REFUSED
    refused(ErrorCode.SHARING_CONFLICT, lambda: disclosing.approve(sharing, made.id, SECOND))
    refused(ErrorCode.DISCLOSURE_UNKNOWN, lambda: taken(sharing, made))


def test_a_withdrawal_stops_everything_at_once_and_recalls_what_left(sharing: Sharing) -> None:
    agreement = agreed(sharing)
    left, waiting = (disclosing.disclose(sharing, agreement.id, ANA, CLERK) for _ in range(2))
    taken(sharing, left)
    agreeing.withdraw(sharing, agreement.id, CLERK)
    refused(ErrorCode.SHARING_REFUSED, lambda: disclosing.disclose(sharing, agreement.id, ANA, CLERK))
    refused(ErrorCode.SHARING_REFUSED, lambda: taken(sharing, left))
    refused(ErrorCode.DISCLOSURE_UNKNOWN, lambda: taken(sharing, waiting))
    followed(sharing)
    followed(sharing)
    (recall,) = [each for each in sharing.disclosures.of_subject(ANA) if each.kind is DisclosureKind.RECALL]
    assert taken(sharing, recall)["content"] == {
        "disclosure": left.id,
        "digest": left.digest,
        "reason": "agreement withdrawn",
    }
    assert signed_for(sharing, recall).state is DisclosureState.ACKNOWLEDGED
    refused(ErrorCode.SHARING_CONFLICT, lambda: agreeing.withdraw(sharing, agreement.id, CLERK))


@pytest.mark.parametrize("why", ["agreement withdrawn", "erased"])
def test_what_left_under_an_earlier_version_is_recalled_by_the_keys_of_the_newest(
    sharing: Sharing, opened: OpenedStore, why: str
) -> None:
    first = agreed(sharing)
    made = disclosing.disclose(sharing, first.id, ANA, CLERK)
    taken(sharing, made)
    now_known_as, new_key = Caller("new-police-key", PURPOSE), generate_private_key(65537, 2048)
    signing = Signing(Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))))
    changed = partner(
        principal=now_known_as.actor, encryption_key=pem(new_key), signing_key=signing.public_key.hex(), name="Police"
    )
    second = agreed(sharing, terms(changed))
    agreeing.withdraw(sharing, agreeing.propose(sharing, "police", terms(), CLERK).id, CLERK)
    followed(sharing)
    assert not sharing.disclosures.disclosure(made.id).recalled_by, "a draft that is withdrawn recalls nothing"
    if why == "erased":
        opened.store.erase(ANA, audit_event(EventKind.SUBJECT_ERASED, ANA))
    else:
        refused(ErrorCode.SHARING_CONFLICT, lambda: agreeing.withdraw(sharing, first.id, CLERK))
        agreeing.withdraw(sharing, second.id, CLERK)
    followed(sharing)
    recall = sharing.disclosures.disclosure(sharing.disclosures.disclosure(made.id).recalled_by)
    assert (recall.agreement, recall.principal) == (second.id, now_known_as.actor)
    refused(ErrorCode.DISCLOSURE_UNKNOWN, lambda: taken(sharing, recall))
    waiting = sharing.disclosures.waiting_for
    assert ([each.id for each in waiting(now_known_as.actor, made.number, 10)], waiting(POLICE.actor, 0, 10)) == (
        [recall.id],
        [],
    )
    event = sharing_event(EventKind.DISCLOSURE_READ, now_known_as, {})
    sealed = sharing.disclosures.take(recall.id, now_known_as.actor, event).sealed
    said = read_statement(decrypted(new_key, sealed).decode()).fields["content"]
    assert said == {"disclosure": made.id, "digest": made.digest, "reason": why}
    refused(ErrorCode.DELIVERY_FAILED, lambda: signed_for(sharing, recall))
    for each in (made, recall):
        said = {"kind": "receipt", "disclosure": each.id, "digest": each.digest}
        assert sign_for(sharing, each.id, state(said, signing), now_known_as).acknowledged_at


def test_a_recall_that_is_pushed_goes_where_the_newest_version_says(
    sharing: Sharing, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone_to: list[tuple[str, str]] = []

    def post(_: Sharing, to: Partner, outgoing: Outgoing) -> str:
        gone_to.append((to.address, outgoing.disclosure.kind))
        return "" if outgoing.disclosure.kind is DisclosureKind.RECORD else "signed"

    monkeypatch.setattr(delivering, "_CHANNELS", {Channel.WEBHOOK: post})
    sharing = sharing_of_police(sharing)
    for path in ("old", "new"):
        to = partner(channel=Channel.WEBHOOK, address=f"https://police.example/{path}")
        agreement = agreed(sharing, terms(to))
        if path == "old":
            disclosing.disclose(sharing, agreement.id, ANA, CLERK)
            assert delivering.deliver_next(sharing)
    agreeing.withdraw(sharing, agreement.id, CLERK)
    followed(sharing)
    assert delivering.deliver_next(sharing)
    assert gone_to == [("https://police.example/old", "record"), ("https://police.example/new", "recall")]


def test_an_officer_recalls_what_was_found_wrong_once(sharing: Sharing) -> None:
    agreement = agreed(sharing)
    left, waiting = (disclosing.disclose(sharing, agreement.id, ANA, CLERK) for _ in range(2))
    taken(sharing, left)
    recalled = disclosing.take_back(sharing, left.id, "another person", FIRST)
    assert taken(sharing, sharing.disclosures.disclosure(recalled.recalled_by))["content"]["reason"] == "another person"
    assert disclosing.take_back(sharing, waiting.id, "another person", FIRST).state is DisclosureState.CANCELLED
    for over in (left.id, waiting.id, recalled.recalled_by):
        refused(ErrorCode.SHARING_CONFLICT, partial(disclosing.take_back, sharing, over, "again", FIRST))


def test_disclosures_are_listed_by_agreement_the_newest_first(sharing: Sharing) -> None:
    police, court = (agreed(sharing, name=name) for name in ("police", "court"))
    made = [disclosing.disclose(sharing, each.id, ANA, CLERK) for each in (police, court, police, police)]
    listed = partial(sharing.disclosures.listed, state=None, agreement=police.id)
    assert [each.id for each in listed(0, 2)] == [made[0].id, made[2].id]
    assert [each.id for each in listed(0, 2, newest=True)] == [made[3].id, made[2].id]
    assert [each.id for each in listed(made[2].number, 2, newest=True)] == [made[0].id]


def test_a_later_version_takes_the_place_of_the_earlier_once_it_is_signed(sharing: Sharing) -> None:
    first = agreed(sharing)
    second = agreeing.propose(sharing, "police", terms(fields=("encounter.status",)), CLERK)
    assert sharing.agreements.agreement(first.id).in_force(datetime.now(UTC))
    for officer in (FIRST, SECOND):
        agreeing.sign(sharing, second.id, officer)
    refused(ErrorCode.SHARING_REFUSED, lambda: disclosing.disclose(sharing, first.id, ANA, CLERK))
    made = disclosing.disclose(sharing, second.id, ANA, CLERK)
    assert taken(sharing, made)["content"]["record"]["encounters"] == [{"status": "active"}]
    followed(sharing)
    assert states(sharing) == [(DisclosureKind.RECORD, DisclosureState.SENT)]


def test_what_was_shared_is_printed_for_the_person(sharing: Sharing) -> None:
    made = disclosing.disclose(sharing, agreed(sharing).id, ANA, CLERK)
    taken(sharing, made)
    disclosing.recall(sharing, sharing.disclosures.disclosure(made.id), "corrected", CLERK)
    found = disclosing.shared_of(sharing, ANA, CLERK)
    shared = Shared("prison", ANA, found, datetime.now(UTC), whole=False)
    told = printed_words(disclosures_pdf(shared))
    for said in (
        ANA,
        made.id,
        "police:1",
        "Police Act",
        "biographic.lastName",
        "was sent",
        "recall",
        "data controller",
    ):
        assert said in told, said
    assert "Arana" not in told
    nothing = replace(shared, disclosures=(), whole=True)
    assert "Nothing was shared" in printed_words(disclosures_pdf(nothing))
    in_spanish = printed_words(disclosures_pdf(shared, "es"))
    for said in ("Qué se ha compartido de ANA", "base jurídica", "se envió", "Police Act", "biographic.lastName"):
        assert said in in_spanish, said
    assert "No se ha compartido nada." in printed_words(disclosures_pdf(nothing, "es"))


@pytest.mark.parametrize("change", ["corrected", "erased"])
def test_a_correction_and_an_erasure_are_sent_after_what_was_shared(
    sharing: Sharing, opened: OpenedStore, change: str
) -> None:
    agreement = agreed(sharing)
    sent, waiting = (disclosing.disclose(sharing, agreement.id, ANA, CLERK) for _ in range(2))
    taken(sharing, sent)
    if change == "corrected":
        replaced = audit_event(EventKind.ENCOUNTER_REPLACED, ANA)
        opened.encounters.replace(person(2, ANA, lastName="Aranda"), replaced)
    else:
        opened.store.erase(ANA, audit_event(EventKind.SUBJECT_ERASED, ANA))
        with opened.database.reading() as connection:
            kept = select(DisclosureRow.draft, DisclosureRow.payload)
            assert [row for row in connection.execute(kept) if any(row)] == []
    followed(sharing)
    listed = {each.id: each for each in disclosing.shared_of(sharing, ANA, CLERK)}
    assert listed[waiting.id].state is DisclosureState.CANCELLED
    recall = listed[listed[sent.id].recalled_by]
    assert taken(sharing, recall)["content"]["reason"] == change
    assert recall.state is DisclosureState.PENDING
    if change == "corrected":
        again = disclosing.disclose(sharing, agreement.id, ANA, CLERK)
        (encounter,) = taken(sharing, again)["content"]["record"]["encounters"]
        assert encounter["biographic"] == {"lastName": "Aranda"}
        followed(sharing)
        assert not sharing.disclosures.disclosure(again.id).recalled_by
    else:
        refused(ErrorCode.SUBJECT_UNKNOWN, lambda: disclosing.disclose(sharing, agreement.id, ANA, CLERK))


def test_nothing_is_sent_of_a_person_as_they_were_before(sharing: Sharing, opened: OpenedStore) -> None:
    """Between the reading and the keeping somebody corrects the person: it is read again."""
    agreement, reading = agreed(sharing), opened.encounters.encounters
    turns: list[int] = []

    class Encounters:
        def encounters(self, subject: SubjectId) -> Any:  # noqa: ANN401
            found = reading(subject)
            if not turns:
                opened.encounters.replace(person(2, ANA, lastName="Aranda"), audit_event())
            turns.append(1)
            return found

    made = disclosing.disclose(replace(sharing, encounters=Encounters()), agreement.id, ANA, CLERK)  # type: ignore[arg-type]
    assert len(turns) == 2
    (encounter,) = taken(sharing, made)["content"]["record"]["encounters"]
    assert encounter["biographic"] == {"lastName": "Aranda"}


def test_an_automatic_agreement_shares_whoever_comes_and_changes_once(sharing: Sharing, opened: OpenedStore) -> None:
    followed(sharing)
    agreement = agreed(sharing, terms(automatic=True))
    opened.store.enrol(person(3, "BEN"), audit_event(subject="BEN"))
    elsewhere = replace(person(4, "CAL"), galleries=frozenset({GalleryId("visitors")}))
    opened.store.create_gallery(GalleryId("visitors"), audit_event(EventKind.GALLERY_CREATED))
    opened.store.enrol(elsewhere, audit_event(subject="CAL"))
    followed(sharing)
    opened.received.followed(0)
    assert [each.subject for each in sharing.disclosures.of_agreement(agreement.id)] == ["BEN"]
    key = EncounterKey(SubjectId("BEN"), person(3, "BEN").encounter)
    opened.encounters.set_status(key, EncounterStatus.RELEASED, audit_event(EventKind.STATUS_CHANGED, "BEN"))
    followed(sharing)
    assert len(sharing.disclosures.of_agreement(agreement.id)) == 1
    opened.encounters.set_status(key, EncounterStatus.ACTIVE, audit_event(EventKind.STATUS_CHANGED, "BEN"))
    followed(sharing)
    assert len(sharing.disclosures.of_agreement(agreement.id)) == 2


@pytest.mark.parametrize("change", ["status", "galleries", "release"])
def test_what_was_shared_is_recalled_once_the_person_is_out_of_the_circle(
    sharing: Sharing, opened: OpenedStore, change: str
) -> None:
    followed(sharing)
    of_active, of_released = agreed(sharing), agreed(sharing, released_too(automatic=True), "courts")
    made = disclosing.disclose(sharing, of_active.id, ANA, CLERK)
    taken(sharing, made)
    key = EncounterKey(ANA, person(1, ANA).encounter)
    if change == "status":
        opened.encounters.set_status(key, EncounterStatus.RELEASED, audit_event(EventKind.STATUS_CHANGED, ANA))
    elif change == "galleries":
        opened.store.create_gallery(GalleryId("visitors"), audit_event(EventKind.GALLERY_CREATED))
        changed = audit_event(EventKind.GALLERIES_CHANGED, ANA)
        opened.encounters.set_galleries(key, frozenset({GalleryId("visitors")}), changed)
    else:
        opened.encounters.set_status(key, EncounterStatus.RELEASED, audit_event(EventKind.RELEASE_COMPLETED, ANA))
    followed(sharing)
    recalled = sharing.disclosures.disclosure(made.id)
    assert taken(sharing, sharing.disclosures.disclosure(recalled.recalled_by))["content"]["reason"] == LEFT
    assert [each.subject for each in sharing.disclosures.of_agreement(of_released.id)] == (
        [] if change == "galleries" else [ANA]
    )


BEN, CAL = SubjectId("BEN"), SubjectId("CAL")


def two_shared(sharing: Sharing, opened: OpenedStore) -> Agreement:
    """BEN, and CAL with two encounters, both sent to the police by an automatic agreement."""
    followed(sharing)
    agreement = agreed(sharing, terms(automatic=True))
    for seed, whom in ((3, BEN), (4, CAL)):
        opened.store.enrol(person(seed, whom, f"of {whom}", lastName=f"Of-{whom}"), audit_event(subject=whom))
    more = person(5, CAL, "more of CAL", lastName="More-of-CAL")
    opened.store.add_encounter(more, audit_event(EventKind.ENCOUNTER_ADDED, CAL))
    followed(sharing)
    for each in fresh(sharing, agreement):
        taken(sharing, each)
    return agreement


def fresh(sharing: Sharing, agreement: Agreement) -> list[Disclosure]:
    """The records that nobody took back, as far as the police does not have them yet."""
    found = sharing.disclosures.of_agreement(agreement.id)
    return [each for each in found if each.state is DisclosureState.PENDING and each.kind is DisclosureKind.RECORD]


def names(sharing: Sharing, agreement: Agreement) -> list[list[str]]:
    """Take them, and say whose names each tells."""
    told = [taken(sharing, each)["content"]["record"]["encounters"] for each in fresh(sharing, agreement)]
    return sorted(sorted(each["biographic"]["lastName"] for each in one) for one in told)


def test_a_merge_that_was_wrong_is_recalled_of_both_and_both_may_know_of_it(
    sharing: Sharing, opened: OpenedStore
) -> None:
    agreement = two_shared(sharing, opened)

    def shared(whom: SubjectId) -> set[str]:
        return {each.id for each in disclosing.shared_of(sharing, whom, CLERK)}

    of_ben, of_cal = shared(BEN), shared(CAL)
    assert not of_ben & of_cal
    people.merge(opened.encounters, BEN, CAL, CLERK)
    followed(sharing)
    (joint,) = fresh(sharing, agreement)
    assert names(sharing, agreement) == [["More-of-CAL", "Of-BEN", "Of-CAL"]]
    assert shared(BEN) == shared(CAL) > of_ben | of_cal | {joint.id}
    people.unmerge(opened.encounters, BEN, CLERK)
    assert newest(sharing, opened).details["into"] == CAL
    followed(sharing)
    recall = sharing.disclosures.disclosure(joint.id).recalled_by
    assert taken(sharing, sharing.disclosures.disclosure(recall))["content"]["reason"] == "corrected"
    assert names(sharing, agreement) == [["More-of-CAL", "Of-CAL"], ["Of-BEN"]]
    assert {joint.id, recall} == shared(BEN) & shared(CAL)
    assert (of_ben <= shared(BEN), of_cal <= shared(CAL)) == (True, True)
    assert (of_ben & shared(CAL), of_cal & shared(BEN)) == (set(), set())
    people.merge(opened.encounters, BEN, CAL, CLERK)
    before = shared(CAL)
    opened.store.erase(CAL, audit_event(EventKind.SUBJECT_ERASED, CAL))
    assert before == shared(BEN) == shared(CAL) > of_ben | of_cal


@pytest.mark.parametrize("change", ["moved", "moved by OSIA", "deleted"])
def test_whoever_gains_or_loses_an_encounter_is_shared_anew(sharing: Sharing, opened: OpenedStore, change: str) -> None:
    agreement = two_shared(sharing, opened)
    key = EncounterKey(CAL, EncounterId("more of CAL"))
    if change == "moved":
        people.move_encounter(opened.encounters, key, BEN, CLERK)
    elif change == "deleted":
        people.delete_encounter(opened.encounters, key, CLERK)
    else:
        facts = {"encounter": key.encounter, "from": CAL}
        opened.encounters.move(key, BEN, sharing_event(EventKind.ENCOUNTER_MOVED, CLERK, facts, BEN))
    followed(sharing)
    of_ben = [] if change == "deleted" else [["More-of-CAL", "Of-BEN"]]
    assert names(sharing, agreement) == [*of_ben, ["Of-CAL"]]
    standing = {each.subject for each in sharing.disclosures.of_agreement(agreement.id) if not each.recalled_by}
    with opened.database.engine.begin() as connection:
        connection.execute(update(SharingProgressRow).values(event=0))
    followed(sharing)
    assert (standing, [each.subject for each in fresh(sharing, agreement)]) == ({BEN, CAL}, [ANA])


def released_too(**more: Any) -> Terms:  # noqa: ANN401
    return terms(circle=Circle(frozenset({GALLERY}), frozenset({EncounterStatus.RELEASED})), **more)


def test_a_recall_waits_for_what_it_is_of(sharing: Sharing) -> None:
    """Somebody is still delivering the record when it is recalled: the recall does not overtake it."""
    to = partner(channel=Channel.WEBHOOK, address="https://police.example/")
    sharing = sharing_of_police(sharing)
    agreement = agreed(sharing, terms(to))
    made = disclosing.disclose(sharing, agreement.id, ANA, CLERK)
    now = datetime.now(UTC)
    under_way = sharing.disclosures.claim(now, now + delivering.LEASE)
    assert under_way
    agreeing.withdraw(sharing, agreement.id, CLERK)
    followed(sharing)
    recall = sharing.disclosures.disclosure(made.id).recalled_by
    later = now + delivering.LEASE / 2
    assert sharing.disclosures.claim(later, later + delivering.LEASE) is None
    sharing.disclosures.postponed(made.id, None, "")
    claimed = sharing.disclosures.claim(later, later + delivering.LEASE)
    assert claimed
    assert claimed.disclosure.id == recall


def test_what_no_code_foresaw_is_given_up_like_any_fault(sharing: Sharing, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> str:
        raise RuntimeError("nobody foresaw it")

    monkeypatch.setattr(delivering, "_CHANNELS", {Channel.WEBHOOK: broken})
    to = partner(channel=Channel.WEBHOOK, address="https://police.example/")
    sharing = replace(sharing_of_police(sharing), patience=Patience(first_s=0, attempts=3))
    agreement = agreed(sharing, terms(to, answers=frozenset({RequestKind.SEARCH})))
    made = disclosing.disclose(sharing, agreement.id, ANA, CLERK)
    for _ in range(3):
        assert delivering.deliver_next(sharing)
    assert not delivering.deliver_next(sharing)
    assert sharing.disclosures.disclosure(made.id).state is DisclosureState.FAILED
    answering.ask(sharing, request(sharing, "a"), POLICE)
    assert answering.work_next(sharing, broken)  # type: ignore[arg-type]
    assert sharing.requests.request("a").state is RequestState.FAILED


def test_a_person_who_cannot_be_read_holds_up_nobody_elses_recall(sharing: Sharing, opened: OpenedStore) -> None:
    class Encounters:
        def encounters(self, subject: SubjectId) -> Any:  # noqa: ANN401
            if subject == "BEN":
                raise tampered()
            return opened.encounters.encounters(subject)

    followed(sharing)
    agreement = agreed(sharing, terms(automatic=True))
    made = disclosing.disclose(sharing, agreement.id, ANA, CLERK)
    taken(sharing, made)
    opened.store.enrol(person(3, "BEN"), audit_event(subject="BEN"))
    opened.encounters.replace(person(2, ANA, lastName="Aranda"), audit_event(EventKind.ENCOUNTER_REPLACED, ANA))
    followed(replace(sharing, encounters=Encounters()))  # type: ignore[arg-type]
    assert sharing.disclosures.disclosure(made.id).recalled_by
    assert "BEN" not in {each.subject for each in sharing.disclosures.of_agreement(agreement.id)}


def test_a_receipt_is_taken_for_what_it_is_for_and_from_whom_it_must_be(sharing: Sharing) -> None:
    made = disclosing.disclose(sharing, agreed(sharing).id, ANA, CLERK)
    said = {"kind": "receipt", "disclosure": made.id, "digest": made.digest}
    for wrong in ({**said, "digest": "0" * 64}, {**said, "disclosure": "x"}, {**said, "kind": "manifest"}):
        text_of = state(wrong, SIGNING)
        refused(ErrorCode.DELIVERY_FAILED, partial(sign_for, sharing, made.id, text_of, POLICE))
    ours = state(said, sharing.disclosures.signer)
    refused(ErrorCode.DELIVERY_FAILED, lambda: sign_for(sharing, made.id, ours, POLICE))
    refused(ErrorCode.DELIVERY_FAILED, lambda: sign_for(sharing, made.id, "none", POLICE))
    assert signed_for(sharing, made).acknowledged_at
    assert sharing.disclosures.waiting_for(POLICE.actor, 0, 10) == []


def test_a_reconciliation_names_what_was_lost_and_it_is_sent_again(sharing: Sharing, opened: OpenedStore) -> None:
    at_no_turn_of_the_day()
    agreement = agreed(sharing)
    sent = [disclosing.disclose(sharing, agreement.id, ANA, CLERK) for _ in range(3)]
    for each in sent:
        taken(sharing, each)
        signed_for(sharing, each)
    day = day_of(sent[0].at)

    def manifest(*kept: Disclosure, **changed: str) -> str:
        entries = {**{each.id: each.digest for each in kept}, **changed}
        counted = {"count": len(entries), "digest": manifest_digest(Manifest(day, entries)), "entries": entries}
        said = {"kind": "manifest", "direction": "received", "day": day, "with": "prison", "from": "police"}
        return state({**said, **counted}, SIGNING)

    assert reconcile(sharing, "police", day, CLERK, manifest(*sent)).proven
    found = reconcile(sharing, "police", day, CLERK, manifest(sent[0], **{sent[1].id: "0" * 64}, extra="1" * 64))
    assert (found.proven, found.sent, found.received) == (False, 3, 3)
    assert (found.missing, found.differing, found.unknown) == ((sent[2].id,), (sent[1].id,), ("extra",))
    assert sent[2].id in newest(sharing, opened).details["missing"]
    assert sharing.received.reconciliation("police", day) == found
    assert redeliver(sharing, sent[2].id, CLERK).state is DisclosureState.PENDING
    assert taken(sharing, sent[2])["id"] == sent[2].id
    refused(ErrorCode.DELIVERY_FAILED, lambda: reconcile(sharing, "police", "2026-01-01", CLERK, manifest(*sent)))
    empty = state({"kind": "manifest", "direction": "received", "day": day}, SIGNING)
    for nothing in (empty, "[" * 9000):
        refused(ErrorCode.DELIVERY_FAILED, partial(reconcile, sharing, "police", day, CLERK, nothing))
    sharing.disclosures.purge(datetime.now(UTC) + timedelta(hours=1))
    refused(ErrorCode.SHARING_CONFLICT, lambda: redeliver(sharing, sent[0].id, CLERK))


def test_what_leaves_later_than_it_was_made_is_reconciled_and_what_is_not_proven_again(
    sharing: Sharing, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_no_turn_of_the_day()
    agreement = agreed(sharing, terms(partner(manifest_address="https://police.example/{day}"), two_person_review=True))
    agreed(sharing, terms(partner(agency="court", manifest_address="https://court.example/{day}")), "court")
    first, second, other = (
        disclosing.disclose(sharing, name, ANA, CLERK) for name in (agreement.id, agreement.id, "court:1")
    )
    day, asked = day_of(first.at), []
    there: dict[str, str] = {}

    def fetched(_: Sharing, of: Partner, of_day: str) -> str:
        asked.append((of.agency, of_day))
        if of.agency == "court":
            raise unproven("Nobody is there.")
        said = {"kind": "manifest", "direction": "received", "day": of_day, "entries": dict(there)}
        return state(said, SIGNING)

    def daily(days: int) -> list[tuple[str, str]]:
        asked.clear()
        later = SimpleNamespace(now=lambda _: datetime.now(UTC) + timedelta(days=days))
        monkeypatch.setattr(reconciling, "datetime", later)
        reconciling.reconcile_due(sharing)
        return sorted(asked)

    def leaves(made: Disclosure) -> None:
        for officer in (FIRST, SECOND):
            disclosing.approve(sharing, made.id, officer)
        taken(sharing, made)

    monkeypatch.setattr(reconciling, "_fetched", fetched)
    assert daily(1) == []
    leaves(first)
    there[first.id] = first.digest
    assert (daily(0), daily(1), daily(1)) == ([], [("police", day)], [])
    leaves(second)
    assert (daily(3), daily(3), daily(4)) == ([("police", day)], [], [("police", day)])
    there[second.id] = second.digest
    assert (daily(5), daily(6)) == ([("police", day)], [])
    found = sharing.received.reconciliation("police", day)
    assert found
    assert (found.proven, found.sent) == (True, 2)
    taken(sharing, other)
    assert daily(7) == daily(7) == [("court", day)]
    assert daily(40) == []


def request(sharing: Sharing, name: str, kind: RequestKind = RequestKind.SEARCH, priority: int = 0) -> NewRequest:
    agreement = answering.agreement_for(sharing, POLICE.actor, kind, GALLERY)
    return NewRequest(name, agreement, kind, GALLERY, None, priority, b'{"images": []}')


def test_requests_are_answered_by_priority_and_reviewed_where_it_is_agreed(sharing: Sharing) -> None:
    agreed(sharing, terms(answers=frozenset(RequestKind)))
    for name, priority in (("low", 1), ("high", 9), ("lab", 0)):
        kind = RequestKind.SUBMISSION if name == "lab" else RequestKind.SEARCH
        answering.ask(sharing, request(sharing, name, kind, priority), POLICE)
    seen: list[tuple[str, str, str]] = []

    def examine(asked: Any, content: bytes, caller: Caller, _: object) -> Finding:  # noqa: ANN401
        seen.append((asked.id, content.decode(), caller.purpose))
        subject = ANA if asked.id == "high" else None
        return Finding("match" if subject else "unknown", subject, 0.0001, 7, 1)

    while answering.work_next(sharing, examine):
        pass
    assert [each[0] for each in seen] == ["high", "low", "lab"]
    assert {each[2] for each in seen} == {PURPOSE}
    done = {each.id: each for each in answering.listed(sharing, CLERK, 0, 10)}
    assert {each.state for each in done.values()} == {RequestState.ANSWERED}
    assert sharing.requests.content("high") is None
    match, unknown, lab = (sharing.disclosures.disclosure(done[name].answer) for name in ("high", "low", "lab"))
    said = taken(sharing, match)["content"]
    assert (said["request"], said["outcome"], said["error_rate"], said["searched"]) == ("high", "match", 0.0001, 7)
    assert said["record"]["encounters"][0]["biographic"] == {"lastName": "Arana"}
    assert taken(sharing, unknown)["content"].keys() == {"request", "outcome", "error_rate", "searched"}
    assert lab.state is DisclosureState.AWAITING_REVIEW
    assert [each.about for each in sharing.disclosures.of_subject(ANA)] == ["high"]


def test_what_presses_is_what_waits_to_be_looked_at_or_reviewed_the_most_urgent_first(sharing: Sharing) -> None:
    agreed(sharing, terms(answers=frozenset(RequestKind)))
    for name, priority in (("done", 9), ("lab", 5), ("low", 1), ("high", 9), ("other", 5)):
        kind = RequestKind.SUBMISSION if name == "lab" else RequestKind.SEARCH
        answering.ask(sharing, request(sharing, name, kind, priority), POLICE)
        if name in {"done", "lab"}:
            answering.work_next(sharing, lambda *_: Finding("unknown", None, 0.0001, 7, 1))
    pressing = answering.pressing(sharing, CLERK, 0, 10)
    assert [each.id for each in pressing] == ["high", "lab", "other", "low"]
    for last, following in pairwise(pressing):
        assert answering.pressing(sharing, CLERK, last.number, 1) == [following]
    lab = next(each.answer for each in pressing if each.id == "lab")
    for officer in (FIRST, SECOND):
        disclosing.approve(sharing, lab, officer)
    assert [each.id for each in answering.pressing(sharing, CLERK, 0, 10)] == ["high", "other", "low"]


def test_nobody_asks_without_an_agreement_and_nobody_is_answered_after_it_ended(sharing: Sharing) -> None:
    agreement = agreed(sharing, terms(answers=frozenset({RequestKind.SEARCH})))
    refused(ErrorCode.SHARING_REFUSED, lambda: request(sharing, "a", RequestKind.VERIFICATION))
    asked = request(sharing, "a")
    answering.ask(sharing, asked, POLICE)
    refused(ErrorCode.SHARING_CONFLICT, lambda: answering.ask(sharing, asked, POLICE))
    agreeing.withdraw(sharing, agreement.id, CLERK)
    assert answering.work_next(sharing, lambda *_: pytest.fail("nobody is looked for any more"))
    assert sharing.requests.request("a").state is RequestState.REFUSED
    refused(ErrorCode.SHARING_REFUSED, lambda: answering.ask(sharing, replace(asked, id="b"), POLICE))


def test_nothing_is_pushed_once_the_agreement_is_over(sharing: Sharing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody withdraws it: its last day passes while something waits to be sent again."""
    to = partner(channel=Channel.WEBHOOK, address="https://police.example/")
    sharing = sharing_of_police(sharing)
    soon = datetime.now(UTC) + timedelta(hours=1)
    made = disclosing.disclose(sharing, agreed(sharing, terms(to, until=soon)).id, ANA, CLERK)
    later = soon + timedelta(minutes=1)
    for module in (delivering, disclosing):
        monkeypatch.setattr(module, "datetime", SimpleNamespace(now=lambda _: later))
    assert delivering.deliver_next(sharing)
    kept = sharing.disclosures.disclosure(made.id)
    assert (kept.state, kept.note) == (DisclosureState.FAILED, ErrorCode.SHARING_REFUSED.value)


@pytest.mark.parametrize("sent_again", [False, True])
def test_what_may_have_come_to_the_receiver_is_recalled_too(sharing: Sharing, *, sent_again: bool) -> None:
    """An attempt failed, perhaps after all of it was there; or it came and is sent once more."""
    to = partner(channel=Channel.WEBHOOK, address="https://police.example/")
    sharing = sharing_of_police(sharing)
    agreement = agreed(sharing, terms(to))
    made = disclosing.disclose(sharing, agreement.id, ANA, CLERK)
    if sent_again:
        signed_for(sharing, made)
        redeliver(sharing, made.id, CLERK)
    else:
        assert delivering.deliver_next(sharing)
    agreeing.withdraw(sharing, agreement.id, CLERK)
    followed(sharing)
    followed(sharing)
    assert states(sharing) == [
        (DisclosureKind.RECORD, DisclosureState.CANCELLED),
        (DisclosureKind.RECALL, DisclosureState.PENDING),
    ]


def sharing_of_police(sharing: Sharing) -> Sharing:
    """With the address of the police on the list, where nobody answers."""
    return replace(sharing, outbound=OutboundGate(OutboundRules(["https://police.example"], ()), 1, 1000))


def test_an_agency_learns_nothing_of_an_answer_before_the_officers_let_it_go(sharing: Sharing) -> None:
    agreed(sharing, terms(two_person_review=True, answers=frozenset({RequestKind.SEARCH})))
    for name in ("held", "let go"):
        answering.ask(sharing, request(sharing, name), POLICE)
        assert answering.work_next(sharing, lambda *_: Finding("match", ANA, 0.0001, 7, 1))

    def seen(name: str) -> str:
        return answering.as_asked(sharing, sharing.requests.request(name)).outcome

    assert (seen("held"), seen("let go")) == ("", "")
    held, let_go = (sharing.requests.request(name).answer for name in ("held", "let go"))
    disclosing.refuse(sharing, held, "not needed", FIRST)
    disclosing.approve(sharing, let_go, FIRST)
    assert seen("let go") == ""
    disclosing.approve(sharing, let_go, SECOND)
    assert (seen("held"), seen("let go")) == ("", "match")


@pytest.mark.parametrize("kind", [RequestKind.SEARCH, RequestKind.VERIFICATION])
def test_an_agency_learns_of_nobody_whom_the_agreement_is_not_about(
    sharing: Sharing, opened: OpenedStore, kind: RequestKind
) -> None:
    """Somebody who was released, somebody whom there is not, and a stranger are answered for alike, after a review."""
    everywhere = Circle(frozenset({ALL_GALLERIES}))
    agreed(sharing, terms(circle=everywhere, two_person_review=True, answers=frozenset({kind})))
    released = EncounterKey(ANA, person(1, ANA).encounter)
    opened.encounters.set_status(released, EncounterStatus.RELEASED, audit_event(EventKind.STATUS_CHANGED, ANA))
    told = []
    for name, found in (("released", ANA), ("erased", SubjectId("GONE")), ("stranger", None)):
        answering.ask(sharing, request(sharing, name, kind), POLICE)
        nobody = "no_match" if kind is RequestKind.VERIFICATION else "unknown"
        said = Finding("match" if found else nobody, found, 0.0001, 7, 1)

        def examine(*asked: Any, said: Finding = said) -> Finding:  # noqa: ANN401
            assert not said.subject or not asked[-1](said.subject)
            return said

        assert answering.work_next(sharing, examine)
        asked = answering.as_asked(sharing, sharing.requests.request(name))
        assert (asked.state, asked.outcome) == (RequestState.ANSWERED, "")
        for officer in (FIRST, SECOND):
            disclosing.approve(sharing, asked.answer, officer)
        content = taken(sharing, sharing.disclosures.disclosure(asked.answer))["content"]
        told.append({each: content[each] for each in content if each != "request"})
    assert told == [{"outcome": nobody, "error_rate": 0.0001, "searched": 7}] * 3


def test_a_match_of_whom_a_file_would_say_nothing_is_answered_and_not_refused(
    sharing: Sharing, opened: OpenedStore
) -> None:
    known = person(2, "EVA")
    bare = replace(known, samples=tuple(replace(each, image=b"") for each in known.samples))
    opened.store.enrol(bare, audit_event(subject=known.subject))
    files = terms(form=RecordForm.CBEFF, fields=("encounter.at", "image.face"))
    agreement = agreed(sharing, replace(files, answers=frozenset({RequestKind.SEARCH})))
    refused(ErrorCode.SHARING_REFUSED, lambda: disclosing.disclose(sharing, agreement.id, known.subject, CLERK))
    answering.ask(sharing, request(sharing, "q"), POLICE)
    assert answering.work_next(sharing, lambda *_: Finding("match", known.subject, 0.0001, 7, 1))
    answer = sharing.disclosures.disclosure(sharing.requests.request("q").answer)
    said = taken(sharing, answer)["content"]
    assert (said["outcome"], said["record"]) == ("match", {"subject": "EVA", "form": "cbeff", "files": []})


@pytest.mark.parametrize(
    "wrong",
    [{"at": "0001-01-01T00:00:00+14:00"}, *({"id": name} for name in ("x" * 300, "a\0b", "", ".", "a/../b", "a/.."))],
)
def test_a_message_that_cannot_be_kept_is_refused(sharing: Sharing, wrong: dict[str, str]) -> None:
    agreed(sharing, terms(receives=True))
    said = {"kind": "record", "id": "m-1", "from": "police", "to": "prison", "agreement": "prison:1", "about": ""}
    said |= {"at": datetime.now(UTC).isoformat()}
    sharing = replace(sharing, key=KEY)
    receive(sharing, encrypted(KEY.public_key(), state(said, SIGNING).encode()), POLICE)
    bad = encrypted(KEY.public_key(), state({**said, **wrong}, SIGNING).encode())
    refused(ErrorCode.MESSAGE_REFUSED, lambda: receive(sharing, bad, POLICE))
    deep = encrypted(KEY.public_key(), b'{"a":' * 50_000)
    refused(ErrorCode.MESSAGE_REFUSED, lambda: receive(sharing, deep, POLICE))


def test_what_was_recalled_before_it_came_is_signed_for_and_not_kept(sharing: Sharing) -> None:
    at_no_turn_of_the_day()
    agreed(sharing, terms(receives=True))
    said = {"kind": "record", "id": "m-1", "from": "police", "to": "prison", "agreement": "prison:1", "about": ""}
    said |= {"at": datetime.now(UTC).isoformat()}
    here = replace(sharing, key=KEY)
    for fields in ({**said, "kind": "recall", "id": "m-2", "about": "m-1"}, said, said):
        assert receive(here, encrypted(KEY.public_key(), state(fields, SIGNING).encode()), POLICE)
    kept = sharing.received.received("police", "m-1")
    assert (kept.content, bool(kept.recalled_at)) == (None, True)
    assert sharing.received.manifest("police", day_of(datetime.now(UTC))).entries.keys() == {"m-1", "m-2"}


def test_a_right_given_by_hand_or_put_back_is_found(sharing: Sharing, opened: OpenedStore) -> None:
    agreement = agreed(sharing)
    with opened.database.engine.begin() as connection:
        connection.execute(text("CREATE TABLE old_agreements AS SELECT * FROM agreements"))
    agreeing.withdraw(sharing, agreement.id, CLERK)
    with opened.database.engine.begin() as connection:
        connection.execute(text("DELETE FROM agreements"))
        connection.execute(text("INSERT INTO agreements SELECT * FROM old_agreements"))
    refused(ErrorCode.RIGHTS_REPLAYED, lambda: disclosing.disclose(sharing, agreement.id, ANA, CLERK))
    with opened.database.engine.begin() as connection:
        connection.execute(update(AgreementRow).values(revoked_at=None, expires_at=datetime.now(UTC)))
    refused(ErrorCode.RECORD_TAMPERED, sharing.agreements.agreements)


def test_everything_outlives_the_renewal_of_the_store_key(sharing: Sharing, opened: OpenedStore) -> None:
    agreement = agreed(sharing, terms(two_person_review=True, answers=frozenset({RequestKind.SEARCH})))
    made = disclosing.disclose(sharing, agreement.id, ANA, CLERK)
    answering.ask(sharing, request(sharing, "a"), POLICE)
    list(renew(opened, audit_event(EventKind.STORE_KEY_RENEWED)))
    assert json.loads(disclosing.draft(sharing, made.id, FIRST))["id"] == made.id
    assert sharing.requests.content("a") == b'{"images": []}'
    for officer in (FIRST, SECOND):
        disclosing.approve(sharing, made.id, officer)
    assert taken(sharing, made)["id"] == made.id


def test_another_process_sees_the_withdrawal_at_once(sharing: Sharing, opener: Opener) -> None:
    agreement = agreed(sharing)
    other = opener()
    elsewhere = sharing_of(other)
    disclosing.disclose(elsewhere, agreement.id, ANA, CLERK)
    agreeing.withdraw(sharing, agreement.id, CLERK)
    refused(ErrorCode.SHARING_REFUSED, lambda: disclosing.disclose(elsewhere, agreement.id, ANA, CLERK))
    other.close()


@pytest.fixture(autouse=True)
def _nothing_is_left_open(opened: OpenedStore) -> Iterator[None]:
    yield
    opened.store.verify_events()
