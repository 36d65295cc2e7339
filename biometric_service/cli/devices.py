"""``biometric-service devices families|list|info|capture|watch|serve-sbi``; imports nothing of the engine."""

import asyncio
import json as notation
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from biometric_service.capture.devices import TIMEOUT_SECONDS, capture_one, device_info, png
from biometric_service.cli import registering
from biometric_service.cli.files import write_file
from biometric_service.cli.forwarding import forward_zkteco
from biometric_service.cli.offering import make_sbi_key, serve_sbi
from biometric_service.cli.printing import JsonOption, advise, plain, print_json, print_table
from biometric_service.vocabulary.samples import Modality
from device_drivers.discovery import SECONDS, changes, survey
from device_drivers.protocol import DeviceInfo
from device_drivers.registry import families

Url = Annotated[str, typer.Argument(help="The device: zfm:///dev/ttyUSB0, http+mjpeg://host/stream, folder:///path…")]

devices = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Capture devices: families, list, info, capture, watch, serve-sbi.",
)
devices.command("make-sbi-key")(make_sbi_key)
devices.command("serve-sbi")(serve_sbi)
devices.command("forward-zkteco")(forward_zkteco)
registering.register(devices)


@devices.command("families")
def list_families(*, json: JsonOption = False) -> None:
    """Print which kinds of devices there are drivers for, and how their URLs look."""
    found = families()
    if json:
        print_json({"families": found})
    else:
        rows = ((family.scheme, family.example, family.gives) for family in found)
        print_table("Families of devices", ("scheme", "example", "gives"), rows)


@devices.command("list")
def list_devices(
    *,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long a family may take to answer.")] = SECONDS,
    json: JsonOption = False,
) -> None:
    """Print which devices are there now, as far as their families can tell; takes about a second."""
    found = asyncio.run(survey(seconds))
    silent = [{"family": each.scheme, "why": str(each.fault)} for each in found.silent]
    if json:
        print_json({"devices": [_shown(info) for info in found.devices], "silent": silent})
        return
    rows = [(info.url, info.model, _captures(info), info.dpi or "") for info in found.devices]
    print_table("Devices", ("url", "model", "captures", "dpi"), rows)
    for each in silent:
        advise(f"{each['family']}: {each['why']}")


@devices.command("watch")
def watch_devices(
    url: Annotated[
        str, typer.Argument(help="A device whose pictures are to be watched; without it, all devices.")
    ] = "",
    *,
    modality: Annotated[Modality, typer.Option(help="What the device is to see.")] = Modality.FINGERPRINT,
    seconds: Annotated[float | None, typer.Option(min=0.1, help="How long; without it, until interrupted.")] = None,
    json: JsonOption = False,
) -> None:
    """Print what is there, and then each device that is plugged in or pulled out; with --json, an object a line.

    With a URL: show what the device sees, and what the person could do better.
    """
    if url:
        from biometric_service.cli.helping import watch_pictures  # noqa: PLC0415 (what judges takes a second to import)

        watch_pictures(url, modality, seconds, json=json)
        return
    with suppress(TimeoutError, KeyboardInterrupt):
        asyncio.run(_watch(seconds, json=json))


@devices.command("info")
def show_device(url: Url, *, json: JsonOption = False) -> None:
    """Print what the URL means, without opening the device."""
    shown = _shown(device_info(url))
    if json:
        print_json(shown)
    else:
        print_table("Device", ("", ""), shown.items())


@devices.command("capture")
def capture_to_file(  # noqa: PLR0913 - options of a command line
    url: Url,
    to: Annotated[Path, typer.Argument(help="The PNG file to write.")],
    *,
    modality: Annotated[Modality, typer.Option(help="What to capture.")] = Modality.FINGERPRINT,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long to wait for a picture.")] = TIMEOUT_SECONDS,
    good: Annotated[bool, typer.Option(help="Help the person, and wait for a picture that is good.")] = False,
    json: JsonOption = False,
) -> None:
    """Capture one picture and write it to a file; advice to the person goes to stderr.

    Without --good it is the first that comes, whatever it shows.
    """
    if good:
        from biometric_service.cli.helping import capture_good  # noqa: PLC0415 (what judges takes a second to import)

        shown = {"file": to, **capture_good(url, to, modality, seconds, json=json)}
    else:
        frame = capture_one(url, modality, advise, seconds)
        write_file(to, png(frame.pixels, frame.dpi))
        height, width = frame.pixels.shape[:2]
        shown = {"file": to, "width": width, "height": height, "dpi": frame.dpi, "sha256": frame.digest}
        shown |= {"captured_at": frame.captured_at, "device": frame.device.url}
    if json:
        print_json(shown)
    else:
        print_table("Captured", ("", ""), shown.items())


async def _watch(seconds: float | None, *, json: bool) -> None:
    async with asyncio.timeout(seconds):
        async for change in changes():
            said = {"happening": change.happening, **_shown(change.device)}
            as_text = f"{change.happening.value:10}{change.device.url}  {change.device.model}"
            typer.echo(notation.dumps(plain(said)) if json else as_text)


def _shown(info: DeviceInfo) -> dict[str, object]:
    return {
        "url": info.url,
        "family": info.family,
        "model": info.model,
        "serial": info.serial,
        "captures": _captures(info).split(),
        "dpi": info.dpi,
    }


def _captures(info: DeviceInfo) -> str:
    return " ".join(sorted(each.value for each in info.captures))
