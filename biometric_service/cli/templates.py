"""``biometric-service templates inspect|convert``."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from biometric_service.cli.files import read_file, write_file
from biometric_service.cli.printing import JsonOption, print_json, print_table
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.templates.conversion import CARDS, Held, TemplateKind, minutiae, read_any, write_as
from biometric_service.templates.extended_data import interpreted, read_blocks
from biometric_service.templates.iso19794_2_card import CardTemplate
from biometric_service.templates.minutiae_record import FingerView, MinutiaeRecord

SourceArgument = Annotated[
    Path,
    typer.Argument(help="A record of ISO 19794-2 or ANSI 378, or a template of this service, SourceAFIS or a card."),
]
CardOption = Annotated[
    TemplateKind | None,
    typer.Option("--card", help="It is of a card: card-normal or card-compact. Cards do not say so."),
]
LenientOption = Annotated[
    bool, typer.Option("--lenient", help="Read what breaks its standard too, as far as it can be made out.")
]

templates = typer.Typer(no_args_is_help=True, help="Fingerprint templates: inspect, convert.")


@templates.command("inspect")
def inspect(
    source: SourceArgument, *, card: CardOption = None, lenient: LenientOption = False, json: JsonOption = False
) -> None:
    """Print what a template says of itself, without its minutiae."""
    held = _read(source, card, lenient)
    views = _record_views(held) if isinstance(held, MinutiaeRecord) else _plain_views(held)
    shown = {"file": source, "format": _format(held), "views": views}
    if json:
        print_json(shown)
    else:
        print_table(_format(held), tuple(views[0]), (tuple(view.values()) for view in views))


@templates.command("convert")
def convert(  # noqa: PLR0913 (options of a command)
    source: SourceArgument,
    to: Annotated[Path, typer.Argument(help="The file to write.")],
    kind: Annotated[TemplateKind, typer.Option("--to", help="What to write.")],
    *,
    view: Annotated[int | None, typer.Option(min=1, help="Only the Nth view of a record.")] = None,
    card: CardOption = None,
    lenient: LenientOption = False,
    json: JsonOption = False,
) -> None:
    """Write a template as another kind, with all that both can say."""
    data = write_as(_chosen(_read(source, card, lenient), view), kind)
    write_file(to, data)
    shown = {"file": to, "format": kind, "bytes": len(data)}
    if json:
        print_json(shown)
    else:
        print_table("Written", ("", ""), shown.items())


def _read(source: Path, card: TemplateKind | None, lenient: bool) -> Held:  # noqa: FBT001
    if card is not None and card not in CARDS:
        raise typer.BadParameter(f"{card} is no format of a card; take one of {', '.join(CARDS)}")
    return read_any(read_file(source), CARDS[card] if card else None, strict=not lenient)


def _chosen(held: Held, view: int | None) -> Held:
    if view is None or not isinstance(held, MinutiaeRecord):
        return held
    if view > len(held.views):
        message = f"The record has {len(held.views)} views."
        raise BiometricServiceError(ErrorCode.REQUEST_INVALID, message, "Name one of them.")
    return replace(held, views=(held.views[view - 1],))


def _format(held: Held) -> str:
    if isinstance(held, MinutiaeRecord):
        return str(held.edition)
    return str(held.format)


def _record_views(record: MinutiaeRecord) -> list[dict[str, object]]:
    return [
        {
            "finger": view.position,
            "view": view.number,
            "impression": view.impression,
            "minutiae": len(view.minutiae),
            "quality": view.capture.qualities[0][0] if view.capture.qualities else view.quality,
            "width": view.size[0],
            "height": view.size[1],
            "pixels_a_cm": view.resolution[0],
            "extended": _extended(view, record),
        }
        for view in record.views
    ]


def _extended(view: FingerView, record: MinutiaeRecord) -> str:
    try:
        blocks = read_blocks(view.extended)
    except ValueError:
        return f"{len(view.extended)} bytes, damaged"
    found = (type(interpreted(block, record.edition)).__name__ for block in blocks)
    return ", ".join(found)


def _plain_views(held: Held) -> list[dict[str, object]]:
    known = not isinstance(held, CardTemplate)
    return [
        {
            "finger": each.position if known else None,
            "minutiae": len(each.kinds),
            "width": each.size[0] if known else None,
            "height": each.size[1] if known else None,
        }
        for each in minutiae(held)
    ]
