"""An officer takes people in at the station: readers by the agent, and a camera that plays a real face; one journey."""

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import APIResponse, Browser, FilePayload, Page, Route, expect

from biometric_service.settings import Settings
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.references import SubjectId
from tests.browser.cameras import CAMERA, film, keep_covered
from tests.console import SCREEN, sign_in
from tests.intakes import ONE, fingers
from tests.live_service import LiveService, live_service
from tests.station_agent import Running, running
from tests.ten_prints import card, ten_fingers

pytestmark = [pytest.mark.browser, pytest.mark.models, pytest.mark.shared_data, pytest.mark.timeout(900)]

FRAMES = 45
"""Of each pose, at thirty a second."""
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[LiveService]:
    data = tmp_path_factory.mktemp("data")
    with live_service(Settings(data_dir=data, recognition_seconds=120, station_port=port)) as live:
        live.gallery("inmates")
        yield live


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    folder.mkdir()
    return folder


@pytest.fixture
def agent(tmp_path: Path, live: LiveService, scans: Path, port: int) -> Iterator[Running]:
    with running(tmp_path, f"folder://{scans}?dpi=500", origin=live.url, port=port) as agent:
        yield agent


@pytest.fixture(scope="module")
def browser(
    launch: Callable[..., Browser], tmp_path_factory: pytest.TempPathFactory, shared_data: Path
) -> Iterator[Browser]:
    kept = tmp_path_factory.mktemp("camera") / "person.mjpeg"
    poses = (ONE.frontal[0], ONE.left, ONE.right)
    kept.write_bytes(film((ONE.picture(shared_data, number) for number in poses), FRAMES))
    browser = launch(*CAMERA, f"--use-file-for-fake-video-capture={kept}")
    yield browser
    browser.close()


@contextmanager
def at_the_desk(browser: Browser, live: LiveService, key: str | None = None) -> Iterator[Page]:
    """A page of an officer that may ask the agent of this machine, and nobody else."""
    context = browser.new_context(viewport=SCREEN, locale="en", permissions=["camera"])
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda fault: faults.append(str(fault)))
    station = f"http://127.0.0.1:{live.service.settings.station_port}"
    page.on("request", lambda asked: faults.extend(_foreign((live.url, station), asked.url)))
    sign_in(page, live, key)
    yield page
    context.close()
    assert faults == []


def begun(page: Page, live: LiveService, name: str, subject: str) -> str:
    page.goto(f"{live.url}/intakes")
    page.get_by_label("Name, as the person gives it").fill(name)
    page.get_by_label("Date of birth").fill("1990-02-03")
    page.get_by_label("Sex").select_option("Female")
    page.get_by_label("Number of the record").fill(subject)
    page.get_by_label("Legal basis").fill("Prisons Act, s. 12")
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    expect(page.locator("header.person")).to_contain_text("born 1990-02-03 · Female")
    expect(page.locator("#state")).to_have_text("Open")  # the page's script is there
    return page.url.rpartition("/")[2]


def look_at_the_camera(page: Page) -> None:
    page.get_by_role("tab", name="Face").click()
    page.get_by_role("button", name="Start the camera").click()


def test_somebody_is_taken_in_and_refused_when_they_come_back_under_another_name(
    browser: Browser, live: LiveService, agent: Running, scans: Path, shared_data: Path
) -> None:
    with at_the_desk(browser, live) as page:
        begun(page, live, "Ana Núñez", "P-1042")
        page.get_by_role("button", name="Look for readers").click()
        expect(page.get_by_label("Code on its terminal")).to_be_visible()  # the agent has offered a code of its own
        page.get_by_label("Code on its terminal").fill(agent.pairing.offer())
        page.get_by_role("button", name="Pair").click()
        expect(page.get_by_label("Device")).to_contain_text("watched folder")
        page.locator("#at-left_little").click()
        page.get_by_text("This finger cannot be captured").click()
        page.get_by_label("Why").select_option("amputated")
        page.get_by_label("Since").fill("2019-03-01")
        page.get_by_role("button", name="Note it").click()
        expect(page.locator("#at-left_little .told")).to_have_text("amputated")
        ten = ten_fingers(shared_data)
        (scans / "prisoner.an2").write_bytes(card({place: ten[place - 1] for place in range(1, 10)}))
        page.get_by_role("button", name="All that are missing").click()
        for finger in ("right_thumb", "right_index", "left_ring"):
            expect(page.locator(f"#at-{finger} .told")).to_have_text(re.compile(r"\d+"))
        expect(page.locator("#count-fingers")).to_have_text("✓")
        keep_covered(page, "intake-fingers")
        page.reload()  # a browser that crashed: nothing is lost
        expect(page.locator("#count-fingers")).to_have_text("✓")
        expect(page.get_by_text("9 captures are safe")).to_be_visible()
        look_at_the_camera(page)
        expect(page.locator(".viewfinder.live")).to_be_visible()
        expect(page.locator("#at-face_frontal .told")).to_contain_text("quality")
        keep_covered(page, "intake-face")
        expect(page.locator("#count-face")).to_have_text("✓")
        page.get_by_role("tab", name="Marks").click()
        page.get_by_label("Where on the body").fill("left forearm")
        page.get_by_label("What it looks like").fill("an anchor")
        page.get_by_label("Photograph").set_input_files(payload("tattoo.jpg", drawing()))
        page.get_by_role("button", name="Add").click()
        expect(page.locator("#marks li")).to_contain_text("left forearm")
        page.get_by_role("button", name="Next step").click()
        page.get_by_role("button", name="Search everyone").click()
        expect(page.get_by_role("heading", name="Nobody enrolled is this person")).to_be_visible()
        page.get_by_role("button", name="Make the record").click()
        expect(page.get_by_role("heading", name="The record is made")).to_be_visible()
        page.get_by_role("button", name="Make the card").click()
        with page.expect_download() as printed:
            page.get_by_role("link", name="Open the card").click()
        assert printed.value.path().read_bytes().startswith(b"%PDF")
    (encounter,) = live.service.walk.encounters.encounters(SubjectId("P-1042"))
    assert len(encounter.encounter.samples) == 12
    assert encounter.encounter.exceptions[0].since is not None
    refused(browser, live, shared_data)


def refused(browser: Browser, live: LiveService, shared_data: Path) -> None:
    """The same person again under another name, with other impressions of two fingers."""
    again = fingers(shared_data, impression=2)
    with at_the_desk(browser, live) as page:
        intake = begun(page, live, "Maria Lopez", "P-2107")
        for finger in ("right_index", "left_index"):
            page.locator(f"#at-{finger}").click()
            page.locator("#finger-file").set_input_files(payload("scan.png", again[finger]))
            expect(page.locator(f"#at-{finger} .told")).to_have_text(re.compile(r"\d+"))
        look_at_the_camera(page)
        expect(page.locator("#at-face_frontal .told")).to_contain_text("quality")
        page.get_by_role("tab", name="Search and finish").click()
        page.get_by_role("button", name="Search everyone").click()
        expect(page.get_by_role("heading", name="This person seems to be enrolled already")).to_be_visible()
        expect(page.get_by_role("heading", name="P-1042")).to_be_visible()
        expect(page.get_by_alt_text("Enrolled as P-1042")).to_be_visible()
        expect(page.get_by_role("button", name="Make the record")).to_be_disabled()
        keep_covered(page, "intake-refused")
        assert barriers(page) == []
        page.goto(f"{live.url}/intakes")
        expect(page.get_by_role("listitem").filter(has_text="Maria Lopez")).to_contain_text("Refused")
    last = [each.event for each in live.service.store.events(0, 500) if each.event.kind is EventKind.INTAKE_REFUSED]
    assert [each.details["intake"] for each in last] == [intake]
    assert live.service.walk.cases.cases(0, 10, closed=False)


def test_an_answer_that_comes_late_hides_nothing_that_was_captured_since(
    browser: Browser, live: LiveService, shared_data: Path
) -> None:
    given = fingers(shared_data)
    with at_the_desk(browser, live) as page:
        begun(page, live, "Ana Late", "P-3001")
        held: list[tuple[Route, APIResponse]] = []

        def captured(asked: Route) -> None:
            answer = asked.fetch(timeout=0)
            asked.fulfill(response=answer) if held else held.append((asked, answer))

        page.route("**/captures", captured)
        for finger in ("right_index", "left_index"):
            page.locator(f"#at-{finger}").click()
            page.locator("#finger-file").set_input_files(payload("scan.png", given[finger]))
        while not held:
            page.wait_for_timeout(100)
        page.wait_for_timeout(2000)  # for the other to overtake it, were it sent at once
        late, answer = held[0]
        late.fulfill(response=answer)
        for finger in ("right_index", "left_index"):
            expect(page.locator(f"#at-{finger} .told")).to_have_text(re.compile(r"\d+"))


def test_the_station_works_without_an_agent_and_has_no_barrier_in_either_theme(
    browser: Browser, live: LiveService
) -> None:
    officer = live.key(frozenset({Scope.ENCOUNTER_WRITE}))
    context = browser.new_context(viewport=SCREEN, color_scheme="dark", locale="es")
    page = context.new_page()
    sign_in_in_spanish(page, live, officer)
    page.goto(f"{live.url}/intakes")
    page.get_by_label("Nombre, como lo da la persona").fill("Luz")
    expect(page.get_by_label("Sexo").locator("option")).to_have_text(
        ["No se dice", "Masculino", "Femenino", "Sin especificar"]
    )
    page.get_by_label("Número del registro").fill("P-1")
    page.get_by_role("button", name="Empezar").click()
    with page.expect_event("requestfailed"):
        page.get_by_role("button", name="Buscar lectores").click()
    expect(page.get_by_text("No hay ningún lector de este equipo conectado.")).to_be_visible()
    found = []
    for step in ("Dedos", "Cara", "Marcas", "Buscar y terminar"):
        page.get_by_role("tab", name=step).click()
        found += barriers(page)
    page.get_by_role("tab", name="Dedos").click()
    page.locator("#at-right_index").click()
    page.locator("#finger-file").set_input_files(payload("blank.png", blank_scan()))
    expect(page.locator("#finger-hint")).to_contain_text("No se ve ninguna huella.")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Abandonar").click()
    expect(page.get_by_text("Nuevo ingreso")).to_be_visible()
    context.close()
    assert found == []


def sign_in_in_spanish(page: Page, live: LiveService, key: str) -> None:
    page.goto(f"{live.url}/#key={key}")
    page.locator("#key-name").wait_for()


def barriers(page: Page) -> list[str]:
    """What axe-core finds that hinders somebody seriously."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [
        f"{each['id']} ({each['impact']}): {each['nodes'][0]['html'][:200]}"
        for each in found
        if each["impact"] in {"serious", "critical"}
    ]


def payload(name: str, data: bytes) -> FilePayload:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": data}


def drawing() -> bytes:
    """Something drawn on skin."""
    pixels = np.full((240, 320, 3), (196, 158, 132), np.uint8)
    pixels[60:180, 156:164] = pixels[60:68, 120:200] = pixels[172:180, 120:200] = (52, 60, 84)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG")
    return file.getvalue()


def blank_scan() -> bytes:
    file = io.BytesIO()
    Image.new("L", (300, 400), 255).save(file, "PNG")
    return file.getvalue()


def _foreign(homes: tuple[str, ...], url: str) -> list[str]:
    return [] if url.startswith((*homes, "blob:", "data:")) else [url]
