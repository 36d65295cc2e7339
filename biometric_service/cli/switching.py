"""``biometric-service models in-use|reextract|switch|undo``: from one model to another, and back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.progress import Progress as Bar

from biometric_service.app import settings_store
from biometric_service.app.present_walk import SETTING, with_models_in_use
from biometric_service.app.stages import build_stages
from biometric_service.cli.options import operator
from biometric_service.cli.printing import JsonOption, err, print_json, print_table
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.recognition.reextraction import Progress, Reextraction
from biometric_service.references.encounters import format_name
from biometric_service.references.opening import OpenedStore
from biometric_service.settings import Settings, load_settings
from biometric_service.vocabulary.references import model_named
from biometric_service.vocabulary.samples import Modality

ModalityArgument = Annotated[Modality, typer.Argument(help="Of which the model is to change.")]
LeaveOut = Annotated[bool, typer.Option("--leave-out", help="Go on without samples that the model cannot read.")]
ModelArgument = Annotated[str, typer.Argument(help="The model's name (models list).")]


def register(models: typer.Typer) -> None:
    """Add the commands."""
    for name, command in (("in-use", in_use), ("reextract", reextract), ("switch", switch), ("undo", undo)):
        models.command(name)(command)


def in_use(*, json: JsonOption = False) -> None:
    """Print whose templates are searched; a modality that was never switched goes by the settings."""
    with settings_store(load_settings()) as opened:
        used = opened.models.in_use()
    if json:
        print_json({"models": used})
    else:
        rows = ((modality.value, each.form, each.before or "") for modality, each in used.items())
        print_table("Models in use", ("modality", "searched", "before"), rows)


def reextract(modality: ModalityArgument, model: ModelArgument, *, json: JsonOption = False) -> None:
    """Make templates of another model from the stored images, while the service goes on with those it has.

    Cut off, it goes on where it is run again.
    """
    with _opened(modality, model) as (_, job):
        last = _followed(job)
    told = {"model": str(job.extractor.format), "made": last.made, "failed": last.failed, "left": last.left}
    if json:
        print_json(told)
    else:
        typer.echo(", ".join(f"{name} {value}" for name, value in told.items()))


def switch(modality: ModalityArgument, model: ModelArgument, *, leave_out: LeaveOut = False) -> None:
    """Search the other model's templates from now on, in every process; what is still lacking is made first."""
    with _opened(modality, model) as (opened, job):
        change = job.switch(_serving(opened, modality), leave_out=leave_out)
    typer.echo(f"{job.extractor.format} is searched (change {change}); `models undo {modality.value}` goes back.")


def undo(modality: ModalityArgument, *, leave_out: LeaveOut = False) -> None:
    """Go back to the model before; who was enrolled since gets templates of it first."""
    with settings_store(load_settings()) as opened:
        used = opened.models.in_use().get(modality)
    if used is None or used.before is None:
        message, action = f"The {modality.value} model was never switched.", "There is nothing to undo."
        raise BiometricServiceError(ErrorCode.REQUEST_INVALID, message, action)
    switch(modality, model_named(used.before), leave_out=leave_out)


@contextmanager
def _opened(modality: Modality, model: str) -> Iterator[tuple[OpenedStore, Reextraction]]:
    settings = load_settings()
    stages = build_stages(_only(settings, modality, model))
    with settings_store(settings) as opened:
        caller = operator("model change")
        yield opened, Reextraction(opened.models, opened.store, stages.decode, stages.extractors[modality], caller)


def _only(settings: Settings, modality: Modality, model: str) -> Settings:
    """The settings with this one model, so that no other is loaded."""
    return settings.model_copy(update={**dict.fromkeys(SETTING.values(), ""), SETTING[modality]: model})


def _serving(opened: OpenedStore, modality: Modality) -> str | None:
    """What the settings have searched, None where they name no model that can be had."""
    settings = with_models_in_use(load_settings(), opened.models.in_use())
    extractor = build_stages(_only(settings, modality, getattr(settings, SETTING[modality]))).extractors.get(modality)
    return format_name(extractor.format) if extractor else None


def _followed(job: Reextraction) -> Progress:
    """Run the job with a bar on stderr; how far it came."""
    last = Progress(0, 0, job.models.lacking(job.extractor.format))
    with Bar(console=err, transient=True) as bar:
        task = bar.add_task("Extracting", total=last.left)
        for last in job.run():
            bar.update(task, completed=last.made + last.failed, total=last.made + last.failed + last.left)
    return last
