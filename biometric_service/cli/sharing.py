"""``biometric-service sharing`` and ``subjects disclosures``: agreements with other agencies, and what leaves."""

import json as jsons
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from biometric_service.app.service import settings_store
from biometric_service.app.sharing import sharing_parts
from biometric_service.cli.files import read_text, write_file
from biometric_service.cli.options import LanguageOption, PurposeOption, officer, operator
from biometric_service.cli.printing import JsonOption, plain, print_json, print_table
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.interchange.sharing import agreeing, answering, disclosing
from biometric_service.interchange.sharing.disclosure_reports import Shared, disclosures_pdf
from biometric_service.interchange.sharing.parts import Sharing
from biometric_service.interchange.sharing.receiving import read_received
from biometric_service.interchange.sharing.reconciling import SENT, own_manifest, reconcile, redeliver
from biometric_service.interchange.sharing.records import Lack, field_name
from biometric_service.references.terms import unpack_terms
from biometric_service.settings import load_settings
from biometric_service.texts.speaking import Language
from biometric_service.vocabulary.references import SubjectId
from biometric_service.vocabulary.sharing import Agreement, Disclosure, DisclosureState

sharing = typer.Typer(no_args_is_help=True, help="Agreements with other agencies, and what is shared under them.")

AgreementId = Annotated[str, typer.Argument(help="Id of a version, such as police:1.")]
DisclosureId = Annotated[str, typer.Argument(help="Id of the disclosure.")]
PAGE = 200
_COLUMNS = ("disclosure", "what", "agreement", "subject", "at", "state", "fields", "recalled by")


@contextmanager
def parts() -> Iterator[Sharing]:
    """The parts on the settings' store."""
    settings = load_settings()
    with settings_store(settings) as opened:
        yield sharing_parts(settings, opened)


@sharing.command("keys")
def show_keys(*, json: JsonOption = False) -> None:
    """Print what other agencies need to know of this one: its id, its signing key, its encryption key."""
    with parts() as here:
        encryption = ""
        if here.key is not None:
            public = here.key.public_key()
            encryption = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        told = {"agency": here.agency, "signing_key": here.disclosures.signer.public_key.hex()}
    if json:
        print_json({**told, "encryption_key": encryption})
    else:
        typer.echo("\n".join([*(f"{name}: {value}" for name, value in told.items()), encryption]))


@sharing.command("propose")
def propose(
    name: Annotated[str, typer.Argument(help="Name of the agreement; versions are numbered.")],
    terms: Annotated[Path, typer.Argument(help="JSON file with the terms.")],
    purpose: PurposeOption = "administration",
) -> None:
    """Draw up the next version of an agreement; two officers sign it before it is in force."""
    try:
        said = unpack_terms(terms.read_text("utf-8"))
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as fault:
        raise BiometricServiceError(
            ErrorCode.REQUEST_INVALID,
            f"The terms cannot be read ({type(fault).__name__}: {fault}).",
            "Write them as docs/how_to/share_with_agencies.md shows.",
        ) from None
    with parts() as here:
        made = agreeing.propose(here, name, said, operator(purpose))
        _warn(here, made)
    typer.echo(f"{made.id} is drawn up and waits for two signatures.")


@sharing.command("agreements")
def list_agreements(*, json: JsonOption = False) -> None:
    """Print every version of every agreement."""
    with parts() as here:
        found = [(each, agreeing.lacks(here, each)) for each in here.agreements.agreements()]
    if json:
        print_json({"agreements": [_told(each, lacks) for each, lacks in found]})
    else:
        columns = ("agreement", "agency", "purpose", "until", "signed by", "in force", "lacks")
        print_table("Agreements", columns, (_agreement_row(each, lacks) for each, lacks in found))


@sharing.command("sign")
def sign(agreement: AgreementId, purpose: PurposeOption = "administration") -> None:
    """Sign a version as the account that runs this; with the second signature it comes into force."""
    with parts() as here:
        signed = agreeing.sign(here, agreement, officer(purpose))
        _warn(here, signed)
    typer.echo("It is in force." if signed.in_force(datetime.now(UTC)) else "Signed. It waits for another officer.")


@sharing.command("withdraw")
def withdraw(agreement: AgreementId, purpose: PurposeOption = "administration") -> None:
    """End an agreement at once: nothing leaves any more, and what left is recalled."""
    with parts() as here:
        agreeing.withdraw(here, agreement, operator(purpose))
    typer.echo(f"{agreement} has ended.")


@sharing.command("disclose")
def disclose(agreement: AgreementId, subject: str, purpose: PurposeOption = "sharing") -> None:
    """Share a person under an agreement."""
    with parts() as here:
        made = disclosing.disclose(here, agreement, SubjectId(subject), officer(purpose))
    typer.echo(f"{made.id} ({made.state.value})")


@sharing.command("list")
def list_disclosures(
    state: Annotated[DisclosureState | None, typer.Option(help="In this state alone.")] = None,
    after: Annotated[int, typer.Option(help="Begin after this place.")] = 0,
    *,
    json: JsonOption = False,
) -> None:
    """Print what was shared and what waits: no content."""
    with parts() as here:
        found = here.disclosures.listed(after, PAGE, state)
    _print(found, json=json)


@sharing.command("draft")
def show_draft(disclosure: DisclosureId, purpose: PurposeOption = "sharing") -> None:
    """Print what is to leave, for an officer who reviews it."""
    with parts() as here:
        typer.echo(disclosing.draft(here, disclosure, operator(purpose)).decode())


@sharing.command("approve")
def approve(disclosure: DisclosureId, purpose: PurposeOption = "sharing") -> None:
    """Let something go as one of two officers who did not make it."""
    with parts() as here:
        approved = disclosing.approve(here, disclosure, officer(purpose))
    typer.echo(approved.state.value)


@sharing.command("hold-back")
def hold_back(disclosure: DisclosureId, note: str, purpose: PurposeOption = "sharing") -> None:
    """Hold something back for good, and say why."""
    with parts() as here:
        typer.echo(disclosing.refuse(here, disclosure, note, operator(purpose)).state.value)


@sharing.command("recall")
def recall(disclosure: DisclosureId, note: str, purpose: PurposeOption = "sharing") -> None:
    """Recall something that was found wrong, and say why: the receiver is told."""
    with parts() as here:
        taken_back = disclosing.take_back(here, disclosure, note, operator(purpose))
    typer.echo(f"recalled by {taken_back.recalled_by}" if taken_back.recalled_by else taken_back.state.value)


@sharing.command("requests")
def list_requests(purpose: PurposeOption = "sharing", *, json: JsonOption = False) -> None:
    """Print what other agencies ask, and how far each request has got."""
    with parts() as here:
        found = answering.listed(here, operator(purpose), 0, PAGE)
    if json:
        print_json({"requests": found})
    else:
        columns = ("request", "agency", "kind", "gallery", "subject", "priority", "state", "outcome", "answer")
        rows = (
            (r.id, r.agency, r.kind.value, r.gallery, r.subject, r.priority, r.state.value, r.outcome, r.answer)
            for r in found
        )
        print_table("Requests", columns, rows)


@sharing.command("received")
def show_received(agency: str, disclosure: str, purpose: PurposeOption = "sharing") -> None:
    """Print what another agency sent, as JSON; nothing of it is left where it was recalled."""
    with parts() as here:
        found = read_received(here, agency, disclosure, operator(purpose))
    print_json({"recalled_at": found.recalled_at, "content": jsons.loads(found.content or b"null")})


@sharing.command("manifest")
def show_manifest(
    agency: str,
    day: str,
    direction: Annotated[str, typer.Option(help="sent or received.")] = SENT,
) -> None:
    """Print our signed manifest of a day (UTC): what we sent to an agency, or received from it."""
    with parts() as here:
        typer.echo(own_manifest(here, agency, day, direction))


@sharing.command("reconcile")
def reconcile_day(
    agency: str,
    day: str,
    manifest: Annotated[Path | None, typer.Option(help="The agency's signed manifest; else it is fetched.")] = None,
    purpose: PurposeOption = "reconciliation",
) -> None:
    """Compare what was sent to an agency on a day (UTC) with what it received; exit 1 where it is not the same."""
    text = None if manifest is None else read_text(manifest)
    with parts() as here:
        found = reconcile(here, agency, day, operator(purpose), text)
    print_json({"proven": found.proven, **dict(_mapping(found))})
    if not found.proven:
        raise typer.Exit(1)


@sharing.command("redeliver")
def redeliver_one(disclosure: DisclosureId, purpose: PurposeOption = "reconciliation") -> None:
    """Send something once more."""
    with parts() as here:
        typer.echo(redeliver(here, disclosure, operator(purpose)).state.value)


def list_disclosures_of_subject(
    subject: str,
    purpose: PurposeOption = "access-request",
    pdf: Annotated[Path | None, typer.Option(help="Write pages to hand to the person into this file.")] = None,
    language: LanguageOption = Language.ENGLISH,
    *,
    json: JsonOption = False,
) -> None:
    """Print all that was shared of a person, with whom and on which legal basis: what the person may ask to know."""
    with parts() as here:
        found = disclosing.shared_of(here, SubjectId(subject), operator(purpose))
    if pdf is not None:
        shared = Shared(here.agency, SubjectId(subject), found, datetime.now(UTC))
        write_file(pdf, disclosures_pdf(shared, language))
    _print(found, json=json)


def _print(found: Sequence[Disclosure], *, json: bool) -> None:
    if json:
        print_json({"disclosures": found})
        return
    rows = (
        (d.id, d.kind.value, d.agreement, d.subject, d.at, d.state.value, " ".join(d.fields), d.recalled_by)
        for d in found
    )
    print_table("Disclosures", _COLUMNS, rows)


def _warn(here: Sharing, agreement: Agreement) -> None:
    """Say on standard error what its transactions will lack."""
    lacks = agreeing.lacks(here, agreement)
    if lacks:
        said = "".join(f"\n  {each}" for each in lacks)
        profile = agreement.terms.profile
        typer.echo(f"Its transactions will lack what the domain profile {profile!r} demands:{said}", err=True)
        typer.echo("Whoever reads by that profile will not take them in: name those fields, or agree on it.", err=True)


def _told(agreement: Agreement, lacks: Sequence[Lack]) -> dict[str, object]:
    said = plain(agreement)
    assert isinstance(said, dict)
    in_force = agreement.in_force(datetime.now(UTC))
    return {"agreement": agreement.id, **said, "in_force": in_force, "lacks": plain(lacks)}


def _agreement_row(agreement: Agreement, lacks: Sequence[Lack]) -> tuple[object, ...]:
    terms, signed = agreement.terms, " ".join(each.officer for each in agreement.signatures)
    in_force = agreement.in_force(datetime.now(UTC))
    without = " ".join(field_name(each.number) for each in lacks)
    return agreement.id, terms.partner.agency, terms.purpose, terms.until, signed, in_force, without


def _mapping(found: object) -> dict[str, object]:
    said = plain(found)
    assert isinstance(said, dict)
    return said
