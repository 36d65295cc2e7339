"""``python -m device_drivers.zkteco --serial SN…``: every event as a line of JSON on standard output."""

import argparse
import asyncio
import dataclasses
import json
import sys
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from device_drivers.zkteco.events import Attendance, Event
from device_drivers.zkteco.receiver import Terminals, receiving


def main() -> None:
    """Receive until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m device_drivers.zkteco", description=__doc__)
    parser.add_argument("--serial", action="append", required=True, help="A terminal that may push; may be repeated.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8081)
    parser.add_argument("--zone", type=ZoneInfo, default=ZoneInfo("UTC"), help="That the terminals' clocks are set to.")
    given = parser.parse_args()
    asyncio.run(_receive(given.host, given.port, Terminals(frozenset(given.serial), given.zone)))


async def _receive(host: str, port: int, terminals: Terminals) -> None:
    async with receiving(host, port, terminals, _print):
        await asyncio.Event().wait()


async def _print(events: Sequence[Event]) -> None:
    for event in events:
        said = dataclasses.asdict(event)
        if isinstance(event, Attendance):
            said |= {"at": event.at.isoformat(), "direction": event.direction.name.lower()}
            said |= {"verification": event.verification.name.lower()}
        sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
