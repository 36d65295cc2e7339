"""``biometric-service devices forward-zkteco``: what ZKTeco terminals push becomes events of the audit log."""

import asyncio
import dataclasses
import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from biometric_service.cli.printing import advise
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.decisions import Movement
from device_drivers.errors import DeviceError
from device_drivers.zkteco.events import Attendance, Direction, Event

if TYPE_CHECKING:  # the other commands need not wait for what this one alone needs
    from biometric_service.api.operations.answers import ReportAnswer
    from biometric_service.client import Request
    from biometric_service.client.outbox import Outbox, Waiting

WAYS: Mapping[Direction, Movement] = {
    Direction.IN: Movement.IN,
    Direction.BREAK_IN: Movement.IN,
    Direction.OVERTIME_IN: Movement.IN,
    Direction.OUT: Movement.OUT,
    Direction.BREAK_OUT: Movement.OUT,
    Direction.OVERTIME_OUT: Movement.OUT,
}


@dataclasses.dataclass(frozen=True, slots=True)
class Route:
    """What a report says besides what the terminal does. ``claimed``: a subject's id with ``{}`` for the person."""

    checkpoints: Mapping[str, str]
    gallery: str
    purpose: str
    claimed: str

    def request(self, waiting: "Waiting") -> "Request[ReportAnswer]":
        """The report as the service takes it."""
        from biometric_service.client import movement_report  # noqa: PLC0415 (as above)

        said = json.loads(waiting.content)
        return movement_report(
            waiting.id,
            gallery=self.gallery,
            checkpoint=self.checkpoints.get(said["terminal"], said["terminal"]),
            terminal=said["terminal"],
            person=said["person"],
            seen_at=datetime.fromisoformat(said["seen_at"]),
            claimed=self.claimed.replace("{}", said["person"]) or None,
            direction=Movement(said["direction"]) if said["direction"] else None,
            method=said["method"],
            purpose=self.purpose,
        )


def forward_zkteco(  # noqa: PLR0913 - the options of the command
    *,
    service: Annotated[str, typer.Option(help="Address of the service: https://biometrics.example.")],
    key_file: Annotated[Path, typer.Option(help="File with an API key that has the scope abis.movement.")],
    outbox: Annotated[Path, typer.Option(help="File that keeps what the service has not noted yet.")],
    terminal: Annotated[list[str], typer.Option(help="SERIAL=CHECKPOINT of a terminal that may push; repeat it.")],
    gallery: Annotated[str, typer.Option("--gallery", "-g", help="Who may be at these checkpoints.")],
    claimed: Annotated[str, typer.Option(help="Subject's id, {} for the terminal's number of the person.")] = "",
    purpose: Annotated[str, typer.Option(help="Kept in the audit log.")] = "movement",
    authorities: Annotated[Path | None, typer.Option(help="PEM of who vouches for the service.")] = None,
    host: Annotated[str, typer.Option(help="Where the terminals push to.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Where the terminals push to.")] = 8081,
    zone: Annotated[str, typer.Option(help="Time zone that the terminals' clocks are set to.")] = "UTC",
) -> None:
    """Note in the service's audit log what ZKTeco terminals push, once each, however long the service is away."""
    from biometric_service.client import AsyncClient, Connection  # noqa: PLC0415 (as above)
    from biometric_service.client.forwarding import forward  # noqa: PLC0415
    from biometric_service.client.outbox import Outbox  # noqa: PLC0415
    from device_drivers.zkteco.receiver import Terminals, receiving  # noqa: PLC0415

    clock = _zone(zone)
    route = Route(_checkpoints(terminal), gallery, purpose, claimed)
    try:
        kept, secret = Outbox(outbox), key_file.read_text(encoding="utf-8").strip()
    except (OSError, sqlite3.Error) as fault:
        what = f"The outbox or the key cannot be opened ({fault})."
        raise BiometricServiceError(ErrorCode.SETTINGS_INVALID, what, "Name files that this user may use.") from None

    async def keep(events: Sequence[Event]) -> None:
        await asyncio.to_thread(_keep, kept, events)

    async def run() -> None:
        terminals = Terminals(frozenset(route.checkpoints), clock)
        async with (
            AsyncClient(service, secret, Connection(authorities=authorities)) as client,
            receiving(host, port, terminals, keep) as taken,
        ):
            advise(f"listening on {host}:{taken}")
            await forward(kept, client, route.request, advise)

    try:
        asyncio.run(run())
    except DeviceError as fault:
        raise BiometricServiceError(ErrorCode.DEVICE_FAILED, "Nothing can be received.", fault.message) from None


def _checkpoints(terminals: Sequence[str]) -> Mapping[str, str]:
    split = dict(each.partition("=")[::2] for each in terminals)
    if not all(serial and checkpoint for serial, checkpoint in split.items()):
        raise typer.BadParameter("Say for each terminal SERIAL=CHECKPOINT.")
    return split


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise typer.BadParameter(f"{name} is no time zone; take one such as Europe/Madrid.") from None


def _keep(outbox: "Outbox", events: Sequence[Event]) -> None:
    """On disk before the terminal is told that it need not send them again."""
    from biometric_service.client.outbox import Waiting  # noqa: PLC0415 (as above)

    outbox.put([Waiting(each.id, _content(each)) for each in events])
    for each in events:
        if not isinstance(each, Attendance):
            outbox.refused(each.id, "This line of the terminal's is no event that is known here.")
            advise(f"{each.terminal} sent a line that is no event; it is kept in the outbox.")


def _content(event: Event) -> str:
    if not isinstance(event, Attendance):
        return json.dumps({"terminal": event.terminal, "line": event.line})
    way = WAYS.get(event.direction)
    said = {
        "terminal": event.terminal,
        "person": event.pin,
        "seen_at": event.at.isoformat(),
        "direction": way.value if way else "",
        "method": event.verification.name.lower(),
    }
    return json.dumps(said)
