"""The command line: ``biometric-service COMMAND``; every command takes ``--json`` for machines."""

import os
import sys
from importlib import import_module

import typer

from biometric_service.errors import BiometricServiceError

FAULT = 2
# Commands that need nothing of the service, and so need not wait for it to be imported.
ALONE = frozenset({"devices"})


def main() -> None:
    """Run one command; a typed fault is one line on stderr and exit status 2."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # requests share the cores: threads within one only get in their way
    try:
        if sys.argv[1:2] and sys.argv[1] in ALONE:
            name = sys.argv[1]
            command: typer.Typer = getattr(import_module(f"biometric_service.cli.{name}"), name)
            command(sys.argv[2:], prog_name=f"biometric-service {name}")
        else:
            __getattr__("app")()
    except BiometricServiceError as fault:
        sys.stderr.write(f"biometric-service: {fault}\n")
        sys.exit(FAULT)


def __getattr__(name: str) -> typer.Typer:
    """``app``: all the commands, imported when they are asked for."""
    if name != "app":
        raise AttributeError(name)
    app: typer.Typer = import_module("biometric_service.cli.commands").app
    return app
