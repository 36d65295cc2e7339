"""An idempotency key is its caller's, whoever that is: an API key, the subject of a token, a device by either proof."""

import json
import ssl
from collections.abc import Callable, Iterator
from uuid import uuid4

import httpx
import pytest

from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.events import EventKind
from tests.certificates import Identity, identity
from tests.live_service import OPERATIONS, LiveService, live_service
from tests.tokens import token, trusting

PATH = f"{OPERATIONS}/galleries"
AUTHORITY = identity("authority")

Ask = Callable[[str, str], httpx.Response]
"""Makes a gallery of a name under an idempotency key."""


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    folder = tmp_path_factory.mktemp("data")
    (folder / "ca.pem").write_text(AUTHORITY.pem)
    with live_service(trusting(folder, tls_client_ca_file=folder / "ca.pem"), tls=True) as live:
        live.gallery("ours")
        yield live


def asking(live: LiveService, secret: str = "", of: Identity | None = None, device: str = "") -> Ask:
    """``device``: by a proof that ``of`` signs, else ``of`` is shown to the connection."""
    found = ssl.create_default_context(cafile=str(live.service.settings.data_dir / "tls.pem"))
    if of and not device:
        found.load_cert_chain(*of.files(live.service.settings.data_dir))
    client = httpx.Client(base_url=live.url, verify=found, timeout=60, trust_env=False)
    live.clients.append(client)

    def ask(gallery: str, key: str) -> httpx.Response:
        body = json.dumps({"purpose": "x", "gallery": gallery}).encode()
        headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
        headers |= {"Authorization": f"Bearer {secret}"} if secret else {}
        headers |= {"Device-Proof": of.proof(device, "POST", PATH, body)} if of and device else {}
        return client.post(PATH, content=body, headers=headers)

    return ask


def by_key(live: LiveService) -> tuple[Ask, Ask]:
    secret = live.key()
    return asking(live, secret), asking(live, secret)


def by_tokens(live: LiveService) -> tuple[Ask, Ask]:
    return asking(live, token("ana", "desk")), asking(live, token("ana", "desk"))


def by_proof(live: LiveService) -> tuple[Ask, Ask]:
    gate = identity("gate")
    ask = asking(live, of=gate, device=live.device("ours", gate, also=["ALL"]).id)
    return ask, ask


def by_certificate(live: LiveService) -> tuple[Ask, Ask]:
    yard = identity("yard", AUTHORITY)
    live.device("ours", yard, also=["ALL"])
    return asking(live, of=yard), asking(live, of=yard)


WAYS = (by_key, by_tokens, by_proof, by_certificate)


@pytest.mark.parametrize("way", WAYS)
def test_what_is_asked_twice_under_one_key_is_done_once(
    live: LiveService, way: Callable[[LiveService], tuple[Ask, Ask]]
) -> None:
    ask, again = way(live)
    gallery, key = uuid4().hex, uuid4().hex
    first = ask(gallery, key)
    assert first.status_code == 201, first.text
    events = live.service.verify_audit()
    second = again(gallery, key)
    assert (second.status_code, second.json()) == (201, first.json())
    assert second.headers["Idempotency-Replayed"] == "true"
    assert live.service.verify_audit() == events
    assert again("another", key).json()["code"] == "idempotency_key_reused"


def test_the_key_of_one_is_not_the_key_of_another(live: LiveService) -> None:
    key = uuid4().hex
    everybody = [ask for way in WAYS for ask in way(live)[:1]]
    everybody += [asking(live, token("luis", "desk")), asking(live, token("ana", "handheld"))]
    told = [ask(uuid4().hex, key) for ask in everybody]
    assert [answer.status_code for answer in told] == [201] * len(everybody)


def test_a_token_that_may_do_less_is_not_given_the_answer_of_one_that_might_do_more(live: LiveService) -> None:
    gallery, key = uuid4().hex, uuid4().hex
    assert asking(live, token("eva", "desk"))(gallery, key).status_code == 201
    refused = asking(live, token("eva", "desk", {Scope.PLACE_READ}))(gallery, key)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_authorised")
    assert live.last_event().kind is EventKind.ACCESS_REFUSED
    assert asking(live, token("eva", "desk"))(gallery, key).headers["Idempotency-Replayed"] == "true"


def test_who_is_not_let_in_takes_up_no_key(live: LiveService) -> None:
    key = uuid4().hex
    for nobody in (asking(live), asking(live, token("ana", "desk") + "x"), asking(live, of=identity("x"), device="x")):
        assert nobody(uuid4().hex, key).status_code == 401
        assert live.last_event().kind is EventKind.ACCESS_REFUSED
