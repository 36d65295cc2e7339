"""``biometric-service station``: devices of this machine for the console's page in this machine's browser."""

import asyncio
import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from biometric_service.cli.registering import device_faults
from biometric_service.errors import BiometricServiceError, ErrorCode

HOST, PORT = "127.0.0.1", 4680
STATE = Path("~/.local/state/biometric-service/station.pairing")


def station(  # noqa: PLR0913 - the options of the command
    urls: Annotated[
        list[str] | None, typer.Argument(help="Devices beside those that are found by themselves: folder:///srv/scans.")
    ] = None,
    *,
    origin: Annotated[
        list[str], typer.Option(help="The service's address, exactly as the browser shows it: https://enrol.example.")
    ],
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where it listens, on this machine alone.")] = PORT,
    pairing: Annotated[Path, typer.Option(help="Where it is kept which page is paired.")] = STATE,
    only: Annotated[
        bool, typer.Option("--only", help="Serve the named devices alone, and look for no others.")
    ] = False,
    sign_as: Annotated[str, typer.Option(help="Sign what is captured as this registered device.")] = "",
    frame_key: Annotated[Path | None, typer.Option(help="The key of that device, PEM.")] = None,
) -> None:
    """Serve the devices of this machine to the service's own page, until interrupted."""
    if bool(sign_as) != (frame_key is not None):
        raise _invalid("A device and its key go together.", "Give both --sign-as and --frame-key.")
    asked = _Asked(urls or [], frozenset(map(_origin, origin)), port, pairing.expanduser(), only=only)
    key = (sign_as, frame_key) if frame_key else None
    with device_faults("The station cannot be served"), contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(asked, key))


@dataclass(frozen=True, slots=True)
class _Asked:
    urls: list[str]
    origins: frozenset[str]
    port: int
    file: Path
    only: bool


async def _serve(asked: _Asked, key: tuple[str, Path] | None) -> None:
    from biometric_service.capture.station.agent import StationAgent, StationParts, none_found  # noqa: PLC0415 (others need not wait)
    from biometric_service.capture.station.gate import Gate  # noqa: PLC0415
    from biometric_service.capture.station.pairing import Pairing  # noqa: PLC0415
    from biometric_service.cli.helping import quality_judge  # noqa: PLC0415
    from device_drivers.discovery import survey  # noqa: PLC0415
    from device_drivers.listening import listening  # noqa: PLC0415
    from device_drivers.signing.signer import open_signer  # noqa: PLC0415

    signer, find = open_signer(*key) if key else None, none_found if asked.only else survey
    parts = StationParts(asked.urls, Pairing(asked.file), quality_judge, signer, find, _show)
    agent = StationAgent(parts, Gate(asked.origins, asked.port))
    async with listening(HOST, asked.port, agent.answer) as port:
        agent.gate = Gate(asked.origins, port)
        typer.echo(f"The station listens on http://{HOST}:{port}/ for {', '.join(sorted(asked.origins))}.")
        await asyncio.Event().wait()


def _show(code: str) -> None:
    typer.echo(f"A page asks to be paired. Its code, good once and for ten minutes: {code}")


def _origin(said: str) -> str:
    """REQUEST_INVALID for what is no origin: scheme, name and port, and nothing after them."""
    parts = urlsplit(said)
    if parts.scheme not in {"http", "https"} or not parts.hostname or said != f"{parts.scheme}://{parts.netloc}":
        raise _invalid(
            f"{said!r} is no origin.", "Give it as https://name or https://name:port, with nothing after it."
        )
    return said


def _invalid(message: str, action: str) -> BiometricServiceError:
    return BiometricServiceError(ErrorCode.REQUEST_INVALID, message, action)
