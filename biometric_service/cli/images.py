"""``biometric-service images convert``."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from biometric_service.capture.face_records import FaceRecord, write_face
from biometric_service.capture.images import ImageLimits, decode
from biometric_service.capture.writing import ImageFormat, write
from biometric_service.cli.files import read_file, write_file
from biometric_service.cli.options import DpiOption
from biometric_service.cli.printing import JsonOption, print_json, print_table
from biometric_service.settings import load_settings
from biometric_service.vocabulary.samples import BiometricSample, CaptureSource, FingerPosition, Modality

images = typer.Typer(no_args_is_help=True, help="Images: convert.")


@images.callback()
def _group() -> None:
    """So that there is a group even for one command."""


@images.command("convert")
def convert(  # noqa: PLR0913 (each is an option)
    source: Annotated[
        Path, typer.Argument(help="PNG, JPEG, JPEG 2000, TIFF, BMP, WebP or WSQ; a face also .fac or .an2.")
    ],
    to: Annotated[
        Path, typer.Argument(help="What to write, by its end: .wsq, .jp2 or .png a fingerprint, .fac or .an2 a face.")
    ],
    *,
    dpi: DpiOption = None,
    bit_rate: Annotated[
        float | None, typer.Option(help="Bits a pixel: of WSQ 0.75 unless said otherwise, of JPEG 2000 without loss.")
    ] = None,
    agency: Annotated[str, typer.Option(help="Who sends it, as a transaction (.an2) must say.")] = "UNKNOWN",
    json: JsonOption = False,
) -> None:
    """Write a fingerprint upright, in 8-bit grey, with its resolution, or a face as a record that agencies exchange."""
    form = _format(to)
    settings = load_settings()
    limits = ImageLimits(settings.max_image_bytes, settings.max_image_pixels)
    taken_from = CaptureSource(source.name, datetime.now(UTC))
    modality = Modality.FACE if isinstance(form, FaceRecord) else Modality.FINGERPRINT
    sample = decode(read_file(source), modality, FingerPosition.UNKNOWN, dpi, taken_from, limits)
    if isinstance(form, FaceRecord):
        written = write_face(sample.pixels, form, taken_from.captured_at, agency)
    else:
        assert sample.dpi is not None
        written = write(sample.pixels, sample.dpi, form, bit_rate)
    write_file(to, written)
    _show(to, sample, len(written), as_json=json)


def _show(to: Path, sample: BiometricSample, size: int, *, as_json: bool) -> None:
    height, width = sample.pixels.shape[:2]
    shown = {"file": to, "width": width, "height": height, "dpi": sample.dpi, "bytes": size}
    shown["bits_a_pixel"] = round(8 * size / (width * height), 3)
    if as_json:
        print_json(shown)
    else:
        print_table("Written", ("", ""), shown.items())


def _format(to: Path) -> ImageFormat | FaceRecord:
    forms = {each.value: each for kind in (ImageFormat, FaceRecord) for each in kind}
    form = forms.get(to.suffix[1:].lower())
    if form is None:
        raise typer.BadParameter(f"{to.name} does not end in one of {', '.join(f'.{each}' for each in forms)}")
    return form
