"""The console for tests: signed in by HTTP alone, or in a browser that has to stay quiet and at home."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
from fastapi.routing import APIRoute
from playwright.sync_api import Browser, Page, ViewportSize

from biometric_service.console.pages import AREAS
from biometric_service.console.visits import visiting
from biometric_service.vocabulary.access import Scope
from tests.live_service import LiveService

SCREEN: ViewportSize = {"width": 1280, "height": 800}
SCRIPTS = "Promise.all(Array.from(document.querySelectorAll('script[type=module]'), (each) => import(each.src)))"
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@dataclass
class SignedIn:
    """A session without a browser; ``post`` sends what a form of a page would."""

    client: httpx.Client
    token: str = field(repr=False, default="")

    def get(self, path: str, **options: object) -> httpx.Response:
        return self.client.get(path, **options)  # type: ignore[arg-type]

    def post(self, path: str, **fields: object) -> httpx.Response:
        return self.client.post(path, data={"token": self.token, **fields})


def signed_in(live: LiveService, key: str | None = None) -> SignedIn:
    """A session of a key, of one that may do everything where none is given."""
    client = live.client()
    client.headers["Origin"] = live.url
    answer = client.post("/sign-in", data={"key": key or live.key()}, follow_redirects=True)
    assert answer.status_code == 200, answer.text
    found = re.search(r'<meta name="token" content="([^"]+)">', answer.text)
    assert found, answer.text
    return SignedIn(client, found[1])


def sign_in(page: Page, live: LiveService, key: str | None = None) -> None:
    """By the link that the service prints."""
    page.goto(f"{live.url}/#key={key or live.key()}")
    page.get_by_role("button", name="Sign out").wait_for()
    until_scripts_ran(page)


def until_scripts_ran(page: Page) -> None:
    """Wait until each script of the page has done all that it does at first: from then on it listens to everybody."""
    page.evaluate(f"async () => void (await {SCRIPTS})")


def go_to(page: Page, letter: str) -> None:
    """To a page by its letter, which counts for a moment after the g: at this page no time goes by between them."""
    page.clock.set_fixed_time(datetime.now(UTC))
    page.keyboard.press("g")
    page.keyboard.press(letter)


@contextmanager
def quiet_page(browser: Browser, live: LiveService, theme: str = "light", language: str = "en") -> Iterator[Page]:
    """A page of 1280 by 800 that may neither log anything nor ask another host."""
    context = browser.new_context(viewport=SCREEN, color_scheme=theme, locale=language)  # type: ignore[arg-type]
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda fault: said.append(str(fault)))
    page.on("request", lambda asked: said.extend(_foreign(live.url, asked.url)))
    yield page
    context.close()
    assert said == []


def picture_file(name: str) -> Path | None:
    """Where a picture for the documentation goes, if a folder for it is named: BIOMETRIC_PICTURES=docs/pictures."""
    folder = os.environ.get("BIOMETRIC_PICTURES")
    return Path(folder) / f"{name}.png" if folder else None


def keep_picture(page: Page, name: str) -> None:
    """Keep a picture of a page that has settled, for the documentation."""
    if file := picture_file(name):
        page.wait_for_load_state("networkidle")
        page.screenshot(path=file)


def console_routes() -> Iterator[tuple[str, APIRoute]]:
    """Every route of the console's pages, with its path."""
    for area in AREAS:
        yield from ((route.path_format, route) for route in area.router.routes if isinstance(route, APIRoute))


def scope_of(route: APIRoute) -> Scope | None:
    """What a caller must be allowed to open the page; None for anybody who is signed in."""
    gates = [each.call for each in route.dependant.dependencies if isinstance(each.call, visiting)]
    assert gates, f"{route.path} passes no gate"
    return gates[0].scope


def _foreign(home: str, url: str) -> list[str]:
    """The address, unless it is the service's own or no address at all."""
    return [] if url.startswith((home, "blob:", "data:")) else [url]
