"""What a terminal reports, a line an event."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, IntEnum
from zoneinfo import ZoneInfo

TIME = "%Y-%m-%d %H:%M:%S"


class Direction(IntEnum):
    """Which way somebody went, as the terminal was told or set to."""

    IN = 0
    OUT = 1
    BREAK_OUT = 2
    BREAK_IN = 3
    OVERTIME_IN = 4
    OVERTIME_OUT = 5
    UNKNOWN = 255


class Verification(Enum):
    """What the terminal went by, as its protocol numbers it."""

    PASSWORD = 0
    FINGERPRINT = 1
    CARD = 2
    FACE = 15
    PALM = 25
    OTHER = -1


@dataclass(frozen=True, slots=True)
class Attendance:
    """Somebody was recognised. ``pin``: whom the terminal takes it to be; ``id``: the same when it is sent again."""

    id: str
    terminal: str
    pin: str
    at: datetime
    direction: Direction
    verification: Verification


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line that is no event: kept, so that nothing is lost."""

    id: str
    terminal: str
    line: str


Event = Attendance | Unreadable


def read(terminal: str, body: str, zone: ZoneInfo) -> Iterator[Event]:
    """The events in the body of a post; ``zone``: that the terminal's clock is set to."""
    for line in filter(str.strip, body.splitlines()):
        number = hashlib.sha256(f"{terminal}\t{line}".encode()).hexdigest()
        try:
            yield _attendance(number, terminal, line.split("\t"), zone)
        except (ValueError, IndexError):
            yield Unreadable(number, terminal, line)


def _attendance(number: str, terminal: str, words: list[str], zone: ZoneInfo) -> Attendance:
    pin = words[0].strip()
    if not pin:
        raise ValueError("nobody is named")
    at = datetime.strptime(words[1], TIME).replace(tzinfo=zone)
    return Attendance(number, terminal, pin, at, _direction(int(words[2])), _verification(int(words[3])))


def _direction(number: int) -> Direction:
    return Direction(number) if number in set(Direction) else Direction.UNKNOWN


def _verification(number: int) -> Verification:
    return Verification(number) if number in {each.value for each in Verification} else Verification.OTHER
