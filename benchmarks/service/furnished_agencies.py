"""Agencies on the console's pages: an agreement in force, one that waits, what is shared, asked and held."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from biometric_service.app.service import Service
from biometric_service.interchange.receiving import ImportRequest, receive
from biometric_service.interchange.sharing import agreeing
from biometric_service.interchange.sharing.answering import ask
from biometric_service.interchange.sharing.asking import packed
from biometric_service.interchange.sharing.disclosing import answer, approve, disclose
from biometric_service.interchange.sharing.parts import Finding, sharing_event
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.references import GalleryId, SubjectId
from biometric_service.vocabulary.sharing import (
    Agreement,
    Circle,
    DisclosureKind,
    NewRequest,
    Partner,
    Received,
    RequestKind,
    Terms,
)

PURPOSE = "police-cooperation"
CLERK, FIRST, SECOND, POLICE = (Caller(name, PURPOSE) for name in ("clerk", "officer-1", "officer-2", "police-key"))
FIELDS = ("biographic.lastName", "biographic.firstName", "encounter.at", "encounter.status", "image.face")


def furnish_agencies(service: Service, gallery: GalleryId) -> Mapping[str, str]:
    """What stands for each parameter of a path that is about agencies."""
    police = _agreed(service, "police", _terms(gallery, "police", "Police, records office"))
    agreeing.propose(service.sharing, "court", _terms(gallery, "court", "Regional court"), CLERK)
    waiting, sent = (disclose(service.sharing, police.id, SubjectId(each), CLERK) for each in ("P-00001", "P-00003"))
    for officer in (FIRST, SECOND):
        approve(service.sharing, sent.id, officer)
    told = {"agreement": police.id, "disclosure": waiting.id, "request": _asked(service, police, gallery)}
    return {**told, **_received(service), "held": _held(service)}


def _agreed(service: Service, name: str, terms: Terms) -> Agreement:
    made = agreeing.propose(service.sharing, name, terms, CLERK)
    agreeing.sign(service.sharing, made.id, FIRST)
    return agreeing.sign(service.sharing, made.id, SECOND)


def _terms(gallery: GalleryId, agency: str, name: str) -> Terms:
    now = datetime.now(UTC)
    key = generate_private_key(65537, 2048).public_key()
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return Terms(
        partner=Partner(agency, name, f"{agency}-key", pem, bytes(range(32)).hex()),
        circle=Circle(frozenset({gallery})),
        fields=FIELDS,
        purpose=PURPOSE,
        legal_basis="Police Act, s. 9",
        valid_from=now - timedelta(minutes=1),
        until=now + timedelta(days=365),
        answers=frozenset({RequestKind.SEARCH, RequestKind.SUBMISSION}),
    )


def _asked(service: Service, agreement: Agreement, gallery: GalleryId) -> str:
    """Requests, one of them answered; its answer waits for a review."""
    for number, (kind, priority) in enumerate(((RequestKind.SEARCH, 1), (RequestKind.SUBMISSION, 9))):
        asked = NewRequest(f"case-77-{number}", agreement, kind, gallery, None, priority, packed(()))
        found = ask(service.sharing, asked, POLICE)
    finding = Finding("match", SubjectId("P-00002"), 0.001, 60, 1)
    made = answer(service.sharing, found, finding, POLICE)
    event = sharing_event(EventKind.AGENCY_REQUEST_ANSWERED, POLICE, {"request": found.id}, finding.subject, gallery)
    service.sharing.requests.answered(found.id, finding.outcome, made.id, event)
    return found.id


def _received(service: Service) -> Mapping[str, str]:
    """The record of somebody, sent by the police under an agreement of theirs."""
    now = datetime.now(UTC)
    encounter = {"status": "active", "biographic": {"lastName": "Received"}}
    said = {"content": {"record": {"subject": "X-00001", "encounters": [encounter]}}}
    came = Received(
        "police",
        "from-police-1",
        DisclosureKind.RECORD,
        "prison:1",
        now,
        "0" * 64,
        now,
        None,
        json.dumps(said).encode(),
    )
    service.sharing.received.add(came, sharing_event(EventKind.DISCLOSURE_RECEIVED, POLICE, {"disclosure": came.id}))
    return {"agency": came.agency, "received": came.id}


def _held(service: Service) -> str:
    """What is no transaction, as it came."""
    asked = ImportRequest(b"not a transaction", frozenset({GalleryId("inmates")}), name="card-17.an2")
    found = receive(service.exchange, asked, POLICE)
    assert found.held
    return found.held.id
