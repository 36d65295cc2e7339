"""The command line: ``biometric-service COMMAND``; every command takes ``--json`` for machines."""

import sys
from importlib import import_module

import typer

from biometric_service.errors import BiometricServiceError

FAULT = 2
# Commands that need nothing of the service, and so need not wait for it to be imported.
ALONE = frozenset({"devices"})
from biometric_service.cli import administration, auditing, encounters, enrolling, keeping, recognising, serving
from biometric_service.cli.devices import devices
from biometric_service.cli.images import images
from biometric_service.cli.indexing import index
from biometric_service.cli.models import models
from biometric_service.cli.policy import policy
from biometric_service.cli.templates import templates
app = typer.Typer(
    name="biometric-service",
    help="Biometric identification and enrolment service for prisons.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
enrolling.register(app)
recognising.register(app)
serving.register(app)
administration.register(app)
encounters.register(app, administration.subjects)
app.add_typer(models, name="models")
app.add_typer(policy, name="policy")
app.add_typer(devices, name="devices")
app.add_typer(images, name="images")
app.add_typer(templates, name="templates")
app.add_typer(index, name="index")
app.add_typer(auditing.audit, name="audit")
app.add_typer(keeping.keys, name="keys")
app.add_typer(keeping.backup, name="backup")
app.add_typer(keeping.store, name="store")


def main() -> None:
    """Run one command; a typed fault is one line on stderr and exit status 2."""
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
