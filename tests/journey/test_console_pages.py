"""What officers do on pages, by the forms that pages send: keys by role, places, a count from start to report."""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from benchmarks.service.furnished import furnish
from biometric_service.monitoring.throughput import CHECKS
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.movements import ManualCheck
from biometric_service.vocabulary.places import PostId
from biometric_service.vocabulary.references import GalleryId
from biometric_service.vocabulary.roles import SCOPES, Role
from tests.console import signed_in
from tests.live_service import OPERATIONS, LiveService, live_service, without_models


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    with live_service(without_models(tmp_path_factory.mktemp("data"), sharing_seconds=0)) as live:
        furnish(live.service, 12)
        yield live


def secret_in(page: str) -> str:
    found: str = page.partition('<code class="secret" tabindex="0">')[2].partition("<")[0]
    return found


def test_a_key_is_made_by_role_shown_once_and_ends_its_sessions(live: LiveService) -> None:
    admin = signed_in(live)
    asked = {"role": "muster-officer", "galleries": "inmates", "purposes": "muster", "days": 5}
    made = admin.post("/keys", name="Gate", owner="4711", **asked)
    secret = secret_in(made.text)
    assert secret
    assert secret not in admin.get("/keys").text
    key = live.service.api_keys.find(secret)
    assert key
    assert (key.scopes, key.galleries) == (SCOPES[Role.MUSTER_OFFICER], frozenset({GalleryId("inmates")}))
    assert key.owner == "4711"
    assert admin.post("/keys", name="Gate", owner="two words", **asked).status_code == 400
    assert admin.post("/keys", name="Gate", **{**asked, "purposes": ", "}).status_code == 400
    assert "counts as an officer of its own" in admin.get("/keys").text
    officer = signed_in(live, secret)
    assert officer.get("/musters").status_code == 200
    assert officer.get("/keys").status_code == 403
    admin.post(f"/keys/{key.id}/revocation")
    assert live.service.store.events(live.service.verify_audit() - 1, 1)[0].event.kind is EventKind.API_KEY_REVOKED
    assert officer.get("/musters").status_code == 303


def test_nobody_gives_a_key_more_than_they_have(live: LiveService) -> None:
    few = frozenset({Scope.KEY_WRITE, *SCOPES[Role.MUSTER_OFFICER]})
    admin = signed_in(live, live.key(few, frozenset({"inmates"}), frozenset({"muster"})))
    asked = {"name": "x", "role": "muster-officer", "galleries": "inmates", "purposes": "muster", "days": 1}
    for more in ({"role": "administrator"}, {"galleries": "visitors"}, {"purposes": "muster, release"}):
        refused = admin.post("/keys", **{**asked, **more})
        assert refused.status_code == 403, more
        assert not secret_in(refused.text)
    assert secret_in(admin.post("/keys", **asked).text)
    others = live.key(galleries=frozenset({"visitors"})).partition(".")[0]
    assert others not in admin.get("/keys").text
    assert admin.post(f"/keys/{others}/revocation").status_code == 400


def test_a_muster_is_followed_closed_and_its_report_fetched(live: LiveService) -> None:
    officer = signed_in(live)
    begun = officer.post("/musters", galleries="visitors", shown="face")
    board = begun.headers["location"]
    assert officer.post("/musters", galleries="visitors", shown="face").status_code == 409
    before = live.service.verify_audit()
    pulse = officer.get(f"{board}/pulse").text
    assert live.service.verify_audit() == before
    assert f'data-pulse="{pulse}"' in officer.get(board).text
    assert officer.post(f"{board}/closing").headers["location"] == board
    assert officer.get(f"{board}/pulse").text != pulse
    page = officer.get(board).text
    assert "The muster is closed." in page
    report = page.partition('download href="')[2].partition('"')[0].replace("&amp;", "&")
    assert officer.get(report).content.startswith(b"%PDF")
    hidden = signed_in(live, live.key(galleries=frozenset({"inmates"})))
    assert hidden.get(board).status_code == hidden.get(f"{board}/pulse").status_code == 404


def test_two_officers_check_by_hand_for_a_post_and_for_a_muster(live: LiveService) -> None:
    first, second = (signed_in(live, live.key(SCOPES[Role.MUSTER_OFFICER])) for _ in range(2))
    asked = {"subject": "P-00005", "gallery": "inmates", "reason": "bandaged", "post": "yard-door", "direction": "in"}
    assert "Another officer has to look" in first.client.get(said_in(first.post("/manual-checks", **asked))).text
    (check,) = [each.id for each in waiting(live) if each.reason == "bandaged"]
    mine, theirs = (each.get("/manual-checks").text for each in (first, second))
    assert f"/{check}/confirmation" in theirs
    assert f"/{check}/confirmation" not in mine
    assert first.post(f"/manual-checks/{check}/confirmation").status_code == 409
    followed = second.post(f"/manual-checks/{check}/confirmation")
    assert "P-00005 may pass." in second.client.get(said_in(followed)).text
    assert "P-00005" in second.get("/manual-checks?confirmed=true").text
    assert check not in [each.id for each in waiting(live)]
    counted = {"subject": "P-00006", "gallery": "inmates", "reason": "asleep", "muster": "morning"}
    assert 'href="/manual-checks?muster=morning"' in first.get("/musters/morning").text
    assert 'name="muster" value="morning"' in first.get("/manual-checks?muster=morning").text
    first.post("/manual-checks", **counted)
    (check,) = [each.id for each in waiting(live) if each.reason == "asleep"]
    done = second.post(f"/manual-checks/{check}/confirmation")
    assert "P-00006 is counted." in second.client.get(said_in(done)).text
    auditor = signed_in(live, live.key(SCOPES[Role.AUDITOR]))
    assert auditor.get("/manual-checks").status_code == 403
    assert 'href="/manual-checks"' not in auditor.get("/audit").text


def waiting(live: LiveService) -> Sequence[ManualCheck]:
    return live.service.day.manual_checks.checks(0, 50, confirmed=False)


def said_in(answer: httpx.Response) -> str:
    """Where the answer leads on to, which says what was done."""
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def test_statistics_are_shown_as_they_were_published_and_suppressed_figures_as_such(live: LiveService) -> None:
    reader = signed_in(live, live.key(frozenset({Scope.STATISTICS_READ})))
    page = reader.get("/observatory").text
    [table] = live.service.observatory.tables.tables()
    assert table.digest in page
    movements, stopped = (section_of(page, name) for name in ("Movements", "Passages stopped"))
    assert 'class="bar"' in movements
    assert "suppressed</span>" not in movements
    assert 'class="gap"' in stopped
    assert '<td class="number"><span class="quiet">suppressed</span></td>' in stopped
    links = re.findall(r'download href="(/v1/[^"]+)"', page)
    csv, sdmx = (reader.get(each.replace("&amp;", "&")) for each in links)
    assert csv.text.startswith("TIME_PERIOD,MEASURE")
    assert sdmx.headers["content-type"].startswith("application/vnd.sdmx.data+json")
    assert live.service.store.events(live.service.verify_audit() - 1, 1)[0].event.kind is EventKind.STATISTICS_READ
    assert reader.get("/observatory?month=1999-01").status_code == 404


def section_of(page: str, heading: str) -> str:
    return page.partition(f"<h2>{heading}</h2>")[2].partition("<h2>")[0]


def test_a_person_is_opened_from_the_list_with_what_was_shared_of_them(live: LiveService) -> None:
    officer = signed_in(live)
    listed = officer.get("/subjects?gallery=inmates").text
    assert 'href="/subjects/P-00001"' in listed
    page = officer.get("/subjects/P-00001").text
    assert "Active" in page
    assert "<dd>intake</dd>" in page
    assert 'href="/whereabouts/of/P-00001"' in page
    assert newest_kinds(live, 2) == [EventKind.SUBJECT_READ, EventKind.ENCOUNTER_READ]
    assert 'href="/subjects/P-00001/disclosures"' in page
    assert officer.get("/find-shared?subject=P-00001").headers["location"] == "/subjects/P-00001/disclosures"
    page = officer.get("/subjects/P-00001/disclosures").text
    assert "police-cooperation" in page
    link = re.search(r'href="([^"]+/P-00001/disclosures\.pdf[^"]*)"', page)
    assert link
    answer = officer.get(link[1].replace("&amp;", "&"))
    assert (answer.headers["content-type"], answer.content[:5]) == ("application/pdf", b"%PDF-")
    assert newest_kinds(live, 1) == [EventKind.DISCLOSURES_LISTED]
    assert officer.get("/subjects/nobody").status_code == 404
    assert officer.get("/subjects/find").status_code == 404  # nobody of that id: an id may be any word
    lister = signed_in(live, live.key(frozenset({Scope.GALLERY_READ})))
    assert 'href="/subjects/P-00001"' not in lister.get("/subjects?gallery=inmates").text
    others = signed_in(live, live.key(galleries=frozenset({"visitors"})))
    assert others.get("/subjects/P-00001").status_code == 404


def newest_kinds(live: LiveService, many: int) -> list[EventKind]:
    return [each.event.kind for each in live.service.store.events(live.service.verify_audit() - many, many)]


def test_checks_are_counted_by_the_hour_as_they_come_in(live: LiveService) -> None:
    officer = signed_in(live)
    since = datetime.now(UTC) - timedelta(hours=23)
    events = [each.event for each in live.service.store.events(0, 9999)]
    checks = len([each for each in events if each.kind in CHECKS and each.at > since])
    assert f"{checks} checks in the last 24 hours" in officer.get("/statistics").text
    live.service.store.record(AuditEvent(EventKind.IDENTIFICATION, datetime.now(UTC), Caller("x", "x")))
    assert f"{checks + 1} checks in the last 24 hours" in officer.get("/statistics").text


def test_an_order_takes_local_times_and_is_cancelled(live: LiveService) -> None:
    officer = signed_in(live)
    now = datetime.now()  # noqa: DTZ005 - as a browser's field says it
    asked = {
        "gallery": "inmates",
        "subject": "P-00003",
        "to_zone": "yard",
        "valid_from": f"{now:%Y-%m-%dT%H:%M}",
        "valid_until": f"{now + timedelta(hours=1):%Y-%m-%dT%H:%M}",
        "order_purpose": "work",
        "both_ways": "false",
    }
    assert officer.post("/orders", **asked).status_code == 303
    (order,) = [
        each
        for each in live.service.day.orders.orders(GalleryId("inmates"), None, 0, 50, over=False)
        if each.subject == "P-00003"
    ]
    assert order.valid_from.astimezone().replace(tzinfo=None) == now.replace(second=0, microsecond=0)
    assert not order.both_ways
    officer.post(f"/orders/{order.id}/cancellation")
    assert live.service.day.orders.order(order.id).cancelled_at
    wrong = officer.post("/orders", **{**asked, "valid_until": "never"})
    assert wrong.status_code == 400
    assert "valid_until" in wrong.text


def test_an_order_that_could_let_nobody_pass_is_refused(live: LiveService) -> None:
    officer, now = signed_in(live), datetime.now()  # noqa: DTZ005 - as a browser's field says it
    asked = {
        "gallery": "inmates",
        "subject": "P-00003",
        "to_zone": "yard",
        "valid_from": f"{now - timedelta(days=2):%Y-%m-%dT%H:%M}",
        "valid_until": f"{now + timedelta(hours=1):%Y-%m-%dT%H:%M}",
        "order_purpose": "work",
    }
    over = officer.post("/orders", **{**asked, "valid_until": f"{now - timedelta(days=1):%Y-%m-%dT%H:%M}"})
    assert (over.status_code, "over before it is issued" in over.text) == (400, True)
    nowhere = officer.post("/orders", **asked, from_zone="yard")
    assert (nowhere.status_code, "from a zone to the same zone" in nowhere.text) == (400, True)
    elsewhere = officer.post("/orders", **{**asked, "gallery": "visitors"})
    assert (elsewhere.status_code, "enrolled in gallery visitors" in elsewhere.text) == (404, True)
    assert "P-00003" not in officer.get("/orders?gallery=ALL").text


def test_an_intake_that_cannot_be_begun_is_refused_in_words(live: LiveService) -> None:
    officer = signed_in(live)
    asked = {"name": "Ana", "subject": "N-1", "galleries": "inmates"}
    later = f"{datetime.now() + timedelta(days=2):%Y-%m-%d}"  # noqa: DTZ005 - as a browser's field says it
    for field, value in (("subject", "two words"), ("name", "A" * 200), ("name", " "), ("born", later)):
        refused = officer.post("/intakes", **{**asked, field: value})
        assert (refused.status_code, field in refused.text) == (400, True), refused.text
    assert officer.post("/intakes", **asked).status_code == 303


def test_a_page_asks_for_the_scope_of_the_operation_that_it_shows(live: LiveService) -> None:
    assert signed_in(live, live.key(SCOPES[Role.SUPERVISOR])).get("/orders").status_code == 200
    for role in (Role.ADMINISTRATOR, Role.AUDITOR, Role.CHECKPOINT_DEVICE):  # they set up and audit, and follow nobody
        session = signed_in(live, live.key(SCOPES[role]))
        assert session.get("/orders").status_code == 403
        assert 'href="/orders"' not in session.get("/places").text


def test_a_trail_names_posts_as_people_call_them(live: LiveService) -> None:
    first, second = signed_in(live), signed_in(live)
    at_door = {"post": "yard-door", "direction": "in", "gallery": "inmates", "reason": "bandaged"}
    assert first.post("/manual-checks", subject="P-00006", **at_door).status_code == 303
    waiting = live.service.day.manual_checks.checks(0, 100, confirmed=False)
    (check,) = [each.id for each in waiting if each.subject == "P-00006"]
    assert second.post(f"/manual-checks/{check}/confirmation").status_code == 303
    name = live.service.day.places.post(PostId("yard-door")).name
    page = second.get("/whereabouts/of/P-00006").text
    assert f'<td><span title="yard-door">{name}</span>' in page
    assert ">yard-door<" not in page


def test_the_log_is_searched_by_person_kind_and_time(live: LiveService) -> None:
    auditor = signed_in(live)
    found = auditor.get("/audit?subject=P-00007&kind=subject.enrolled").text
    assert found.count("<tr id=") == 1
    assert "P-00007" in found
    assert auditor.get("/audit?subject=P-00007&until=2000-01-01T00:00").text.count("<tr id=") == 0
    assert auditor.get("/audit?actor=nobody").text.count("<tr id=") == 0


def test_what_is_typed_comes_back_as_text(live: LiveService) -> None:
    officer = signed_in(live)
    page = officer.get('/audit?subject="><script>alert(1)</script>').text
    assert "<script>alert" not in page
    named = officer.post("/places/zones", zone="odd", name="<b>odd</b>")
    assert named.status_code == 303
    assert "&lt;b&gt;odd&lt;/b&gt;" in officer.get("/places").text


def test_an_address_that_leads_nowhere_is_a_page_for_people_and_a_problem_for_programs(live: LiveService) -> None:
    client = live.client()
    page = client.get("/nowhere", headers={"Accept": "text/html,*/*", "Accept-Language": "es"})
    assert page.status_code == 404
    assert "No hay ninguna página en esta dirección." in page.text
    assert 'href="/recognise"' not in page.text
    assert 'href="/recognise"' in signed_in(live).get("/nowhere", headers={"Accept": "text/html"}).text
    for path in ("/nowhere", f"{OPERATIONS}/nowhere"):
        problem = client.get(path)
        assert (problem.status_code, problem.json()["code"]) == (404, "request_invalid")
