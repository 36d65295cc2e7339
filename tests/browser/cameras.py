"""What Chromium's fake camera plays, and pictures of pages for the docs on which nobody can be recognised."""

from collections.abc import Callable, Iterable
from io import BytesIO

from PIL import Image, ImageDraw
from playwright.sync_api import FloatRect, Page

from tests.console import picture_file

CAMERA = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")
FRAMES = 12
WIDTH, HEIGHT = 640, 480
FACES = ("#video", "#picture", "#officers-view", ".pose img", ".likes img", ".capture video", "details img")
PRINTS = ("#finger-view",)
"""Where pages show faces and prints, which in tests are of real people."""
FLAT = """(selector) => {
    for (const each of document.querySelectorAll(selector)) each.style.filter = "brightness(0) invert(0.8)";
}"""
WALL, STEP = 96, 40
"""How bright it is behind the first person of a film, and how much more behind each that follows."""
HOLD = """([wall, tolerance]) => {
    const video = document.getElementById("video");
    const seen = () => {
        const context = new OffscreenCanvas(64, 48).getContext("2d");
        context.drawImage(video, 0, 0, 64, 48);
        return Math.abs(context.getImageData(2, 24, 1, 1).data[1] - wall) < tolerance;
    };
    if (seen()) video.pause();
    if (video.paused && !seen()) video.play().catch(() => null);
    return video.paused;
}"""
GROUND, FIGURE = (203, 207, 214), (142, 149, 161)

Play = Callable[..., Page]
"""Opens a page in a browser of its own, whose camera plays photographs one after the other, for ever."""


def film(photographs: Iterable[bytes | None], frames: int = FRAMES) -> bytes:
    """So many frames of each photograph as a camera sees it; None: nobody is there."""
    return b"".join(_frame(each, WALL + STEP * number) * frames for number, each in enumerate(photographs))


def hold_still(page: Page, number: int) -> None:
    """Wait until the camera has come to that photograph of its film, and stop the film there."""
    page.wait_for_function(HOLD, arg=[WALL + STEP * number, STEP / 2])


def _frame(photograph: bytes | None, wall: int) -> bytes:
    """A photograph as a frame of 640 by 480, before a wall so bright."""
    seen = Image.new("RGB", (WIDTH, HEIGHT), (wall, wall, wall))
    if photograph is not None:
        with Image.open(BytesIO(photograph)) as image:
            square = image.convert("RGB").resize((HEIGHT, HEIGHT), Image.Resampling.LANCZOS)
        seen.paste(square, ((WIDTH - HEIGHT) // 2, 0))
    written = BytesIO()
    seen.save(written, "JPEG", quality=95)
    return written.getvalue()


def keep_covered(page: Page, name: str) -> None:
    """Keep a picture of the page for the docs: of each face and print its box alone is left."""
    kept = picture_file(name)
    if kept is None:
        return
    page.evaluate("scrollTo(0, 0)")
    page.evaluate(FLAT, ", ".join((*FACES, *PRINTS)))
    with Image.open(BytesIO(page.screenshot())) as shot:
        picture = shot.convert("RGB")
    before = "dialog[open] " if page.locator("dialog[open]").count() else ""
    for shown, silhouette in ((FACES, _person), (PRINTS, _fingertip)):
        for each in page.locator(", ".join(before + selector for selector in shown)).all():
            box = each.bounding_box() if each.is_visible() else None
            if box:
                _cover(picture, box, silhouette)
    picture.quantize(200).save(kept, optimize=True)


def _cover(picture: Image.Image, box: FloatRect, silhouette: Callable[[ImageDraw.ImageDraw, int, int], None]) -> None:
    """A silhouette on a flat ground."""
    width, height = round(box["width"]), round(box["height"])
    cover = Image.new("RGB", (width, height), GROUND)
    silhouette(ImageDraw.Draw(cover), width, height)
    picture.paste(cover, (round(box["x"]), round(box["y"])))


def _person(draw: ImageDraw.ImageDraw, width: int, height: int) -> None:
    middle, unit = width // 2, min(width, height) / 100
    draw.ellipse([middle - 17 * unit, height - 82 * unit, middle + 17 * unit, height - 40 * unit], FIGURE)
    draw.ellipse([middle - 36 * unit, height - 32 * unit, middle + 36 * unit, height + 40 * unit], FIGURE)


def _fingertip(draw: ImageDraw.ImageDraw, width: int, height: int) -> None:
    draw.ellipse([0.22 * width, 0.1 * height, 0.78 * width, 0.9 * height], FIGURE)
