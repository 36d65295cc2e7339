"""``biometric-service images convert``."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from biometric_service.capture.images import ImageLimits, decode
from biometric_service.capture.writing import ImageFormat, write
from biometric_service.cli.files import read_file, write_file
from biometric_service.cli.options import DpiOption
from biometric_service.cli.printing import JsonOption, print_json, print_table
from biometric_service.settings import load_settings
from biometric_service.vocabulary.samples import CaptureSource, FingerPosition, Modality

images = typer.Typer(no_args_is_help=True, help="Fingerprint images: convert.")


@images.callback()
def _group() -> None:
    """So that there is a group even for one command."""


@images.command("convert")
def convert(
    source: Annotated[Path, typer.Argument(help="PNG, JPEG, JPEG 2000, TIFF, BMP, WebP or WSQ.")],
    to: Annotated[Path, typer.Argument(help="What to write; .wsq, .jp2 or .png says as what.")],
    *,
    dpi: DpiOption = None,
    bit_rate: Annotated[
        float | None, typer.Option(help="Bits a pixel: of WSQ 0.75 unless said otherwise, of JPEG 2000 without loss.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Write a fingerprint as another kind of file, upright, 8-bit grey, dark ridges, with its resolution."""
    form = _format(to)
    settings = load_settings()
    limits = ImageLimits(settings.max_image_bytes, settings.max_image_pixels)
    taken_from = CaptureSource(source.name, datetime.now(UTC))
    data = read_file(source)
    sample = decode(data, Modality.FINGERPRINT, FingerPosition.UNKNOWN, dpi, taken_from, limits)
    assert sample.dpi is not None
    written = write(sample.pixels, sample.dpi, form, bit_rate)
    write_file(to, written)
    height, width = sample.pixels.shape
    shown = {"file": to, "width": width, "height": height, "dpi": sample.dpi, "bytes": len(written)}
    shown["bits_a_pixel"] = round(8 * len(written) / sample.pixels.size, 3)
    if json:
        print_json(shown)
    else:
        print_table("Written", ("", ""), shown.items())


def _format(to: Path) -> ImageFormat:
    try:
        return ImageFormat(to.suffix[1:].lower())
    except ValueError:
        kinds = ", ".join(f".{each.value}" for each in ImageFormat)
        raise typer.BadParameter(f"{to.name} does not end in one of {kinds}") from None
