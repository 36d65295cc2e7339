"""``biometric-service devices families|info|capture``."""

from pathlib import Path
from typing import Annotated

import typer

from biometric_service.capture.devices import TIMEOUT_SECONDS, capture_one, device_info, png
from biometric_service.cli.capturing import advise
from biometric_service.cli.files import write_file
from biometric_service.cli.printing import JsonOption, print_json, print_table
from biometric_service.vocabulary.samples import Modality
from device_drivers.registry import families

Url = Annotated[str, typer.Argument(help="The device: zfm:///dev/ttyUSB0, http+mjpeg://host/stream, folder:///path…")]

devices = typer.Typer(no_args_is_help=True, help="Capture devices: families, info, capture.")


@devices.command("families")
def list_families(*, json: JsonOption = False) -> None:
    """Print which kinds of devices there are drivers for, and how their URLs look."""
    found = families()
    if json:
        print_json({"families": found})
    else:
        rows = ((family.scheme, family.example, family.gives) for family in found)
        print_table("Families of devices", ("scheme", "example", "gives"), rows)


@devices.command("info")
def show_device(url: Url, *, json: JsonOption = False) -> None:
    """Print what the URL means, without opening the device."""
    info = device_info(url)
    shown = {
        "url": info.url,
        "family": info.family,
        "model": info.model,
        "serial": info.serial,
        "captures": sorted(each.value for each in info.captures),
        "dpi": info.dpi,
    }
    if json:
        print_json(shown)
    else:
        print_table("Device", ("", ""), shown.items())


@devices.command("capture")
def capture_to_file(
    url: Url,
    to: Annotated[Path, typer.Argument(help="The PNG file to write.")],
    *,
    modality: Annotated[Modality, typer.Option(help="What to capture.")] = Modality.FINGERPRINT,
    seconds: Annotated[float, typer.Option(min=0.1, help="How long to wait for a picture.")] = TIMEOUT_SECONDS,
    json: JsonOption = False,
) -> None:
    """Capture one picture, without quality control, and write it to a file; advice to the person goes to stderr."""
    frame = capture_one(url, modality, advise, seconds)
    write_file(to, png(frame))
    height, width = frame.pixels.shape[:2]
    shown = {"file": to, "width": width, "height": height, "dpi": frame.dpi, "sha256": frame.digest}
    shown |= {"captured_at": frame.captured_at, "device": frame.device.url}
    if json:
        print_json(shown)
    else:
        print_table("Captured", ("", ""), shown.items())
