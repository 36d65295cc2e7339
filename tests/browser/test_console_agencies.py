"""The desk for other agencies in a browser: a review by keyboard, and a file that is handed out."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from benchmarks.service.furnished import furnish
from tests.console import quiet_page, sign_in
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
        page.wait_for_load_state("networkidle")
        page.keyboard.press("a")
        expect(page.get_by_role("status")).to_contain_text("Another officer has to look at it as well.")
        expect(page.get_by_role("button", name="Let it go")).to_have_count(0)


def test_what_is_handed_out_is_kept_as_a_file_and_shown_as_gone(
    browser: Browser, live: LiveService, named: Mapping[str, str]
) -> None:
    with quiet_page(browser, live) as page:
        sign_in(page, live)
        page.goto(f"{live.url}/held-transactions/{named['held']}")
        page.wait_for_load_state("networkidle")
        with page.expect_download() as handed_out:
            page.get_by_role("button", name="Hand it out").click()
        assert handed_out.value.suggested_filename == "card-17.an2"
        assert Path(handed_out.value.path()).read_bytes() == b"not a transaction"
        expect(page.get_by_text("It was handed out as it came")).to_be_visible()
        expect(page.get_by_role("button", name="Hand it out")).to_have_count(0)
