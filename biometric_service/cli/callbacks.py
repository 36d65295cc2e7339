"""``biometric-service callbacks``: what receivers of results need to know."""

import typer

from biometric_service.app.service import settings_store
from biometric_service.cli.printing import JsonOption, print_json
from biometric_service.outbound.webhooks import secret_of, written_secret
from biometric_service.settings import load_settings

callbacks = typer.Typer(no_args_is_help=True, help="What callbacks are sent.")


@callbacks.callback()
def _group() -> None:
    """Keep the name of the one command."""


@callbacks.command("secret")
def show_secret(*, json: JsonOption = False) -> None:
    """Print the secret that deliveries are signed with, for those who receive them."""
    settings = load_settings()
    with settings_store(settings) as opened:
        key = secret_of(settings.callback_secret.get_secret_value(), opened.tasks.signing_key)
    if json:
        print_json({"secret": written_secret(key)})
    else:
        typer.echo(written_secret(key))
