"""The desk for other agencies in a browser: a review by keyboard, and a file that is handed out."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from benchmarks.service.furnished import furnish
from tests.browser.test_console_pages import barriers
from tests.console import quiet_page, sign_in, until_scripts_ran
from tests.live_service import LiveService, live_service, without_models

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    with live_service(without_models(tmp_path_factory.mktemp("data"), sharing_seconds=0)) as live:
        yield live


@pytest.fixture(scope="module")
def named(live: LiveService) -> Mapping[str, str]:
    return furnish(live.service, 12)


def test_an_officer_sees_what_is_to_leave_and_lets_it_go_by_a_key(
    browser: Browser, live: LiveService, named: Mapping[str, str]
) -> None:
    with quiet_page(browser, live) as page:
        sign_in(page, live)
        page.goto(f"{live.url}/disclosures/{named['disclosure']}")
        expect(page.get_by_role("cell", name="Person P-00001")).to_be_visible()
        until_scripts_ran(page)
        page.keyboard.press("a")
        expect(page.get_by_role("status")).to_contain_text("Another officer has to look at it as well.")
        expect(page.get_by_role("button", name="Let it go")).to_have_count(0)


def test_what_is_handed_out_is_kept_as_a_file_and_shown_as_gone(
    browser: Browser, live: LiveService, named: Mapping[str, str]
) -> None:
    with quiet_page(browser, live) as page:
        sign_in(page, live)
        page.goto(f"{live.url}/held-transactions/{named['held']}")
        until_scripts_ran(page)
        with page.expect_download() as handed_out:
            page.get_by_role("button", name="Hand it out").click()
        assert handed_out.value.suggested_filename == "card-17.an2"
        assert Path(handed_out.value.path()).read_bytes() == b"not a transaction"
        expect(page.get_by_text("It was handed out as it came")).to_be_visible()
        expect(page.get_by_role("button", name="Hand it out")).to_have_count(0)


def test_an_agreement_is_drawn_up_by_keyboard_once_what_the_profile_misses_was_seen(
    browser: Browser, live: LiveService, named: Mapping[str, str]
) -> None:
    with quiet_page(browser, live) as page:
        sign_in(page, live)
        page.goto(f"{live.url}/agreements")
        until_scripts_ran(page)
        page.keyboard.press("n")
        page.wait_for_url("**/agreements/new")
        page.goto(f"{live.url}/agreements/new?of={named['agreement']}")
        page.get_by_label("From", exact=True).fill("2026-11-01T08:00")
        page.get_by_label("Until", exact=True).fill("2099-11-01T08:00")
        page.get_by_label("Form", exact=True).select_option("ansi_nist_itl")
        page.get_by_label("Domain profile").select_option("belize")
        page.get_by_label("encounter.status").uncheck()
        page.get_by_label("Further fields").clear()
        page.get_by_label("biographic.name").check()
        until_scripts_ran(page)
        page.keyboard.press("d")
        expect(page.get_by_role("region", name="Look at this before it is drawn up")).to_be_focused()
        expect(page.get_by_role("rowheader", name="2.012")).to_be_visible()
        assert barriers(Axe(), page) == []
        until_scripts_ran(page)
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
        page.keyboard.press("d")
        page.wait_for_url("**/agreements/police:2")
        expect(page.get_by_role("status")).to_contain_text("Two officers have to sign it.")
