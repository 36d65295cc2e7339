"""``biometric-service serve`` and ``biometric-service settings``."""

from typing import Annotated

import typer

from biometric_service.cli.printing import JsonOption, print_json, print_table
from biometric_service.settings import describe, load_settings


def serve(
    *, console_key: Annotated[bool, typer.Option(help="Make a key for the console and print its link.")] = False
) -> None:
    """Start the service with its console; the settings say where it listens."""
    from biometric_service.app.server import run_server  # noqa: PLC0415 (the settings are shown without it)

    run_server(load_settings(), console_key=console_key)


def show_settings(*, json: JsonOption = False) -> None:
    """Print every setting, its value and where it comes from; secrets are masked."""
    lines = list(describe(load_settings()))
    if json:
        print_json({"settings": lines})
    else:
        print_table(
            "Settings",
            ("setting", "value", "from", "meaning"),
            ((s.name, s.value, s.source, s.description) for s in lines),
        )
