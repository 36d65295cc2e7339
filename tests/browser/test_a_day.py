"""A prison's day in the browser: movements at two posts, a count with one missing, and a swap at release."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from biometric_service.settings import Settings
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.places import Post, PostId, Zone, ZoneId
from biometric_service.vocabulary.references import EncounterStatus, GalleryId, SubjectId
from biometric_service.vocabulary.roles import SCOPES, Role
from tests.browser.cameras import Play, keep_covered
from tests.browser.posts import at_the_kiosk, check_now, give_finger, scan
from tests.checkpoints import enrol_face, two_photographs
from tests.console import quiet_page, sign_in
from tests.live_service import OPERATIONS, LiveService, asking, event, live_service, synthetic_fingers
from tests.template_walk import INMATES

pytestmark = [pytest.mark.browser, pytest.mark.models, pytest.mark.shared_data, pytest.mark.timeout(900)]

BY_FACE = "P-1041"
BY_FINGER = ("P-1042", "P-1043", "P-1044")
WING, YARD, CLINIC = (ZoneId(each) for each in ("wing-a", "yard", "clinic"))
ZONES = (Zone(WING, "Wing A"), Zone(YARD, "Yard"), Zone(CLINIC, "Clinic"))
GALLERY = GalleryId(INMATES)
GATE = Post(PostId("gate"), "Yard gate", WING, YARD, GALLERY)
DOOR = Post(PostId("clinic-door"), "Clinic door", YARD, CLINIC, GALLERY, demands_order=True)
MAY = "P-1042"
"""Whom two officers let go."""


@pytest.fixture(scope="module")
def person(shared_data: Path) -> tuple[bytes, bytes]:
    """Two photographs of one person."""
    ((first, other),) = two_photographs(shared_data, 1)
    return first.read_bytes(), other.read_bytes()


@pytest.fixture(scope="module")
def prints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[bytes, bytes]]:
    """Two impressions of a synthetic finger of each of the others."""
    folder = tmp_path_factory.mktemp("prints")
    synthetic_fingers(folder, len(BY_FINGER))
    files = {name: f"{number:05d}" for number, name in enumerate(BY_FINGER, 1)}
    return {
        name: ((folder / f"{file}_1.png").read_bytes(), (folder / f"{file}_2.png").read_bytes())
        for name, file in files.items()
    }


@pytest.fixture(scope="module")
def live(
    shared_data: Path, prints: dict[str, tuple[bytes, bytes]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveService]:
    with live_service(Settings(data_dir=tmp_path_factory.mktemp("data"))) as live:
        live.gallery(INMATES)
        for zone in ZONES:
            live.service.day.places.set_zone(zone, event(EventKind.ZONE_SET))
        for post in (GATE, DOOR):
            live.service.day.places.set_post(post, event(EventKind.POST_SET))
        client = live.client(live.key())
        enrol_face(client, two_photographs(shared_data, 1)[0][0], BY_FACE)
        for name, (first, _) in prints.items():
            asked = asking([first], subject=name, galleries=[INMATES])
            assert client.post(f"{OPERATIONS}/enrolments", **asked).status_code == 201
        for name in (BY_FACE, *BY_FINGER):
            subject = SubjectId(name)
            live.service.day.movements.place(subject, WING, event(EventKind.WHEREABOUTS_CHANGED))
        yield live


def officer(live: LiveService, role: Role) -> str:
    return live.key(SCOPES[role])


def test_a_day_of_movements(
    browser: Browser,
    live: LiveService,
    play: Play,
    person: tuple[bytes, bytes],
    prints: dict[str, tuple[bytes, bytes]],
) -> None:
    with quiet_page(browser, live) as desk:
        sign_in(desk, live, officer(live, Role.SUPERVISOR))
        ordered(desk, live, BY_FACE)
        post = play(person[1])
        at_the_kiosk(post, live, officer(live, Role.SUPERVISOR), GATE.id)
        check_now(post, "pass")
        expect(post.locator("#who")).to_have_text(BY_FACE)
        give_finger(post, prints[MAY][1])
        expect(post.locator("#who")).to_have_text(MAY)
        at_the_kiosk(post, live, officer(live, Role.SUPERVISOR), DOOR.id)
        check_now(post, "pass")
        expect(post.locator("#who")).to_have_text(BY_FACE)
        give_finger(post, prints[MAY][1])
        expect(post.locator("#kiosk")).to_have_attribute("data-state", "stop")
        expect(post.locator("#who")).to_have_text(MAY)
        expect(post.locator("#why")).to_have_text("There is no order for this way now.")
        keep_covered(post, "day-no-order")
        desk.goto(f"{live.url}/whereabouts?gallery={INMATES}")
        for name, zone in ((BY_FACE, "Clinic"), (MAY, "Yard"), (BY_FINGER[1], "Wing A")):
            expect(row(desk, name)).to_contain_text(zone)
        keep_covered(desk, "day-whereabouts")
        desk.get_by_role("link", name=BY_FACE).click()
        expect(row(desk, DOOR.name)).to_contain_text("Pass")


def ordered(desk: Page, live: LiveService, subject: str) -> None:
    """A supervisor lets somebody go from the yard to the clinic within the hour."""
    now = datetime.now()  # noqa: DTZ005 - as a browser's field says it
    desk.goto(f"{live.url}/orders")
    desk.get_by_label("Person (empty: everybody of the gallery)").fill(subject)
    desk.get_by_label("From", exact=True).select_option(YARD)
    desk.get_by_label("To", exact=True).select_option(CLINIC)
    desk.get_by_label("Valid from").fill(f"{now - timedelta(minutes=1):%Y-%m-%dT%H:%M}")
    desk.get_by_label("Valid until").fill(f"{now + timedelta(hours=1):%Y-%m-%dT%H:%M}")
    desk.get_by_label("Why", exact=True).select_option("clinic")
    desk.get_by_role("button", name="Issue").click()
    expect(desk.get_by_text("The order is issued.")).to_be_visible()


def row(page: Page, subject: str) -> Locator:
    return page.get_by_role("row").filter(has_text=subject)


def test_a_muster_with_one_missing(
    browser: Browser, live: LiveService, person: tuple[bytes, bytes], prints: dict[str, tuple[bytes, bytes]]
) -> None:
    with quiet_page(browser, live) as page:
        sign_in(page, live, officer(live, Role.MUSTER_OFFICER))
        page.goto(f"{live.url}/musters")
        page.get_by_label("What everybody shows").select_option("either")
        page.get_by_role("button", name="Start the count").click()
        expect(page.get_by_text("The count has begun.")).to_be_visible()
        figure = page.locator(".tally div", has_text="Missing").locator("dd")
        expect(figure).to_have_text("4")
        counted(page, "face", person[1], BY_FACE)
        for name in BY_FINGER[:2]:
            counted(page, "fingerprint", prints[name][1], name)
        expect(figure).to_have_text("1")
        expect(
            page.get_by_role("region", name="Missing (1)").or_(page.locator(".lists section").first)
        ).to_contain_text(BY_FINGER[2])
        keep_covered(page, "day-muster")
        page.get_by_role("button", name="Close with a report").click()
        expect(page.get_by_text("The muster is closed.")).to_be_visible()
        assert downloaded(page, "Report (PDF)").startswith(b"%PDF")
        assert f"{BY_FINGER[2]},missing," in downloaded(page, "Table (CSV)").decode()


def counted(page: Page, modality: str, image: bytes, subject: str) -> None:
    page.get_by_label("Shows", exact=True).select_option(modality)
    page.get_by_label("Pictures").set_input_files(scan(image))
    page.get_by_role("button", name="Count", exact=True).click()
    expect(page.get_by_text(f"{subject} is counted.")).to_be_visible()


def downloaded(page: Page, name: str) -> bytes:
    with page.expect_download() as fetched:
        page.get_by_role("link", name=name).click()
    return fetched.value.path().read_bytes()


def test_a_blocked_swap_at_release(browser: Browser, live: LiveService, prints: dict[str, tuple[bytes, bytes]]) -> None:
    with quiet_page(browser, live) as first, quiet_page(browser, live) as second:
        for page in (first, second):
            sign_in(page, live, officer(live, Role.RELEASE_OFFICER))
        opened(first, live)
        compared(first, prints[BY_FINGER[1]][1])
        expect(first.locator("#release")).to_contain_text("Stopped: somebody else came in the person's place")
        expect(first.locator(".blocks")).to_contain_text(f"This is somebody else: {BY_FINGER[1]}")
        expect(first.locator(".blocks")).to_contain_text("Hold the person and call a supervisor.")
        expect(first.get_by_role("button", name="Confirm as officer 1")).to_have_count(0)
        keep_covered(first, "day-swap")
        path = opened(first, live)
        compared(first, prints[MAY][1])
        first.get_by_role("button", name="Confirm as officer 1").click()
        expect(first.get_by_text("Another officer has to.")).to_be_visible()
        expect(first.get_by_role("button", name="Confirm as officer 2")).to_have_count(0)
        assert live.service.store.subject(SubjectId(MAY)).status is EncounterStatus.ACTIVE
        second.goto(path)
        keep_covered(second, "day-release")
        second.get_by_role("button", name="Confirm as officer 2").click()
        expect(second.get_by_text("Completed: the person may go")).to_be_visible()
        assert live.service.store.subject(SubjectId(MAY)).status is EncounterStatus.RELEASED


def opened(page: Page, live: LiveService) -> str:
    """The address of a new release."""
    page.goto(f"{live.url}/releases")
    page.get_by_label("Claimed subject id").fill(MAY)
    page.get_by_label("Legal basis").fill("Court order 12/26")
    page.get_by_role("button", name="Open", exact=True).click()
    expect(page.get_by_text("The release is open: compare the person now.")).to_be_visible()
    return page.url


def compared(page: Page, image: bytes) -> None:
    page.get_by_label("Shows", exact=True).select_option("fingerprint")
    page.get_by_label("Pictures").set_input_files(scan(image))
    page.get_by_role("button", name="Compare").click()
