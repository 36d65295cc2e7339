"""Every page that has a route: reachable by its scope alone, free of barriers in both themes, and at home."""

import re
from collections.abc import Iterator, Mapping

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, ViewportSize, expect

from benchmarks.service.furnished import count_one, furnish
from biometric_service.vocabulary.access import Scope
from tests.browser.cameras import Play
from tests.console import (
    console_routes,
    go_to,
    keep_picture,
    quiet_page,
    scope_of,
    sign_in,
    signed_in,
    until_scripts_ran,
)
from tests.live_service import LiveService, live_service, without_models

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]

NO_PAGES = {"/", "/musters/{muster}/pulse", "/people/{subject}/photograph", "/whereabouts/find", "/find-shared"}
"""They lead on, or answer figures or a picture."""
PICTURED = {
    "/musters/morning": "muster",
    "/releases/r-1": "release",
    "/whereabouts": "whereabouts",
    "/agency-requests/case-77-1": "agency-request",
}
UNSIGNED = {"/sign-in", "/preferences"}
SERIOUS = {"serious", "critical"}
LAID_OUT = """() => {
    const { clientWidth: width, scrollWidth: needed } = document.documentElement;
    const ids = Array.from(document.querySelectorAll("[id]"), (each) => each.id);
    const fields = Array.from(document.querySelectorAll("input:not([type=hidden]), select, textarea"));
    const unnamed = fields.filter((each) => !each.labels.length && !each.ariaLabel);
    const menu = document.querySelector(".menu[open] .sheet")?.getBoundingClientRect();
    const begins = document.querySelector("main")?.getBoundingClientRect().top ?? 0;
    return [
        ...(begins > window.innerHeight / 2 ? [`nothing of it above ${begins}`] : []),
        ...(needed > width ? [`as wide as ${needed}`] : []),
        ...(menu && (menu.left < 0 || menu.right > width) ? [`menu to ${menu.right}`] : []),
        ...ids.filter((id, place) => ids.indexOf(id) < place).map((id) => `two are called ${id}`),
        ...unnamed.map((each) => `nothing names ${each.outerHTML.slice(0, 99)}`),
    ];
}"""
"""What does not fit, and which fields no label is tied to: one that names the first of two of an id names another."""
COUNTED = """() => {
    window.sent = 0;
    window.addEventListener("submit", (event) => {
        if (!event.defaultPrevented) window.sent += 1;
        event.preventDefault();
    });
}"""
"""Sends nothing more, and counts what would be sent."""
NARROW: ViewportSize = {"width": 390, "height": 844}
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    settings = without_models(
        tmp_path_factory.mktemp("data"),
        gallery_roles={"inmates": "inmates", "visitors": "visitors"},
        sharing_seconds=0,
    )
    with live_service(settings) as live:
        yield live


@pytest.fixture(scope="module")
def named(live: LiveService) -> Mapping[str, str]:
    """What stands for each parameter of a path."""
    return furnish(live.service, 60)


@pytest.fixture(scope="module")
def paths(named: Mapping[str, str]) -> list[str]:
    """Every page to look at; a new parameter needs something to stand for it, in ``furnish``."""
    gets = [path for path, route in console_routes() if "GET" in (route.methods or ())]
    return [path.format(**named) for path in gets if path not in NO_PAGES]


def test_every_page_is_opened_by_its_scope_and_by_nobody_else(live: LiveService, named: Mapping[str, str]) -> None:
    everybody = signed_in(live)
    for path, route in console_routes():
        if path in UNSIGNED:
            continue
        scope, method = scope_of(route), min(route.methods or ())
        there = path.format(**{**dict.fromkeys(re.findall(r"{(\w+)}", path), "x"), **named})
        assert live.client().request(method, there, headers={"Origin": live.url}).status_code == 303, path
        if scope is None:
            continue
        others = signed_in(live, live.key(frozenset(Scope) - {scope}))
        answer = others.get(there) if method == "GET" else others.post(there)
        assert answer.status_code == 403, path
        assert scope.value in answer.text
        if method == "GET" and path not in NO_PAGES:
            assert everybody.get(there).status_code == 200, path


@pytest.mark.parametrize(("theme", "language"), [("light", "en"), ("dark", "es")])
def test_no_page_has_a_barrier(
    browser: Browser, live: LiveService, paths: list[str], theme: str, language: str
) -> None:
    axe = Axe()
    with quiet_page(browser, live, theme, language) as page:
        page.goto(f"{live.url}/sign-in")
        found = barriers(axe, page)
        page.goto(f"{live.url}/#key={live.key()}")
        page.locator("#key-name").wait_for()
        until_scripts_ran(page)
        for path in paths:
            page.goto(live.url + path)
            until_scripts_ran(page)
            expect(page.locator("[data-load]")).to_have_count(0)  # its answer has taken its place
            assert page.locator("h1").count() == 1, path
            assert page.locator('main [lang="en"]').count() == 0, path
            found += barriers(axe, page)
            if theme == "light" and path in PICTURED:
                keep_picture(page, PICTURED[path])
    assert found == []


def barriers(axe: Axe, page: Page) -> list[str]:
    """What axe-core finds that hinders somebody seriously, or is no good practice."""
    found = axe.run(page, options=RULES).response["violations"]
    return [
        f"{page.url}: {each['id']} ({each['impact']}): {each['nodes'][0]['html'][:160]}"
        for each in found
        if each["impact"] in SERIOUS or each["impact"] == "moderate"
    ]


def test_every_page_fits_a_telephone_and_names_its_fields(
    browser: Browser, live: LiveService, paths: list[str]
) -> None:
    with quiet_page(browser, live, language="es") as page:
        page.set_viewport_size(NARROW)
        page.goto(f"{live.url}/#key={live.key()}")
        page.wait_for_url("**/recognise")
        found = []
        for path in (*paths, "/kiosk?post=yard-door"):
            page.goto(live.url + path)
            if page.locator(".menu").count():
                page.locator(".menu summary").click()
            found += [f"{path}: {each}" for each in page.evaluate(LAID_OUT)]
    assert found == []


def test_the_keyboard_alone_leads_to_a_page_and_to_help(browser: Browser, live: LiveService) -> None:
    with quiet_page(browser, live) as page:
        sign_in(page, live)
        go_to(page, "a")
        page.wait_for_url("**/audit")
        until_scripts_ran(page)
        page.keyboard.press("?")
        shortcuts = page.get_by_role("dialog", name="Keyboard shortcuts")
        expect(shortcuts).to_be_visible()
        page.keyboard.press("Escape")
        expect(shortcuts).to_be_hidden()
        page.keyboard.press("Tab")
        expect(page.locator(".skip")).to_be_focused()


def test_a_shortcut_presses_what_is_shown_alone(browser: Browser, live: LiveService, named: Mapping[str, str]) -> None:
    with quiet_page(browser, live) as page:
        sign_in(page, live)
        page.goto(f"{live.url}/intakes/{named['intake']}")
        until_scripts_ran(page)
        for step in ("face", "marks", "finish", "finish"):  # after the last one there is none
            page.keyboard.press("n")
            expect(page.locator(f"#step-{step}")).to_have_attribute("aria-selected", "true")


def test_a_form_that_is_pressed_twice_is_sent_once(browser: Browser, live: LiveService) -> None:
    with quiet_page(browser, live) as page:
        sign_in(page, live)
        page.goto(f"{live.url}/places")
        until_scripts_ran(page)
        page.evaluate(COUNTED)
        page.locator("#zone").fill("annex")
        page.locator("#zone-name").fill("Annex")
        page.locator("form[action='/places/zones'] button").dblclick()
        assert page.evaluate("window.sent") == 1
        expect(page.locator("form[action='/places/zones']")).to_have_attribute("aria-busy", "true")


def test_a_camera_that_the_service_no_longer_answers_is_off(
    play: Play, live: LiveService, named: Mapping[str, str]
) -> None:
    page = play(None)
    sign_in(page, live)
    page.goto(f"{live.url}/intakes/{named['intake']}")
    page.route("**/captures", lambda route: route.fulfill(status=502, content_type="text/html", body="<h1>Bad gateway"))
    page.get_by_role("tab", name="Face").click()
    page.get_by_role("button", name="Start the camera").click()
    expect(page.locator("#problem")).to_contain_text("The service cannot be reached.")
    expect(page.get_by_role("button", name="Start the camera")).to_be_visible()


def test_a_list_that_comes_late_takes_no_later_ones_place(
    browser: Browser, live: LiveService, named: Mapping[str, str]
) -> None:
    assert named
    with quiet_page(browser, live) as page:
        sign_in(page, live)
        page.goto(f"{live.url}/orders")
        until_scripts_ran(page)
        listed = page.locator("#listed")
        before = listed.inner_text()
        held: list[Route] = []
        page.route("**/orders?*over=true*", lambda asked: held.append(asked))  # noqa: PLW0108 - a method of a list will not do
        with page.expect_request("**/orders?*over=true*"):
            page.locator("#over").select_option("true")
        with page.expect_response("**/orders?*over=false*"):
            page.locator("#over").select_option("false")
        page.wait_for_url("**/orders?*over=false*")
        with page.expect_response("**/orders?*over=true*") as late:
            held.pop().continue_()
        late.value.finished()
        page.wait_for_timeout(300)  # for the page to read it
        assert listed.inner_text() == before
        page.unroute("**/orders?*over=true*")
        page.locator("#over").select_option("true")
        expect(listed).not_to_have_text(before, use_inner_text=True)


def test_the_board_of_a_muster_keeps_itself_up_to_date(
    browser: Browser, live: LiveService, named: Mapping[str, str]
) -> None:
    with quiet_page(browser, live) as page:
        sign_in(page, live)
        page.goto(f"{live.url}/musters/{named['muster']}")
        missing = page.locator(".tally dd").first
        before = int(missing.inner_text())
        events = live.service.verify_audit()
        count_one(live.service, "P-00030")
        expect(missing).to_have_text(str(before - 1))
        expect(page.get_by_text("P-00030", exact=True)).to_have_count(0)
        assert live.service.verify_audit() - events <= 4  # the count and one look at the board, not one each time
