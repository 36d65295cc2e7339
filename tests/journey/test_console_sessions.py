"""Signing in to the console: what a session is worth, when it ends, and what another site cannot do with it."""

from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest
from starlette.responses import Response

from biometric_service.api.access.sessions import HOUR_S, MINUTE_S, Session, SessionSeal
from biometric_service.console.signing_in import LONGEST_KEY
from biometric_service.settings import Settings
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.events import EventKind
from tests.console import SignedIn, signed_in
from tests.live_service import OPERATIONS, LiveService, event, live_service, without_models


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    with live_service(without_models(tmp_path_factory.mktemp("data"))) as live:
        live.gallery("inmates")
        yield live


def sealed(live: LiveService, session: Session, settings: Settings | None = None) -> str:
    """The cookie of a session that the service itself might have written."""
    response = Response()
    SessionSeal(live.service.tasks.signing_key, settings or live.service.settings).write(response, session)
    return response.headers["set-cookie"]


def test_a_key_signs_in_is_kept_from_scripts_and_signs_out(live: LiveService) -> None:
    key = live.key()
    client = live.client()
    client.headers["Origin"] = live.url
    answer = client.post("/sign-in", data={"key": key, "next": "/audit"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/audit")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert key not in cookie
    page = client.get("/audit")
    assert page.status_code == 200
    assert key not in page.text
    assert live.last_event().kind is EventKind.AUDIT_READ
    session = signed_in(live)
    assert session.post("/sign-out").headers["location"] == "/sign-in"
    assert live.last_event().kind is EventKind.SIGNED_OUT
    assert session.get("/audit").headers["location"].startswith("/sign-in")


def test_a_copy_of_the_cookie_is_worth_nothing_once_its_session_was_signed_out_of(live: LiveService) -> None:
    session, other = signed_in(live), signed_in(live)
    cookie, token = session.client.cookies["session"], session.token

    def status(**headers: str) -> int:
        with httpx.Client(base_url=live.url, cookies={"session": cookie}, timeout=60, trust_env=False) as copy:
            asked = {"purpose": "x", "gallery": "by-a-copy"}
            return copy.post(
                f"{OPERATIONS}/galleries", json=asked, headers={"X-Console-Token": token, **headers}
            ).status_code

    assert status(**{"Idempotency-Key": "copied"}) == 201
    session.post("/sign-out")
    assert (status(), status(**{"Idempotency-Key": "copied"})) == (401, 401)
    assert other.get("/audit").status_code == 200


def test_what_a_page_asks_twice_under_one_key_is_done_once(live: LiveService) -> None:
    session = signed_in(live)
    headers = {"X-Console-Token": session.token, "Idempotency-Key": "mine"}
    asked = {"purpose": "x", "gallery": "once"}
    first, again = (session.client.post(f"{OPERATIONS}/galleries", json=asked, headers=headers) for _ in range(2))
    assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())
    assert again.headers["Idempotency-Replayed"] == "true"


def test_over_tls_the_cookie_is_secure_and_of_this_host(live: LiveService) -> None:
    cookie = sealed(live, Session.of("x", "y"), live.service.settings.model_copy(update={"tls": True}))
    assert cookie.startswith("__Host-session=")
    assert "Secure" in cookie
    assert "Domain" not in cookie


def test_the_longest_key_fits_into_what_browsers_keep(live: LiveService) -> None:
    cookie = sealed(
        live, Session.of("k" * LONGEST_KEY, "p" * 128), live.service.settings.model_copy(update={"tls": True})
    )
    assert len(cookie.partition(";")[0]) <= 4096


def test_who_is_not_signed_in_is_led_there_and_back(live: LiveService) -> None:
    before = live.service.verify_audit()
    answer = live.client().get("/subjects?gallery=inmates")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2Fsubjects%3Fgallery%3Dinmates")
    assert live.service.verify_audit() == before
    client = live.client()
    client.headers["Origin"] = live.url
    for elsewhere in ("https://elsewhere/", "//elsewhere", "/\\elsewhere"):
        assert client.post("/sign-in", data={"key": live.key(), "next": elsewhere}).headers["location"] == "/"


def test_a_wrong_key_is_refused_in_words_and_logged(live: LiveService) -> None:
    client = live.client()
    client.headers["Origin"] = live.url
    answer = client.post("/sign-in", data={"key": "nonsense"})
    assert answer.status_code == 401
    assert "not valid" in answer.text
    assert "set-cookie" not in answer.headers
    assert live.last_event().kind is EventKind.ACCESS_REFUSED


def test_a_session_ends_with_its_key_its_time_and_its_silence(live: LiveService) -> None:
    key = live.key()
    session = signed_in(live, key)
    assert session.get("/audit").status_code == 200
    live.service.api_keys.revoke(key.partition(".")[0], event(EventKind.API_KEY_REVOKED))
    assert session.get("/audit").status_code == 303
    now = Session.of(live.key(), "test")
    settings = live.service.settings
    silent = replace(now, seen=now.seen - (settings.session_idle_minutes + 1) * MINUTE_S)
    old = replace(now, began=now.began - settings.session_hours * HOUR_S - MINUTE_S)
    for ended, status in ((now, 200), (silent, 303), (old, 303)):
        name, _, value = sealed(live, ended).partition(";")[0].partition("=")
        client = live.client()
        client.cookies.set(name, value)
        assert client.get("/audit").status_code == status


def test_a_cookie_that_was_changed_is_none(live: LiveService) -> None:
    session = signed_in(live)
    value = session.client.cookies["session"]
    session.client.cookies.clear()
    session.client.cookies.set("session", value[:-8] + "AAAAAAAA")
    assert session.get("/audit").status_code == 303


@pytest.mark.parametrize("origin", ["https://elsewhere", "null", None])
def test_another_site_changes_nothing(live: LiveService, origin: str | None) -> None:
    session = signed_in(live)
    del session.client.headers["Origin"]
    if origin:
        session.client.headers["Origin"] = origin
    assert session.post("/purpose", purpose="x").status_code == 403
    assert session.client.post("/sign-in", data={"key": live.key()}).status_code == 403


@pytest.mark.parametrize("path", ["/purpose", f"{OPERATIONS}/galleries"])
def test_the_session_alone_changes_nothing_without_its_token(live: LiveService, path: str) -> None:
    session = signed_in(live)
    for token in ("", "wrong", signed_in(live).token):
        headers = {"X-Console-Token": token} if token else {}
        answer = session.client.post(path, json={"purpose": "x", "gallery": "other"}, headers=headers)
        assert answer.status_code == 403, answer.text
    assert "other" not in live.service.store.galleries()


def test_the_session_is_let_in_to_operations_with_its_token(live: LiveService) -> None:
    session = signed_in(live)
    headers = {"X-Console-Token": session.token}
    asked = {"purpose": "x", "gallery": "by-session"}
    assert session.client.post(f"{OPERATIONS}/galleries", json=asked, headers=headers).status_code == 201
    assert session.get(f"{OPERATIONS}/api-key").json()["name"] == "test"


def test_a_role_sees_its_own_pages_alone(live: LiveService) -> None:
    session: SignedIn = signed_in(live, live.key(frozenset({Scope.AUDIT_READ})))
    page = session.get("/audit").text
    assert 'href="/audit"' in page
    assert 'href="/subjects"' not in page
    refused = session.get("/subjects")
    assert refused.status_code == 403
    assert "abis.gallery.read" in refused.text
    nothing = signed_in(live, live.key(frozenset({Scope.METRICS_READ})))
    assert "no page for you" in nothing.get("/").text


def test_another_purpose_is_chosen_without_a_script(live: LiveService) -> None:
    officer = signed_in(live)
    chosen = officer.post("/purpose", purpose="release", back="/recognise")
    assert (chosen.status_code, chosen.headers["location"]) == (303, "/recognise")
    assert 'name="purpose" value="release"' in officer.get("/recognise").text


def test_language_and_theme_are_remembered(live: LiveService) -> None:
    session = signed_in(live)
    assert session.get("/audit", headers={"Accept-Language": "es-MX,es;q=0.9"}).text.count('lang="es"') > 1
    session.post("/preferences", language="es", theme="dark", back="/audit")
    page = session.get("/audit").text
    assert '<html lang="es" data-theme="dark"' in page
    assert "Registro de auditoría" in page
