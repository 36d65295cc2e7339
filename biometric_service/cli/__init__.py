"""The command line: ``biometric-service COMMAND``; every command takes ``--json`` for machines."""

import os
import sys
from collections.abc import Iterable, Mapping
from importlib import import_module
from types import MappingProxyType

import typer

from biometric_service.core_dumps import forbid_dumps
from biometric_service.errors import BiometricServiceError

FAULT = 2
COMMANDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "enrol": ("enrolling", "enrol_people"),
        "identify": ("recognising", "identify_images"),
        "verify": ("recognising", "verify_images"),
        "movement": ("recognising", "movement"),
        "serve": ("serving", "serve"),
        "settings": ("serving", "show_settings"),
        "galleries": ("administration", "galleries"),
        "subjects": ("subjects", "subjects"),
        "api-keys": ("administration", "api_keys"),
        "encounters": ("encounters", "encounters"),
        "models": ("models", "models"),
        "policy": ("policy", "policy"),
        "devices": ("devices", "devices"),
        "images": ("images", "images"),
        "interchange": ("interchange", "interchange"),
        "evaluate": ("evaluating", "evaluate"),
        "checkpoint": ("checkpoint", "checkpoint"),
        "checkpoint-queue": ("checkpoint", "show_queue"),
        "station": ("station", "station"),
        "drift": ("drifting", "drift"),
        "adjudicate": ("adjudicating", "adjudicate"),
        "callbacks": ("callbacks", "callbacks"),
        "places": ("placing", "places"),
        "muster": ("mustering", "muster"),
        "release": ("mustering", "release"),
        "visits": ("mustering", "visits"),
        "subscriptions": ("subscribing", "subscriptions"),
        "sharing": ("sharing", "sharing"),
        "statistics": ("statistics", "statistics"),
        "templates": ("templates", "templates"),
        "index": ("indexing", "index"),
        "mosip": ("mosip", "mosip"),
        "audit": ("auditing", "audit"),
        "retention": ("retention", "retention"),
        "keys": ("keeping", "keys"),
        "backup": ("keeping", "backup"),
        "store": ("keeping", "store"),
    }
)
"""Each command, and the module and name of what does it: nobody waits for the modules of the others."""


def main() -> None:
    """Run one command; a typed fault is one line on stderr and exit status 2."""
    forbid_dumps()
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # requests share the cores: threads within one only get in their way
    asked = [word for word in sys.argv[1:2] if word in COMMANDS]
    try:
        command_line(asked or COMMANDS)()
    except BiometricServiceError as fault:
        sys.stderr.write(f"biometric-service: {fault}\n")
        sys.exit(FAULT)


def command_line(words: Iterable[str]) -> typer.Typer:
    """The command line with some of its commands."""
    app = typer.Typer(
        name="biometric-service",
        help="Biometric identification and enrolment service for prisons.",
        callback=lambda: None,  # so that one command alone still goes by its name
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    for word in words:
        module, name = COMMANDS[word]
        command = getattr(import_module(f"{__name__}.{module}"), name)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=word)
        else:
            app.command(word)(command)
    return app


def __getattr__(name: str) -> typer.Typer:
    """``app``: all the commands, imported when they are asked for."""
    if name != "app":
        raise AttributeError(name)
    return command_line(COMMANDS)
