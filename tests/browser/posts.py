"""People at the screen of a post, as a test plays them."""

from pathlib import Path

from playwright.sync_api import FilePayload, Page, expect

from tests.checkpoints import POST
from tests.console import sign_in
from tests.live_service import LiveService

HOUR_S = 3600
"""The clock can be held at a time to come alone."""


def hold_time(page: Page) -> None:
    """Let no more time go by at the page, so that what it shows for seconds stays to be looked at; ``resume`` it."""
    page.clock.install()
    page.clock.pause_at(page.evaluate("Date.now()") / 1000 + HOUR_S)


def at_the_kiosk(page: Page, live: LiveService, key: str | None = None, post: str = POST.id) -> None:
    """Before a screen on which no time goes by."""
    sign_in(page, live, key)
    begin(page, live, post)


def begin(page: Page, live: LiveService, post: str = POST.id) -> None:
    hold_time(page)
    page.goto(f"{live.url}/kiosk")
    page.get_by_label("Post").select_option(post)
    page.get_by_role("button", name="Begin").click()
    expect(page.locator("#prompt")).to_be_empty()


def check_now(page: Page, passage: str) -> None:
    page.get_by_role("button", name="Check now").click()
    expect(page.locator("#kiosk")).to_have_attribute("data-state", passage)


def give_finger(page: Page, image: bytes) -> None:
    page.get_by_role("button", name="Finger").click()
    expect(page.get_by_role("dialog", name="A finger")).to_be_visible()
    page.get_by_label("Or a file with a picture of the finger").set_input_files(scan(image))


def put(folder: Path, image: bytes) -> None:
    """Into the folder that a reader watches: whole at once, as names with a dot before them are passed over."""
    written = folder / ".finger.png"
    written.write_bytes(image)
    written.rename(folder / "finger.png")


def scan(image: bytes) -> FilePayload:
    """A picture as a file that somebody chooses."""
    return {"name": "scan.png", "mimeType": "image/png", "buffer": image}
