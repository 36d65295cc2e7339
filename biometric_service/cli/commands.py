"""Every command, with all of the service behind it: importing this takes seconds."""

import typer

from biometric_service.cli import administration, auditing, encounters, enrolling, keeping, recognising, serving
from biometric_service.cli.adjudicating import adjudicate
from biometric_service.cli.callbacks import callbacks
from biometric_service.cli.devices import devices
from biometric_service.cli.drifting import drift
from biometric_service.cli.evaluating import evaluate
from biometric_service.cli.images import images
from biometric_service.cli.indexing import index
from biometric_service.cli.models import models
from biometric_service.cli.policy import policy
from biometric_service.cli.retention import retention
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
app.command("evaluate")(evaluate)
app.add_typer(drift, name="drift")
app.add_typer(adjudicate, name="adjudicate")
app.add_typer(callbacks, name="callbacks")
app.add_typer(templates, name="templates")
app.add_typer(index, name="index")
app.add_typer(auditing.audit, name="audit")
app.add_typer(retention, name="retention")
app.add_typer(keeping.keys, name="keys")
app.add_typer(keeping.backup, name="backup")
app.add_typer(keeping.store, name="store")
