"""The screen of a post, with a camera that plays real faces: by the service, and by an agent whose line is cut."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, Route, expect

from biometric_service.app.checkpoint_agent import Keeper
from biometric_service.app.checkpoint_screen import Screen, serving_screen
from biometric_service.app.checkpoints import Setup, open_checkpoint, walk_on_slices
from biometric_service.app.stages import Stages, build_stages
from biometric_service.checkpoint.checkpoint import CheckpointRules
from biometric_service.cli.checkpoint import Camera
from biometric_service.client.sending import Connection
from biometric_service.settings import Settings
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.decisions import Movement
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.movements import Means
from biometric_service.vocabulary.references import SubjectId
from biometric_service.vocabulary.samples import Modality
from tests.browser.cameras import Play, hold_still, keep_covered
from tests.browser.posts import at_the_kiosk, begin, check_now, give_finger, hold_time, put
from tests.browser.test_console_pages import barriers
from tests.checkpoints import BY_HAND, POST, TAKES_KEYS, enrol_face, open_post, private_pem, registered, two_photographs
from tests.console import sign_in
from tests.cuttable_line import Line, line_to
from tests.live_service import OPERATIONS, LiveService, asking, live_service, synthetic_fingers
from tests.station_agent import running
from tests.template_walk import INMATES

pytestmark = [pytest.mark.browser, pytest.mark.models, pytest.mark.shared_data, pytest.mark.timeout(900)]

NAMES = ("P-1041", "P-1042")
STAFF = "staff"
OFFICERS = ("S-1", "S-2")
FIRST, SECOND = "I say who it is", "I confirm it"
LONG = 75
"""Frames of each officer: long enough to be seen, at thirty a second."""
FINGER = "P-2001"
"""Somebody of whom there is a finger alone."""


@pytest.fixture(scope="module")
def people(shared_data: Path) -> list[tuple[Path, Path]]:
    """Two inmates, two officers, and one who is enrolled by nobody."""
    return two_photographs(shared_data, 5)


@pytest.fixture(scope="module")
def prints(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Two impressions of a synthetic finger, then one of another."""
    folder = tmp_path_factory.mktemp("prints")
    synthetic_fingers(folder, 2)
    return [(folder / f"0000{name}.png").read_bytes() for name in ("1_1", "1_2", "2_1")]


@pytest.fixture(scope="module")
def live(
    people: list[tuple[Path, Path]], prints: list[bytes], port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LiveService]:
    data = tmp_path_factory.mktemp("data")
    with live_service(Settings(data_dir=data, station_port=port)) as live:
        for gallery in (INMATES, STAFF):
            live.gallery(gallery)
        open_post(live)
        client = live.client(live.key())
        galleries = (INMATES, INMATES, STAFF, STAFF)
        for name, gallery, (first, _) in zip((*NAMES, *OFFICERS), galleries, people, strict=False):
            enrol_face(client, first, name, gallery)
        asked = asking(prints[:1], subject=FINGER, galleries=[INMATES])
        assert client.post(f"{OPERATIONS}/enrolments", **asked).status_code == 201
        yield live


def test_somebody_who_may_pass_sees_it_hears_it_and_it_resets(
    live: LiveService, play: Play, people: list[tuple[Path, Path]]
) -> None:
    page = play(people[0][1].read_bytes())
    with page.expect_response("**/session") as kept:
        at_the_kiosk(page, live)
        check_now(page, "pass")
    assert (kept.value.status, kept.value.request.method) == (204, "POST")
    expect(page.locator("#words")).to_have_text("Pass")
    expect(page.locator("#who")).to_have_text(NAMES[0])
    expect(page.locator("#picture")).to_be_visible()
    assert page.locator("#shape path").count() == 2
    assert page.locator("#kiosk").get_attribute("data-sound") == "pass"
    keep_covered(page, "kiosk")
    page.clock.resume()
    expect(page.locator("#kiosk")).to_have_attribute("data-state", "idle")
    expect(page.get_by_text("Look at the camera")).to_be_visible()


def test_a_picture_is_shown_however_late_the_screen_learns_that_it_may(
    live: LiveService, play: Play, people: list[tuple[Path, Path]]
) -> None:
    page = play(people[0][1].read_bytes())
    held: list[Route] = []
    sign_in(page, live)
    page.route("**/v1/operations/api-key", lambda asked: held.append(asked))  # noqa: PLW0108 - a method of a list will not do
    begin(page, live)
    page.get_by_role("button", name="Check now").click()
    expect(page.locator("#prompt")).not_to_be_empty()
    held.pop().continue_()
    expect(page.locator("#picture")).to_be_visible()


def test_whom_no_face_shows_is_known_by_a_finger(live: LiveService, play: Play, prints: list[bytes]) -> None:
    page = play(None)
    at_the_kiosk(page, live)
    check_now(page, "recapture")
    page.clock.run_for(4000)
    expect(page.locator("#kiosk")).to_have_attribute("data-state", "idle")
    give_finger(page, prints[1])
    expect(page.locator("#kiosk")).to_have_attribute("data-state", "pass")
    expect(page.locator("#who")).to_have_text(FINGER)
    seen = live.service.day.movements.trail(SubjectId(FINGER), 1)
    assert [each.means for each in seen] == [Means.FINGERPRINT]


def test_a_reader_of_this_machine_takes_the_finger(
    live: LiveService, play: Play, prints: list[bytes], port: int, tmp_path: Path
) -> None:
    scans = tmp_path / "scans"
    scans.mkdir()
    with running(tmp_path, f"folder://{scans}?dpi=500", origin=live.url, port=port) as station:
        page = play(None)
        at_the_kiosk(page, live)

        def slowly(asked: Route) -> None:
            page.wait_for_timeout(5000)  # as on a machine that is busy
            asked.continue_()

        page.route("**/v1/station", slowly, times=1)
        page.get_by_role("button", name="Finger").click()
        page.get_by_role("button", name="Look for readers").click()
        expect(page.get_by_label("Code on its terminal")).to_be_visible()  # the agent has offered a code of its own
        page.get_by_label("Code on its terminal").fill(station.pairing.offer())
        page.get_by_role("button", name="Pair").click()
        expect(page.locator("#finger-hint")).to_have_text("Put a finger on the reader")
        put(scans, prints[1])
        expect(page.locator("#who")).to_have_text(FINGER)


def test_whom_nothing_shows_two_officers_answer_for_each_by_their_own_key(
    live: LiveService, play: Play, people: list[tuple[Path, Path]], prints: list[bytes]
) -> None:
    page = play(people[-1][1].read_bytes())
    at_the_kiosk(page, live, live.key(frozenset({Scope.MOVEMENT})))
    check_now(page, "stop")
    expect(page.locator("#why")).to_contain_text("not known here")
    expect(page.locator("#next")).to_have_text("Now a finger")
    expect(page.locator("#picture")).to_be_hidden()
    found = barriers_at(page)
    page.get_by_role("button", name="Finger").click()
    expect(page.get_by_role("dialog", name="A finger")).to_be_visible()
    found += barriers_at(page)
    page.get_by_role("button", name="Cancel").click()
    give_finger(page, prints[2])
    expect(page.locator("#next")).to_have_text("Two officers check by hand")
    page.get_by_role("button", name="Two officers").click()
    dialog = page.get_by_role("dialog", name="Two officers answer for somebody")
    dialog.get_by_label("Number of the person").fill(NAMES[1])
    dialog.get_by_label("It cannot be shown").check()
    found += barriers_at(page)
    assert found == []
    officers = [live.key(frozenset({Scope.MANUAL_CHECK})) for _ in range(2)]
    sign(dialog, live.key(frozenset({Scope.MOVEMENT})), FIRST)
    expect(dialog.get_by_role("alert")).to_contain_text("abis.manual-check")
    sign(dialog, officers[0], FIRST)
    expect(dialog.get_by_text("Second officer")).to_be_visible()
    keep_covered(page, "kiosk-officers")
    sign(dialog, officers[0], SECOND)
    expect(dialog.get_by_role("alert")).to_contain_text("The officer who opened it cannot confirm it.")
    sign(dialog, officers[1], SECOND)
    expect(page.locator("#kiosk")).to_have_attribute("data-state", "pass")
    expect(page.locator("#why")).to_have_text("Two officers have confirmed it.")
    assert live.last_event().kind is EventKind.WHEREABOUTS_CHANGED
    (check,) = live.service.day.manual_checks.checks(0, 2, confirmed=True)
    assert (check.subject, check.reason, check.post) == (NAMES[1], "It cannot be shown", POST.id)


def barriers_at(page: Page) -> list[str]:
    """What hinders somebody at a screen whose time is held but for this, since axe-core waits by the page's clock."""
    page.clock.resume()
    found = barriers(Axe(), page)
    hold_time(page)
    return found


def sign(dialog: Locator, key: str, act: str) -> None:
    dialog.get_by_label("Your key").fill(key)
    dialog.get_by_role("button", name=act).click()


@pytest.fixture(scope="module")
def keys(live: LiveService) -> list[str]:
    """Two of one officer, then one of another."""
    return [live.key(BY_HAND, owner=owner) for owner in ("4711", "4711", "4712")]


@pytest.fixture
def agent(live: LiveService, keys: list[str], tmp_path: Path) -> Iterator[tuple[str, Line, Path]]:
    """The screen of an agent that takes officers' keys and faces, its line, and where its reader finds fingers."""
    assert keys
    device = registered(live, scopes=TAKES_KEYS, also=(STAFF,))
    (tmp_path / "device.key").write_bytes(private_pem(device))
    (tmp_path / "scans").mkdir()
    settings = live.service.settings
    rules = CheckpointRules(POST.id, renew=1.0, fingers=True, officers=STAFF)
    setup = Setup(rules, device, tmp_path / "state", tmp_path / "device.key")
    stages = build_stages(settings)
    with line_to(urlsplit(live.url).port or 0) as line, shown(setup, settings, stages, line, tmp_path / "scans") as url:
        yield url, line, tmp_path / "scans"


@contextmanager
def shown(setup: Setup, settings: Settings, stages: Stages, line: Line, scans: Path) -> Iterator[str]:
    connection = Connection()
    with open_checkpoint(
        setup, walk_on_slices(stages, settings), f"http://127.0.0.1:{line.port}", connection
    ) as opened:
        reader = Camera(stages, {Modality.FINGERPRINT: f"folder://{scans}?dpi=500"}, 20)
        screen = Screen(opened, Movement.IN, lambda _: None, reader.capture)
        with serving_screen(screen, 0) as port, Keeper(opened, screen.tell):
            yield f"http://127.0.0.1:{port}"


def test_an_agents_own_screen_goes_on_when_the_line_is_cut(
    agent: tuple[str, Line, Path],
    play: Play,
    people: list[tuple[Path, Path]],
    prints: list[bytes],
    keys: list[str],
) -> None:
    url, line, scans = agent
    line.cut()
    page = play(people[1][1].read_bytes())
    page.goto(url)
    expect(page.locator("#link-words")).to_have_text("No connection: deciding here")
    expect(page.locator("#prompt")).to_be_empty()
    hold_time(page)
    check_now(page, "pass")
    expect(page.locator("#basis")).to_contain_text("Decided without the service")
    page.clock.resume()
    expect(page.locator("#queue")).to_have_text("1 to be told")
    expect(page.locator("#kiosk")).to_have_attribute("data-state", "idle")
    page.get_by_role("button", name="Finger").click()
    expect(page.locator("#prompt")).to_have_text("Put a finger on the reader")
    put(scans, prints[1])
    expect(page.locator("#who")).to_have_text(FINGER)
    expect(page.locator("#queue")).to_have_text("2 to be told")
    expect(page.locator("#kiosk")).to_have_attribute("data-state", "idle")
    hold_time(page)
    two_keys(page, keys)
    page.clock.resume()
    expect(page.locator("#queue")).to_have_text("4 to be told")
    line.mend()
    expect(page.locator("#link-words")).to_have_text("Connected")
    expect(page.locator("#queue")).to_be_empty()
    refused = page.request.get(f"{url}/v1/state", headers={"Origin": "https://evil.example"})
    assert refused.status == 403


def two_keys(page: Page, keys: list[str]) -> None:
    """One officer with two keys is refused, a key and a face are too, and two officers let somebody pass."""
    page.get_by_role("button", name="Two officers").click()
    dialog = page.get_by_role("dialog", name="Two officers answer for somebody")
    dialog.get_by_label("Number of the person").fill(NAMES[0])
    dialog.get_by_label("Emergency").check()
    assert barriers_at(page) == []
    for second, said in ((keys[1], "each with a key of their own"), ("", "Both officers prove it by a key")):
        sign(dialog, keys[0], FIRST)
        expect(dialog.locator("#officers-turn")).to_have_text(
            "Second officer: look at the person, and prove who you are."
        )
        sign(dialog, second, SECOND)
        expect(dialog.get_by_role("alert")).to_contain_text(said)
    sign(dialog, keys[0], FIRST)
    expect(dialog.get_by_label("Your key")).to_be_empty()
    sign(dialog, keys[2], SECOND)
    expect(page.locator("#kiosk")).to_have_attribute("data-state", "pass")
    expect(page.locator("#why")).to_have_text("Two officers have confirmed it.")
    expect(page.locator("#basis")).to_contain_text("Decided without the service")


def test_an_agent_takes_no_officers_word_but_their_faces(
    live: LiveService, agent: tuple[str, Line, Path], play: Play, people: list[tuple[Path, Path]]
) -> None:
    url, line, _ = agent
    line.cut()
    page = play(people[2][1].read_bytes(), people[3][1].read_bytes(), frames=LONG)
    hold_time(page)
    page.goto(url)
    expect(page.locator("#prompt")).to_be_empty()
    page.get_by_role("button", name="Two officers").click()
    dialog = page.get_by_role("dialog", name="Two officers answer for somebody")
    dialog.get_by_label("Number of the person").fill(NAMES[1])
    dialog.get_by_label("The device is broken").check()
    shown_by(page, 0, FIRST, SECOND)
    shown_by(page, 0, SECOND, FIRST)
    expect(dialog.get_by_role("alert")).to_contain_text("Two different officers are needed")
    shown_by(page, 0, FIRST, SECOND)
    shown_by(page, 1, SECOND, None)
    expect(page.locator("#kiosk")).to_have_attribute("data-state", "review")
    expect(page.locator("#why")).to_contain_text("Two officers")
    page.clock.resume()
    expect(page.locator("#queue")).to_have_text("1 to be told")
    line.mend()
    expect(page.locator("#queue")).to_be_empty()
    every = [each.event.details for each in live.service.store.events(0, 1000)]
    assert [each["why"] for each in every if each.get("officers") == "S-1 S-2"] == ["device_broken"]


def shown_by(page: Page, officer: int, act: str, then: str | None) -> None:
    """An officer looks at the camera and proves who they are; ``then``: what is asked next."""
    hold_still(page, officer)
    page.get_by_role("button", name=act).click()
    if then:
        expect(page.get_by_role("button", name=then)).to_be_enabled()
