"""Which devices are there, and which come and go."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum

from device_drivers.errors import DeviceError, Reason
from device_drivers.protocol import DeviceInfo
from device_drivers.registry import Discoverer, Family, families

SECONDS = 1.2
PERIOD_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Silence:
    """A family that could not be asked: a library is missing, or it took too long."""

    scheme: str
    fault: DeviceError


@dataclass(frozen=True, slots=True)
class Survey:
    """``devices`` by URL; what ``silent`` families have is unknown."""

    devices: tuple[DeviceInfo, ...]
    silent: tuple[Silence, ...]


class Happening(StrEnum):
    """What became of a device."""

    PLUGGED = "plugged"
    UNPLUGGED = "unplugged"


@dataclass(frozen=True, slots=True)
class Change:
    """A device that came or went."""

    happening: Happening
    device: DeviceInfo


async def survey(seconds: float = SECONDS) -> Survey:
    """Every device that its family can find, all families at once, none for longer than this."""
    asked = [(family, _discoverer(family)) for family in families() if family.finder]  # no import takes from the time
    answers = await asyncio.gather(*(_asked(family, discover, seconds) for family, discover in asked))
    found = (each for answer in answers if not isinstance(answer, Silence) for each in answer)
    silent = (answer for answer in answers if isinstance(answer, Silence))
    return Survey(tuple(sorted(found, key=lambda info: info.url)), tuple(silent))


async def changes(period: float = PERIOD_SECONDS) -> AsyncIterator[Change]:
    """What comes and goes, for ever: first everything that is there; a family that falls silent keeps what it had."""
    known: dict[str, DeviceInfo] = {}
    while True:
        seen = await survey()
        there = {info.url: info for info in seen.devices}
        silent = {silence.scheme for silence in seen.silent}
        kept = {url: info for url, info in known.items() if url.partition(":")[0] in silent}
        for url in sorted(known.keys() - there.keys() - kept.keys()):
            yield Change(Happening.UNPLUGGED, known[url])
        for url in sorted(there.keys() - known.keys()):
            yield Change(Happening.PLUGGED, there[url])
        known = kept | there
        await asyncio.sleep(period)


def _discoverer(family: Family) -> Discoverer | DeviceError:
    try:
        return family.discoverer()
    except DeviceError as missing:
        return missing


async def _asked(family: Family, discover: Discoverer | DeviceError, seconds: float) -> list[DeviceInfo] | Silence:
    if isinstance(discover, DeviceError):
        return Silence(family.scheme, discover)
    try:
        async with asyncio.timeout(seconds):
            return await discover()
    except TimeoutError:
        late = DeviceError(Reason.TIMEOUT, f"{family.scheme} did not answer within {seconds:g} s: ask again.")
        return Silence(family.scheme, late)
    except DeviceError as fault:
        return Silence(family.scheme, fault)
