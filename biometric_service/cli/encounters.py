"""``biometric-service encounters`` and ``subjects merge|unmerge``: whose an encounter is, and what became of people."""

from typing import Annotated

import typer

from biometric_service.app import settings_store
from biometric_service.cli.options import PurposeOption, administration_event, operator
from biometric_service.cli.printing import JsonOption, print_json, print_table
from biometric_service.recognition import people
from biometric_service.settings import load_settings
from biometric_service.vocabulary.events import EventKind
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
    with settings_store(load_settings()) as opened:
        _said(people.set_status(opened.encounters, _key(subject, encounter), status, operator(purpose)))


@encounters.command("galleries")
def set_galleries(
    subject: Subject,
    encounter: Encounter,
    galleries: Annotated[list[str], typer.Argument(help="Every gallery that it is searched in from now on.")],
    purpose: PurposeOption = "administration",
) -> None:
    """Say where an encounter is searched."""
    names = frozenset(map(GalleryId, galleries))
    with settings_store(load_settings()) as opened:
        _said(people.set_galleries(opened.encounters, _key(subject, encounter), names, operator(purpose)))


@encounters.command("move")
def move_encounter(
    subject: Subject,
    encounter: Encounter,
    to: Annotated[str, typer.Argument(help="Whose it is.")],
    purpose: PurposeOption = "administration",
) -> None:
    """Give an encounter to another subject; who gives the last one is merged into the other."""
    with settings_store(load_settings()) as opened:
        _said(people.move_encounter(opened.encounters, _key(subject, encounter), SubjectId(to), operator(purpose)))


@encounters.command("withdraw-consent")
def withdraw_consent(
    subject: Subject,
    encounter: Encounter,
    consent: Annotated[str, typer.Argument(help="What the person had agreed to.")],
    purpose: PurposeOption = "administration",
) -> None:
    """End a consent; what is kept on consent alone is deleted by the next retention run."""
    with settings_store(load_settings()) as opened:
        _said(people.withdraw_consent(opened.encounters, _key(subject, encounter), consent, operator(purpose)))


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
    with settings_store(load_settings()) as opened:
        _said(people.delete_encounter(opened.encounters, _key(subject, encounter), operator(purpose)))


def merge_subjects(
    source: Annotated[str, typer.Argument(help="Whose encounters go.")],
    target: Annotated[str, typer.Argument(help="Who gets them.")],
    purpose: PurposeOption = "administration",
) -> None:
    """Join two subjects that are one person; the first id keeps answering with where it went."""
    with settings_store(load_settings()) as opened:
        _said(people.merge(opened.encounters, SubjectId(source), SubjectId(target), operator(purpose)))


def unmerge_subject(
    source: Annotated[str, typer.Argument(help="Who was merged.")], purpose: PurposeOption = "administration"
) -> None:
    """Take a merge back: the encounters return."""
    with settings_store(load_settings()) as opened:
        _said(people.unmerge(opened.encounters, SubjectId(source), operator(purpose)))


def register(app: typer.Typer, subjects: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(encounters, name="encounters")
    subjects.command("merge")(merge_subjects)
    subjects.command("unmerge")(unmerge_subject)


def _key(subject: str, encounter: str) -> EncounterKey:
    return EncounterKey(SubjectId(subject), EncounterId(encounter))


def _said(change: ChangeNumber) -> None:
    typer.echo(f"Done (change {change}).")


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
