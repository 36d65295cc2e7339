"""People at the screen of a post, as a test plays them."""

from playwright.sync_api import FilePayload, Page, expect

from tests.checkpoints import POST
from tests.console import sign_in
from tests.live_service import LiveService


def at_the_kiosk(page: Page, live: LiveService, key: str | None = None, post: str = POST.id) -> None:
    sign_in(page, live, key)
    page.goto(f"{live.url}/kiosk")
    page.get_by_label("Post").select_option(post)
    page.get_by_role("button", name="Begin").click()
    expect(page.locator("#prompt")).to_be_empty()


def check_now(page: Page, passage: str) -> None:
    page.get_by_role("button", name="Check now").click()
    expect(page.locator("#kiosk")).to_have_attribute("data-state", passage)


def give_finger(page: Page, image: bytes) -> None:
    """While nothing is about to vanish from the screen: what moves under a click takes it away."""
    page.get_by_role("button", name="Finger").click()
    expect(page.get_by_role("dialog", name="A finger")).to_be_visible()
    page.get_by_label("Or a file with a picture of the finger").set_input_files(scan(image))


def scan(image: bytes) -> FilePayload:
    """A picture as a file that somebody chooses."""
    return {"name": "scan.png", "mimeType": "image/png", "buffer": image}
