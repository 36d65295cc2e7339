"""A capture session on a terminal: what is seen, what is to be done, and how far it has got."""

import json as notation
import sys
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Protocol, Self

import cv2
import numpy as np
from numpy.typing import NDArray
from rich.console import Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from biometric_service.capture.session.events import Advised, Asked, CaptureEvent, Ended, Opened, Presence, Seen, Taken
from biometric_service.cli.printing import advise, err
from biometric_service.vocabulary.samples import FingerPosition

COLUMNS, ROWS = 48, 24
"""Size of the preview in characters; each shows two pixels, one above the other."""
UPPER_HALF = "▀"


class Showing(Protocol):
    """Shows the events of one session."""

    last_advice: str

    def __enter__(self) -> Self:
        """Begin to show."""

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        """End it."""

    def event(self, event: CaptureEvent) -> None:
        """Show what happened."""


class Lines:
    """One line on stderr for each advice; with ``json``, one object a line for each event but the live pictures."""

    def __init__(self, *, json: bool) -> None:
        self.last_advice = ""
        self._json = json

    def __enter__(self) -> Self:
        """Nothing is to be begun."""
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        """Nothing is to be ended."""

    def event(self, event: CaptureEvent) -> None:
        """Print it."""
        if isinstance(event, Advised):
            self.last_advice = event.advice
        if self._json and not isinstance(event, Seen):
            advise(notation.dumps(event.told()))
        elif isinstance(event, Asked):
            advise(f"Now: {_listed(event.fingers)}.")
        elif isinstance(event, Advised):
            advise(event.advice)


class LivePanel:
    """A panel that is drawn anew at each event: the picture, the fingers, and what the person should do."""

    def __init__(self) -> None:
        self.last_advice = ""
        self._live = Live(console=err, refresh_per_second=12, transient=True)
        self._preview: RenderableType = Text("")
        self._fingers: dict[FingerPosition, str] = {}
        self._device, self._state, self._advice = "", "", ""

    def __enter__(self) -> Self:
        """Begin to draw."""
        self._live.start()
        return self

    def __exit__(self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None) -> None:
        """Leave the terminal as it was."""
        self._live.stop()

    def event(self, event: CaptureEvent) -> None:
        """Draw what it changed."""
        self._note(event)
        self._live.update(self._drawn())

    def _note(self, event: CaptureEvent) -> None:
        match event:
            case Opened(device, wanted):
                self._device, self._fingers = device, dict.fromkeys(wanted, "")
            case Asked(fingers):
                self._advice = f"Put down: {_listed(fingers)}."
            case Seen(frame, _):
                self._preview = preview(frame.pixels)
            case Presence(there):
                self._state = "seen" if there else "nothing there"
            case Advised(_, advice, _):
                self.last_advice = self._advice = advice
            case Taken(sample, score, _):
                self._advice = "Taken."
                self._fingers[sample.position] = f"{score:.0f}"
            case Ended(_, _, why):
                self._advice = why

    def _drawn(self) -> RenderableType:
        return Panel(Group(self._preview, _table(self._fingers), Text(self._advice, "bold")), title=self._title())

    def _title(self) -> str:
        return f"{self._device} {self._state}".strip()


def showing(*, json: bool) -> Showing:
    """A panel on a terminal, else lines."""
    return LivePanel() if sys.stderr.isatty() and not json else Lines(json=json)


def preview(pixels: NDArray[np.uint8]) -> Text:
    """The picture in half blocks, as wide and high as they allow."""
    grey = pixels if pixels.ndim == 2 else cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY)  # noqa: PLR2004 (grey, or BGR)
    scale = min(COLUMNS / grey.shape[1], 2 * ROWS / grey.shape[0])
    width, height = (max(1, round(side * scale)) for side in reversed(grey.shape))
    small = cv2.resize(grey, (width, height + height % 2), interpolation=cv2.INTER_AREA)
    text = Text()
    for upper, lower in zip(small[::2], small[1::2], strict=True):
        for one, two in zip(upper, lower, strict=True):
            text.append(UPPER_HALF, f"rgb({one},{one},{one}) on rgb({two},{two},{two})")
        text.append("\n")
    return text


def _table(fingers: Mapping[FingerPosition, str]) -> Table:
    table = Table("finger", "quality")
    for position, quality in fingers.items():
        table.add_row(_name(position), quality or "…")
    return table


def _name(position: FingerPosition) -> str:
    return position.name.lower().replace("_", " ")


def _listed(fingers: Sequence[FingerPosition]) -> str:
    return ", ".join(map(_name, fingers))
