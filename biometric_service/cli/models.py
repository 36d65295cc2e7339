"""``biometric-service models list|verify|add|fetch|in-use|reextract|switch|undo``."""

from pathlib import Path
from typing import Annotated

import typer

from biometric_service.app.stages import build_stages, model_shelf
from biometric_service.cli import switching
from biometric_service.cli.printing import JsonOption, print_json, print_table
from biometric_service.settings import load_settings
from biometric_service.vocabulary.samples import Modality
from biometric_service.weights.resolution import Presence, ResolvedModel

HERE = frozenset({Presence.SUPPLIED, Presence.CACHED})

models = typer.Typer(no_args_is_help=True, help="Models: list, verify, add, fetch, change.")
switching.register(models)


@models.command("list")
def list_models(*, json: JsonOption = False) -> None:
    """Print every manifest and where its weights are."""
    states = [
        {
            "name": state.manifest.name,
            "version": state.manifest.version,
            "task": state.manifest.task,
            "licence": state.manifest.licence,
            "redistributable": state.manifest.redistributable,
            "weights": state.presence,
            "from": state.source,
        }
        for state in model_shelf(load_settings()).status()
    ]
    if json:
        print_json({"models": states})
    else:
        print_table("Models", tuple(states[0]) if states else (), (tuple(state.values()) for state in states))


@models.command("verify")
def verify_models(
    names: Annotated[list[str] | None, typer.Argument(help="Models; without any, all whose weights are here.")] = None,
    *,
    json: JsonOption = False,
) -> None:
    """Check weights against their manifests, without the network; exit status 2 for the first that differs."""
    shelf = model_shelf(load_settings())
    here = [state.manifest.name for state in shelf.status() if state.presence in HERE]
    _print_resolved([copy for name in names or here for copy in shelf.verify(name)], json=json)


@models.command("add")
def add_model(
    manifest: Annotated[Path, typer.Argument(help="The model.toml, or the folder that holds it.")],
    weights: Annotated[Path, typer.Argument(help="The file with the weights.")],
    *,
    json: JsonOption = False,
) -> None:
    """Take in a model of your own: docs/how_to/bring_your_own_model.md."""
    _print_resolved([model_shelf(load_settings()).add(manifest, weights)], json=json)


@models.command("fetch")
def fetch_models() -> None:
    """Fetch and convert what the settings ask for, so that the service starts without the network afterwards."""
    stages = build_stages(load_settings())
    for modality in Modality:
        extractor = stages.extractors.get(modality)
        typer.echo(f"{modality.value}: {extractor.format if extractor else 'no model to be had, runs without it'}")


def _print_resolved(found: list[ResolvedModel], *, json: bool) -> None:
    if json:
        print_json({"models": [{"name": each.manifest.name, "path": each.path} for each in found]})
    else:
        print_table("Models as their manifests say", ("model", "weights"), ((m.manifest.name, m.path) for m in found))
