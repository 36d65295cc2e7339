"""``biometric-service drift``: whether what devices deliver is still as it was."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from biometric_service.app import settings_store
from biometric_service.cli.options import operator
from biometric_service.cli.printing import JsonOption, print_json, print_table
from biometric_service.recognition.drift import StreamState, close_alarms, drift_event
from biometric_service.recognition.drift import drift as drift_now
from biometric_service.settings import load_settings
from biometric_service.vocabulary.events import EventKind

PURPOSE = "drift"
COLUMNS = ("device", "post", "of", "measure", "checks", "usual", "last 7 days", "to an alarm", "alarm")

drift = typer.Typer(help="Devices and posts whose quality, scores or decisions left their band.")


@drift.callback(invoke_without_command=True)
def show_drift(context: typer.Context, *, json: JsonOption = False) -> None:
    """Print every stream of figures, those with an alarm first; exit status 1 where there is one."""
    if context.invoked_subcommand:
        return
    with settings_store(load_settings()) as opened:
        opened.store.record(drift_event(EventKind.DRIFT_READ, operator(PURPOSE)))
        states = drift_now(opened.drift, datetime.now(UTC).date())
    alarms = sum(state.alarm is not None for state in states)
    if json:
        print_json({"alarms": alarms, "streams": states})
    else:
        print_table(f"Drift: {alarms} alarms", COLUMNS, map(_row, states))
    raise typer.Exit(1 if alarms else 0)


@drift.command("close")
def close(
    device: Annotated[str, typer.Argument(help="The device, as callers name it.")],
    *,
    forget: Annotated[bool, typer.Option("--new", help="It was replaced: forget its past and learn it anew.")] = False,
) -> None:
    """End the alarms of a device that was seen to; it is held against what it was before."""
    with settings_store(load_settings()) as opened:
        ended = close_alarms(opened.drift, device, operator(PURPOSE), forget=forget)
    typer.echo(f"Ended: {ended} alarms of {device!r}.")


def _row(state: StreamState) -> tuple[str, ...]:
    key, alarm = state.key, state.alarm
    said = f"{alarm.direction.value} since {alarm.at:%Y-%m-%d %H:%M} (event {alarm.event})" if alarm else ""
    figures = (_figure(state.usual), f"{_figure(state.recent)} of {state.recent_checks:,}", f"{state.evidence:.0%}")
    return (key.device or "not named", key.post, key.kind, key.measure.value, f"{state.checks:,}", *figures, said)


def _figure(value: float | None) -> str:
    return "none" if value is None else f"{value:.3g}"
