"""The console as a newcomer meets it, in Debian's Chromium."""

import re
from collections.abc import Iterator
from io import BytesIO
from uuid import uuid4

import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, Route, expect

from biometric_service.settings import Settings
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.roles import SCOPES, Role
from tests.browser.posts import scan
from tests.console import go_to, keep_picture, quiet_page, sign_in
from tests.live_service import OPERATIONS, LiveService, asking, live_service, synthetic_fingers

pytestmark = [pytest.mark.browser, pytest.mark.models, pytest.mark.timeout(900)]

ENROLLED = 3
SPANISH = r"^La puntuación [\d,]+ alcanza [\d,]+, la que exige un FPIR del 0,1 % entre 3 referencias\.$"
DROP = """([name, bytes]) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
    const event = new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
    document.getElementById("drop").dispatchEvent(event);
}"""


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveService]:
    data = tmp_path_factory.mktemp("data")
    synthetic_fingers(data / "seed", ENROLLED + 1)
    with live_service(Settings(data_dir=data, face_model="")) as live:
        live.gallery("inmates")
        client = live.client(live.key())
        for finger in range(1, ENROLLED + 1):
            asked = asking([print_of(live, finger, 1)], subject=f"P-{finger}", galleries=["inmates"])
            assert client.post(f"{OPERATIONS}/enrolments", **asked).status_code == 201
        yield live


SLOW_PICTURES = """
    const made = window.createImageBitmap;
    window.createImageBitmap = async (...given) => {
        await new Promise((resolve) => setTimeout(resolve, 500));
        return made.apply(window, given);
    };
"""


def print_of(live: LiveService, finger: int, impression: int) -> bytes:
    folder = live.service.settings.data_dir / "seed"
    return (folder / f"{finger:05d}_{impression}.png").read_bytes()


@pytest.fixture(params=["light", "dark"])
def page(browser: Browser, live: LiveService, request: pytest.FixtureRequest) -> Iterator[Page]:
    with quiet_page(browser, live, request.param) as page:
        yield page


def drop(page: Page, name: str, image: bytes) -> None:
    """Once the page listens: it says so itself."""
    expect(page.locator("#result")).to_have_attribute("aria-busy", "false")
    page.evaluate(DROP, [name, list(image)])


def blank() -> bytes:
    written = BytesIO()
    Image.new("L", (300, 400), 255).save(written, "PNG")
    return written.getvalue()


def test_a_newcomer_drops_a_fingerprint_and_sees_who_it_is(page: Page, live: LiveService) -> None:
    sign_in(page, live)
    assert "key" not in page.url
    drop(page, "scan.png", print_of(live, 1, 1))
    expect(page.get_by_role("heading", name="Match", exact=True)).to_be_focused()
    expect(page.locator(".verdict .who")).to_contain_text("P-1")
    expect(page.get_by_role("img", name=re.compile("a match needs"))).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("minutiae were paired"))).to_be_visible()
    expect(page.locator(".candidates li").first).to_contain_text("P-1")
    expect(page.locator(".qualities li").first).to_contain_text("Used")
    keep_picture(page, "console")


def test_a_synthetic_sample_is_one_click_away(page: Page, live: LiveService) -> None:
    sign_in(page, live)
    page.get_by_role("button", name="00002_2").click()
    expect(page.locator("#outcome")).to_have_text(re.compile("Match|Review"))
    expect(page.locator(".candidates li").first).to_contain_text("P-2")


def test_a_wrong_image_says_what_to_do(page: Page, live: LiveService) -> None:
    sign_in(page, live)
    drop(page, "blank.png", blank())
    expect(page.get_by_role("heading", name="Capture again")).to_be_visible()
    expect(page.locator(".qualities .instruction").first).to_contain_text("place the finger flat")


def test_why_and_what_to_do_are_said_in_the_language_of_the_page(browser: Browser, live: LiveService) -> None:
    with quiet_page(browser, live, language="es") as page:
        page.goto(f"{live.url}/#key={live.key()}")
        drop(page, "scan.png", print_of(live, 1, 1))
        expect(page.locator("#outcome")).to_have_text("Coincide")
        expect(page.locator(".verdict .reason")).to_have_text(re.compile(SPANISH))
        expect(page.get_by_role("img", name=re.compile("Se emparejaron [0-9]+ minucias"))).to_be_visible()
        page.get_by_role("tab", name="Paso").click()
        page.get_by_role("textbox", name="Control").fill("gate-3")
        page.locator("#run").click()
        expect(page.locator(".verdict .reason")).to_have_text("La persona es P-1.")
        expect(page.locator('main [lang="en"]')).to_have_count(0)
        drop(page, "blank.png", blank())
        page.locator("#run").click()
        expect(page.locator(".qualities .instruction").first).to_contain_text("ponga el dedo plano")


def test_a_stranger_is_enrolled_from_the_same_page(page: Page, live: LiveService) -> None:
    stranger = f"S-{uuid4().hex[:8]}"
    sign_in(page, live)
    drop(page, "stranger.png", print_of(live, ENROLLED + 1, 1))
    expect(page.get_by_role("heading", name="Unknown")).to_be_visible()
    page.get_by_role("button", name="Enrol this person").click()
    page.get_by_label("Subject id", exact=True).fill(stranger)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Enrolled")).to_be_visible()
    page.get_by_role("link", name="Subjects").click()
    expect(page.get_by_role("rowheader", name=stranger)).to_be_visible()
    live.client(live.key()).delete(f"{OPERATIONS}/subjects/{stranger}?purpose=test").raise_for_status()


def test_a_file_that_is_chosen_before_the_script_is_there_counts(browser: Browser, live: LiveService) -> None:
    with quiet_page(browser, live) as page:
        sign_in(page, live)

        def late(script: Route) -> None:
            page.locator("#files").set_input_files(scan(print_of(live, 1, 1)))
            script.continue_()

        page.route("**/images.js", late)
        page.reload()
        expect(page.get_by_role("heading", name="Match", exact=True)).to_be_visible()


def test_a_question_waits_for_the_images_that_were_given_before_it(browser: Browser, live: LiveService) -> None:
    with quiet_page(browser, live) as page:
        page.add_init_script(SLOW_PICTURES)
        sign_in(page, live)
        page.get_by_role("tab", name="Movement check").click()
        drop(page, "scan.png", print_of(live, 1, 1))
        page.locator("#run").click()
        expect(page.get_by_role("heading", name="Pass")).to_be_visible()


def test_an_answer_that_comes_late_takes_no_other_ones_place(browser: Browser, live: LiveService) -> None:
    with quiet_page(browser, live) as page:
        sign_in(page, live)
        held: list[Route] = []
        page.route("**/identifications", lambda asked: asked.continue_() if held else held.append(asked))
        with page.expect_request("**/identifications"):
            drop(page, "scan.png", print_of(live, 1, 1))
        page.get_by_role("button", name="00002_2").click()
        expect(page.locator(".candidates li").first).to_contain_text("P-2")
        with page.expect_response("**/identifications") as late:
            held[0].continue_()
        late.value.finished()
        page.wait_for_timeout(300)  # for the page to read it
        expect(page.locator(".candidates li").first).to_contain_text("P-2")


def test_a_checkpoint_by_keyboard_alone(page: Page, live: LiveService) -> None:
    sign_in(page, live)
    page.locator("#files").set_input_files(scan(print_of(live, 1, 1)))
    expect(page.get_by_role("heading", name="Match", exact=True)).to_be_visible()
    page.get_by_role("tab", name="Identify").focus()
    page.keyboard.press("End")
    expect(page.get_by_role("tab", name="Movement check")).to_be_focused()
    page.get_by_role("textbox", name="Checkpoint").fill("gate-3")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Pass")).to_be_visible()


def test_the_audit_log_shows_the_newest_first_and_that_it_is_whole(page: Page, live: LiveService) -> None:
    sign_in(page, live)
    page.get_by_role("link", name="Audit log").click()
    expect(page.locator("#chain")).to_contain_text("The chain is intact")
    expect(page.locator("main tbody tr").nth(1)).to_be_visible()
    numbers = [int(text.replace(",", "")) for text in page.locator("main tbody th").all_inner_texts()]
    assert len(numbers) > 1
    assert numbers == sorted(numbers, reverse=True)


def test_a_wrong_key_is_refused_in_words(browser: Browser, live: LiveService) -> None:
    page = browser.new_page()
    page.goto(live.url)
    page.get_by_label("Your key").fill("nonsense")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("not valid")
    assert page.evaluate("sessionStorage.length + localStorage.length") == 0
    page.close()


def test_a_key_that_may_little_sees_little(page: Page, live: LiveService) -> None:
    sign_in(page, live, live.key(frozenset({Scope.IDENTIFY}), frozenset({"inmates"}), frozenset({"roll-call"})))
    expect(page.get_by_role("navigation", name="Pages").get_by_role("link")).to_have_count(1)
    expect(page.get_by_role("tab")).to_have_count(1)
    expect(page.get_by_label("Purpose")).to_have_value("roll-call")
    drop(page, "scan.png", print_of(live, 1, 1))
    expect(page.get_by_role("heading", name="Match", exact=True)).to_be_visible()
    expect(page.get_by_text("may not see pictures")).to_be_visible()


def test_two_officers_judge_a_case_by_keyboard_blind_to_one_another(browser: Browser, live: LiveService) -> None:
    asked = asking([print_of(live, 2, 2)], subject="twin", galleries=["inmates"])
    refused = live.client(live.key()).post(f"{OPERATIONS}/enrolments", **asked).json()
    assert refused["outcome"] == "duplicate_suspected"
    for first, said in ((True, "waits for another officer"), (False, "Closed: the same person")):
        with quiet_page(browser, live, "light" if first else "dark") as page:
            sign_in(page, live, live.key(SCOPES[Role.REVIEWER]))
            go_to(page, "j")
            page.get_by_role("link", name="Judge").first.click()
            expect(page.get_by_role("img", name=re.compile("minutiae were paired"))).to_be_visible()
            expect(page.get_by_role("img", name=re.compile("share of mates"))).to_be_visible()
            expect(page.get_by_text("You said")).to_have_count(0)
            if first:
                keep_picture(page, "adjudication")
            page.keyboard.press("s")
            expect(page.get_by_role("status")).to_contain_text(said)
