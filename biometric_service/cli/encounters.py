"""``biometric-service encounters`` and ``subjects merge|unmerge``: whose an encounter is, and what became of people."""

from collections.abc import Callable
from typing import Annotated

import typer

from biometric_service.app import settings_store
from biometric_service.cli.options import PurposeOption, administration_event, operator
from biometric_service.cli.printing import JsonOption, print_json, print_table
from biometric_service.recognition import people
from biometric_service.settings import load_settings
from biometric_service.vocabulary.events import Caller, EventKind
from biometric_service.vocabulary.protocols import EncounterStore
from biometric_service.vocabulary.references import (
    ChangeNumber,
    EncounterId,
    EncounterKey,
    EncounterStatus,
    GalleryId,
    KeptEncounter,
    SubjectId,
)

encounters = typer.Typer(no_args_is_help=True, help="Encounters: list, status, galleries, move, delete.")

Subject = Annotated[str, typer.Argument(help="Id of the subject.")]
Encounter = Annotated[str, typer.Argument(help="Id of the encounter.")]


@encounters.command("list")
def list_encounters(subject: Subject, *, json: JsonOption = False) -> None:
    """Print the encounters of a subject, oldest first: neither images nor templates."""
    with settings_store(load_settings()) as opened:
        kept = opened.encounters.encounters(SubjectId(subject))
        opened.store.record(administration_event(EventKind.ENCOUNTER_READ, SubjectId(subject)))
    if json:
        print_json({"encounters": [_told(each) for each in kept]})
    else:
        columns = ("subject", "encounter", "at", "kind", "status", "galleries", "samples", "version")
        print_table("Encounters", columns, (tuple(_told(each).values())[: len(columns)] for each in kept))


@encounters.command("status")
def set_status(
    subject: Subject, encounter: Encounter, status: EncounterStatus, purpose: PurposeOption = "administration"
) -> None:
    """Say what became of the person; only an active encounter is searched in its galleries."""
    _make(purpose, lambda kept, by: people.set_status(kept, _key(subject, encounter), status, by))


@encounters.command("galleries")
def set_galleries(
    subject: Subject,
    encounter: Encounter,
    galleries: Annotated[list[str], typer.Argument(help="Every gallery that it is searched in from now on.")],
    purpose: PurposeOption = "administration",
) -> None:
    """Say where an encounter is searched."""
    names = frozenset(map(GalleryId, galleries))
    _make(purpose, lambda kept, by: people.set_galleries(kept, _key(subject, encounter), names, by))


@encounters.command("move")
def move_encounter(
    subject: Subject,
    encounter: Encounter,
    to: Annotated[str, typer.Argument(help="Whose it is.")],
    purpose: PurposeOption = "administration",
) -> None:
    """Give an encounter to another subject; who gives the last one is merged into the other."""
    _make(purpose, lambda kept, by: people.move_encounter(kept, _key(subject, encounter), SubjectId(to), by))


@encounters.command("withdraw-consent")
def withdraw_consent(
    subject: Subject,
    encounter: Encounter,
    consent: Annotated[str, typer.Argument(help="What the person had agreed to.")],
    purpose: PurposeOption = "administration",
) -> None:
    """End a consent; what is kept on consent alone is deleted by the next retention run."""
    _make(purpose, lambda kept, by: people.withdraw_consent(kept, _key(subject, encounter), consent, by))


@encounters.command("delete")
def delete_encounter(
    subject: Subject,
    encounter: Encounter,
    purpose: PurposeOption = "administration",
    *,
    yes: Annotated[bool, typer.Option("--yes", prompt="Delete for good?", help="Do not ask.")],
) -> None:
    """Delete an encounter, and the subject with its last one; it cannot be undone."""
    if not yes:
        raise typer.Exit(1)
    _make(purpose, lambda kept, by: people.delete_encounter(kept, _key(subject, encounter), by))


def merge_subjects(
    source: Annotated[str, typer.Argument(help="Whose encounters go.")],
    target: Annotated[str, typer.Argument(help="Who gets them.")],
    purpose: PurposeOption = "administration",
) -> None:
    """Join two subjects that are one person; the first id keeps answering with where it went."""
    _make(purpose, lambda kept, by: people.merge(kept, SubjectId(source), SubjectId(target), by))


def unmerge_subject(
    source: Annotated[str, typer.Argument(help="Who was merged.")], purpose: PurposeOption = "administration"
) -> None:
    """Take a merge back: the encounters return."""
    _make(purpose, lambda kept, by: people.unmerge(kept, SubjectId(source), by))


def _key(subject: str, encounter: str) -> EncounterKey:
    return EncounterKey(SubjectId(subject), EncounterId(encounter))


def _make(purpose: str, change: Callable[[EncounterStore, Caller], ChangeNumber]) -> None:
    """Make a change as whoever is logged in, and say its number."""
    with settings_store(load_settings()) as opened:
        typer.echo(f"Done (change {change(opened.encounters, operator(purpose))}).")


def _told(kept: KeptEncounter) -> dict[str, object]:
    encounter, circumstances = kept.encounter, kept.encounter.circumstances
    return {
        "subject": encounter.subject,
        "encounter": encounter.encounter,
        "at": encounter.at,
        "kind": circumstances.kind,
        "status": circumstances.status.value,
        "galleries": " ".join(sorted(encounter.galleries)),
        "samples": len(encounter.samples),
        "version": kept.version,
        "legal_basis": circumstances.legal_basis,
        "keep_until": circumstances.keep_until,
        "exceptions": [f"{each.position.name.lower()}:{each.kind.value}" for each in encounter.exceptions],
    }
