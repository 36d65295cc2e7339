"""Records pushed as calls of another side's OSIA interface: what identifies a person opens with its key alone."""

import base64
import hmac
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from benchmarks.throughput.random_encounters import GALLERY, audit_event
from biometric_service.api.osia.allowance import allowance_for
from biometric_service.api.osia.encryption import EncryptedNodes
from biometric_service.audit.log import ChainedLog
from biometric_service.interchange.sharing import agreeing, answering, disclosing
from biometric_service.interchange.sharing.delivering import deliver_next
from biometric_service.interchange.sharing.following import catch_up
from biometric_service.interchange.sharing.parts import Finding, Sharing, sharing_event
from biometric_service.outbound.jwe import decrypted
from biometric_service.references.master_keys import KeyFromEnvironment
from biometric_service.references.opening import open_store
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.references import SubjectId
from biometric_service.vocabulary.sharing import Channel, DisclosureState, NewRequest, RequestKind
from biometric_service.vocabulary.statements import read_statement
from tests.http_server import says, server
from tests.sharing import CLERK, KEY, POLICE, agreed, partner, person, private_pem, sharing_of, terms

ANA = SubjectId("ANA")
SHARED = ("biographic.lastName", "contextual.officer")


@dataclass
class Police:
    """The other side: every call that came, as method, path and body; ``headers``: of the last."""

    port: int = 0
    calls: list[tuple[str, str, bytes]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        self.calls.append((request.command, request.path, body))
        self.headers = {name.lower(): value for name, value in request.headers.items()}
        says(b"")(request)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@pytest.fixture
def police() -> Iterator[Police]:
    there = Police()
    with server(there.answer) as there.port:
        yield there


@pytest.fixture
def sharing(tmp_path: Path, police: Police) -> Iterator[Sharing]:
    opened = open_store(f"sqlite:///{tmp_path}/store.db", KeyFromEnvironment("17" * 32), ChainedLog)
    opened.store.create_gallery(GALLERY, audit_event(EventKind.GALLERY_CREATED))
    opened.store.enrol(person(1, ANA), audit_event(subject=ANA))
    (tmp_path / "police.token").write_text("secret", "utf-8")
    (tmp_path / "key.pem").write_bytes(private_pem(KEY))
    yield sharing_of(opened, police.url, credentials=tmp_path)
    opened.close()


def agreement_with(sharing: Sharing, police: Police) -> str:
    to = partner(channel=Channel.OSIA, address=police.url)
    return agreed(sharing, terms(to, fields=SHARED, answers=frozenset({RequestKind.SEARCH}))).id


def followed(sharing: Sharing) -> None:
    while catch_up(sharing):
        pass


def test_a_record_is_pushed_and_deleted_again_when_it_is_recalled(
    sharing: Sharing, police: Police, tmp_path: Path
) -> None:
    agreement = agreement_with(sharing, police)
    made = disclosing.disclose(sharing, agreement, ANA, CLERK)
    assert deliver_next(sharing)
    assert sharing.disclosures.disclosure(made.id).state is DisclosureState.ACKNOWLEDGED
    [(method, path, sent)] = police.calls
    assert (method, path) == ("POST", f"/v1/persons/ANA/encounters/{made.id}?transactionId={made.id}")
    assert b"Arana" not in sent
    assert b"officer" not in sent
    body: dict[str, Any] = json.loads(sent)
    EncryptedNodes(tmp_path / "key.pem").open(body, allowance_for(sent))
    assert (body["biographicData"], body["contextualData"]) == ({"lastName": "Arana"}, {"officer": "17"})
    agreeing.withdraw(sharing, agreement, CLERK)
    followed(sharing)
    assert deliver_next(sharing)
    [_, (method, path, _)] = police.calls
    assert (method, path.partition("?")[0]) == ("DELETE", f"/v1/persons/ANA/encounters/{made.id}")
    assert not deliver_next(sharing)


@pytest.mark.parametrize("secret", ["", "of its own", "whsec_" + base64.b64encode(b"of its own").decode()])
def test_a_webhook_is_signed_by_a_secret_that_no_request_carries(
    sharing: Sharing, police: Police, tmp_path: Path, secret: str
) -> None:
    if secret:
        (tmp_path / "police.secret").write_text(secret, "utf-8")
    to = partner(channel=Channel.WEBHOOK, address=police.url)
    made = disclosing.disclose(sharing, agreed(sharing, terms(to, fields=SHARED)).id, ANA, CLERK)
    assert deliver_next(sharing)
    [(_, _, body)] = police.calls
    signed = f"{made.id}.{police.headers.get('webhook-timestamp')}.".encode() + body
    mac = base64.b64encode(hmac.digest(b"of its own", signed, "sha256")).decode()
    assert police.headers["authorization"] == "Bearer secret"
    assert police.headers.get("webhook-signature") == (f"v1,{mac}" if secret else None)


def test_an_answer_which_osia_has_no_call_for_is_fetched_and_so_is_its_recall(sharing: Sharing, police: Police) -> None:
    agreement = agreement_with(sharing, police)
    asked = sharing.agreements.agreement(agreement)
    new = NewRequest("q", asked, RequestKind.SEARCH, GALLERY, None, 0, b'{"images": []}')
    answering.ask(sharing, new, POLICE)
    assert answering.work_next(sharing, lambda *_: Finding("match", ANA, 0.0001, 1, 1))
    assert not deliver_next(sharing)

    def taken() -> dict[str, Any]:
        [waiting] = sharing.disclosures.waiting_for(POLICE.actor, 0, 10)[-1:]
        event = sharing_event(EventKind.DISCLOSURE_READ, POLICE, {})
        sealed = sharing.disclosures.take(waiting.id, POLICE.actor, event).sealed
        return dict(read_statement(decrypted(KEY, sealed).decode()).fields)

    answer = taken()
    assert answer["content"]["outcome"] == "match"
    agreeing.withdraw(sharing, agreement, CLERK)
    followed(sharing)
    assert not deliver_next(sharing)
    assert taken()["content"]["disclosure"] == answer["id"]
    assert police.calls == []
