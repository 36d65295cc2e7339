"""One browser for the tests of a file: Playwright keeps an event loop running in the thread until it is stopped."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from benchmarks.free_port import free_port
from tests.browser.cameras import CAMERA, FRAMES, Play, film
from tests.console import QUIET, SCREEN

PATIENCE_MS = 120_000
"""For each step on a machine that is busy with other things."""

Launch = Callable[..., Browser]
"""Starts Debian's Chromium with further flags."""


@pytest.fixture(scope="module")
def launch() -> Iterator[Launch]:
    program = shutil.which("chromium")
    assert program, "no chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE_MS)

        def launching(*flags: str) -> Browser:
            browser = playwright.chromium.launch(executable_path=program, args=[*QUIET, *flags], timeout=PATIENCE_MS)
            browser.on("context", lambda opened: opened.set_default_timeout(PATIENCE_MS))
            return browser

        yield launching


@pytest.fixture(scope="module")
def browser(launch: Launch) -> Iterator[Browser]:
    """Debian's Chromium."""
    browser = launch()
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def port() -> int:
    """Of the station's agent, which the service must know beforehand."""
    return free_port()


@pytest.fixture
def play(launch: Launch, tmp_path: Path) -> Iterator[Play]:
    """Opens a page in a browser of its own, whose camera plays photographs one after the other, for ever."""
    opened: list[Browser] = []

    def playing(*photographs: bytes | None, frames: int = FRAMES) -> Page:
        kept = tmp_path / f"camera-{len(opened)}.mjpeg"
        kept.write_bytes(film(photographs, frames))
        opened.append(launch(*CAMERA, f"--use-file-for-fake-video-capture={kept}"))
        return opened[-1].new_page(viewport=SCREEN, color_scheme="light", locale="en")

    yield playing
    for each in opened:
        each.close()
