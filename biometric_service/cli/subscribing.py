"""``biometric-service subscriptions``: who is told of what happens here by signed webhooks."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from biometric_service.app import settings_store
from biometric_service.app.outbound import outbound_gate
from biometric_service.cli.options import operator
from biometric_service.cli.printing import JsonOption, print_json, print_table
from biometric_service.interchange import subscribing
from biometric_service.outbound.webhooks import written_secret
from biometric_service.settings import load_settings
from biometric_service.vocabulary.outward import OutwardType, Wanted
from biometric_service.vocabulary.references import ALL_GALLERIES, GalleryId

PURPOSE = "administration"
MOST_SHOWN = 1000

subscriptions = typer.Typer(
    no_args_is_help=True,
    help="Who is told of events: list, create, rotate, pause, resume, replay, dead-letters, delete.",
)
IdArgument = Annotated[str, typer.Argument(help="The subscription's id.")]


@subscriptions.command("list")
def list_subscriptions(*, json: JsonOption = False) -> None:
    """Print every subscription and how far it has got; never a secret."""
    with settings_store(load_settings()) as opened:
        opened.store.record(subscribing.subscriptions_read(operator(PURPOSE)))
        states = opened.subscriptions.subscriptions()
    if json:
        print_json({"subscriptions": states})
        return
    rows = (
        (
            each.subscription.id,
            each.subscription.name,
            each.subscription.url,
            " ".join(sorted(each.subscription.wanted.types)),
            " ".join(sorted(each.subscription.wanted.galleries)),
            "paused" if each.subscription.paused_at else "told",
            each.reached,
            each.waiting,
            each.dead,
        )
        for each in states
    )
    columns = ("id", "name", "url", "types", "galleries", "state", "reached", "waiting", "dead")
    print_table("Subscriptions", columns, rows)


@subscriptions.command("create")
def create(  # noqa: PLR0913, PLR0917 - options of a command line
    name: Annotated[str, typer.Argument(help="Who receives the events.")],
    url: Annotated[str, typer.Argument(help="Where they are sent; its origin must be in outbound_origins.")],
    kind: Annotated[
        list[OutwardType] | None, typer.Option("--type", help="Which events; all where none is named.")
    ] = None,
    gallery: Annotated[list[str] | None, typer.Option(help="Of which galleries; all where none is named.")] = None,
    after: Annotated[int | None, typer.Option(min=0, help="Tell it of the past too, after this event.")] = None,
    purpose: Annotated[str, typer.Option(help="What it is for; kept in the audit log.")] = PURPOSE,
    *,
    json: JsonOption = False,
) -> None:
    """Tell a receiver of events and print the secret that it checks them with, this once."""
    settings = load_settings()
    wanted = Wanted(frozenset(kind or OutwardType), frozenset(map(GalleryId, gallery or [ALL_GALLERIES])))
    with settings_store(settings) as opened:
        made, key = subscribing.subscribe(
            opened.subscriptions,
            outbound_gate(settings),
            operator(purpose),
            name=name,
            url=url,
            wanted=wanted,
            after=after,
        )
    if json:
        print_json({"id": made.id, "secret": written_secret(key)})
    else:
        typer.echo(f"{made.id} {written_secret(key)}")


@subscriptions.command("rotate")
def rotate(subscription: IdArgument, *, json: JsonOption = False) -> None:
    """Give it another secret and print that, this once; the former one signs as well for a day."""
    with settings_store(load_settings()) as opened:
        key, until = subscribing.rotate(opened.subscriptions, subscription, operator(PURPOSE))
    if json:
        print_json({"secret": written_secret(key), "former_until": until})
    else:
        typer.echo(written_secret(key))


@subscriptions.command("pause")
def pause(subscription: IdArgument) -> None:
    """Send it nothing from now on; what happens meanwhile is sent once it is resumed."""
    with settings_store(load_settings()) as opened:
        subscribing.pause(opened.subscriptions, subscription, operator(PURPOSE), paused=True)
    typer.echo(f"Paused: {subscription}.")


@subscriptions.command("resume")
def resume(subscription: IdArgument) -> None:
    """Go on sending, with what has waited first."""
    with settings_store(load_settings()) as opened:
        subscribing.pause(opened.subscriptions, subscription, operator(PURPOSE), paused=False)
    typer.echo(f"Resumed: {subscription}.")


@subscriptions.command("replay")
def replay(
    subscription: IdArgument,
    after: Annotated[int | None, typer.Option(min=0, help="What came after this event.")] = None,
    since: Annotated[datetime | None, typer.Option(help="What happened from this moment on, in UTC.")] = None,
) -> None:
    """Send once more what came after an event or a moment, also what was given up."""
    if (after is None) == (since is None):
        raise typer.BadParameter("give either --after or --since")
    with settings_store(load_settings()) as opened:
        if after is None:
            assert since is not None
            after = subscribing.last_before(opened.store.events, since.replace(tzinfo=UTC))
        subscribing.replay(opened.subscriptions, subscription, after, operator(PURPOSE))
    typer.echo(f"Replayed: {subscription}, after event {after}.")


@subscriptions.command("dead-letters")
def dead_letters(
    subscription: IdArgument,
    after: Annotated[int, typer.Option(min=0, help="Begin after this event.")] = 0,
    *,
    json: JsonOption = False,
) -> None:
    """Print what was not taken for so long that it was given up; exit status 1 where there is any."""
    with settings_store(load_settings()) as opened:
        opened.store.record(subscribing.subscriptions_read(operator(PURPOSE), subscription=subscription))
        dead = opened.subscriptions.dead_letters(subscription, after, MOST_SHOWN)
    if json:
        print_json({"dead_letters": dead})
    else:
        rows = ((each.event, each.subject or "", each.attempts, each.since, each.answer) for each in dead)
        print_table("Given up", ("event", "subject", "attempts", "since", "answer"), rows)
    raise typer.Exit(1 if dead else 0)


@subscriptions.command("delete")
def delete(subscription: IdArgument) -> None:
    """End it at once, with all that waits."""
    with settings_store(load_settings()) as opened:
        subscribing.end(opened.subscriptions, subscription, operator(PURPOSE))
    typer.echo(f"Deleted: {subscription}.")
