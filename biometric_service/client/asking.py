"""Every operation as a request with the type of its answer, which ``Client`` and ``AsyncClient`` send."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote

from biometric_service.api.operations.answers import (
    BatchAnswer,
    ChangeAnswer,
    ComparisonAnswer,
    DeviceAnswer,
    DeviceRevocationAnswer,
    DevicesAnswer,
    EncountersAnswer,
    EnrolmentAnswer,
    ErasureAnswer,
    EventsAnswer,
    GalleriesAnswer,
    GalleryAnswer,
    GalleryDeletionAnswer,
    MovementAnswer,
    RecognitionAnswer,
    ReportAnswer,
    SubjectAnswer,
    SubjectsAnswer,
)
from biometric_service.api.operations.challenge_wire import ChallengeIssuedAnswer, ChallengeJudgedAnswer
from biometric_service.client.images import Image, batch_form, form, frames_form
from biometric_service.client.request import Request, delete, get, put, submit
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.decisions import Movement
from biometric_service.vocabulary.references import EncounterStatus


def identification(
    images: Sequence[Image], *, gallery: str, purpose: str, device: str = "", explain: bool = False
) -> Request[RecognitionAnswer]:
    """Who is this?"""
    asked = {"purpose": purpose, "device": device, "gallery": gallery, "explain": explain}
    return submit("identifications", RecognitionAnswer, form(asked, images))


def identification_among(
    images: Sequence[Image], *, subjects: Sequence[str], gallery: str, purpose: str, device: str = ""
) -> Request[RecognitionAnswer]:
    """Is this one of these?"""
    asked = {"purpose": purpose, "device": device, "gallery": gallery, "subjects": list(subjects)}
    return submit("identifications-among", RecognitionAnswer, form(asked, images))


def identification_batch(
    probes: Sequence[Sequence[Image]], *, gallery: str, purpose: str, device: str = ""
) -> Request[BatchAnswer]:
    """Who are these?"""
    asked = {"purpose": purpose, "device": device, "gallery": gallery}
    return submit("identification-batches", BatchAnswer, batch_form(asked, probes))


def verification(  # noqa: PLR0913 - as many as the operation has
    images: Sequence[Image], *, subject: str, gallery: str, purpose: str, device: str = "", explain: bool = False
) -> Request[RecognitionAnswer]:
    """Is this who is claimed?"""
    asked = {"purpose": purpose, "device": device, "gallery": gallery, "subject": subject, "explain": explain}
    return submit("verifications", RecognitionAnswer, form(asked, images))


def comparison(*, first: str, second: str, gallery: str, purpose: str) -> Request[ComparisonAnswer]:
    """Are these two the same?"""
    asked = {"purpose": purpose, "gallery": gallery, "first": first, "second": second}
    return submit("comparisons", ComparisonAnswer, asked)


def enrolment(  # noqa: PLR0913 - as many as the operation has
    images: Sequence[Image],
    *,
    subject: str,
    galleries: Sequence[str],
    purpose: str,
    device: str = "",
    despite_duplicates: bool = False,
) -> Request[EnrolmentAnswer]:
    """Keep this person."""
    asked = {
        "purpose": purpose,
        "device": device,
        "subject": subject,
        "galleries": list(galleries),
        "despite_duplicates": despite_duplicates,
    }
    return submit("enrolments", EnrolmentAnswer, form(asked, images))


def movement_check(  # noqa: PLR0913 - as many as a checkpoint knows
    images: Sequence[Image],
    *,
    gallery: str,
    checkpoint: str = "",
    direction: Movement,
    claimed: str | None = None,
    purpose: str,
    device: str = "",
    post: str | None = None,
    passage: str | None = None,
) -> Request[MovementAnswer]:
    """May this person pass? Past a post they are elsewhere then; ``passage``: your own id, by which it is made once."""
    asked = {
        "purpose": purpose,
        "device": device,
        "gallery": gallery,
        "checkpoint": checkpoint,
        "direction": direction,
        "claimed": claimed,
        "post": post,
        "passage": passage,
    }
    return submit("movement-checks", MovementAnswer, form(asked, images))


def challenge(*, subject: str, gallery: str, purpose: str, device: str = "") -> Request[ChallengeIssuedAnswer]:
    """Which turns of the head is somebody to be asked for who says to be the subject?"""
    asked = {"purpose": purpose, "device": device, "gallery": gallery, "subject": subject}
    return submit("challenges", ChallengeIssuedAnswer, asked)


def challenge_answer(
    frames: Sequence[tuple[float, Image]], *, challenge: str, purpose: str, device: str = ""
) -> Request[ChallengeJudgedAnswer]:
    """Was the claimed person there, and no picture? Each frame with its time in seconds."""
    asked = {"purpose": purpose, "device": device, "challenge": challenge}
    return submit("challenge-answers", ChallengeJudgedAnswer, frames_form(asked, frames))


def movement_report(  # noqa: PLR0913 - as many as a terminal tells
    report: str,
    *,
    gallery: str,
    checkpoint: str,
    terminal: str,
    person: str,
    seen_at: datetime,
    claimed: str | None = None,
    direction: Movement | None = None,
    method: str = "",
    purpose: str,
    device: str = "",
) -> Request[ReportAnswer]:
    """Note what another system's terminal saw; the report's own id makes the service note it once."""
    asked = {
        "purpose": purpose,
        "device": device,
        "report": report,
        "gallery": gallery,
        "checkpoint": checkpoint,
        "terminal": terminal,
        "person": person,
        "claimed": claimed,
        "direction": direction,
        "method": method,
        "seen_at": seen_at.isoformat(),
    }
    return replace(submit("movement-reports", ReportAnswer, asked), key=report)


def subjects(*, gallery: str, purpose: str, after: str | None = None, limit: int = 50) -> Request[SubjectsAnswer]:
    """A page of a gallery's subjects."""
    query = {"gallery": gallery, "limit": str(limit), **({"after": after} if after else {})}
    return get("subjects", SubjectsAnswer, purpose, **query)


def subject(name: str, *, purpose: str) -> Request[SubjectAnswer]:
    """What may be told of a subject."""
    return get(f"subjects/{quote(name, safe='')}", SubjectAnswer, purpose)


def erasure(name: str, *, purpose: str) -> Request[ErasureAnswer]:
    """Erase a subject for good."""
    return delete(f"subjects/{quote(name, safe='')}", ErasureAnswer, purpose)


def further_encounter(  # noqa: PLR0913 - as many as the operation has
    images: Sequence[Image],
    *,
    subject: str,
    galleries: Sequence[str],
    purpose: str,
    device: str = "",
    despite_duplicates: bool = False,
) -> Request[EnrolmentAnswer]:
    """Keep a further encounter of an enrolled person."""
    asked = {
        "purpose": purpose,
        "device": device,
        "galleries": list(galleries),
        "despite_duplicates": despite_duplicates,
    }
    return submit(_encounters(subject), EnrolmentAnswer, form(asked, images))


def encounters(subject: str, *, purpose: str) -> Request[EncountersAnswer]:
    """Every encounter of a subject."""
    return get(_encounters(subject), EncountersAnswer, purpose)


def encounter_deletion(subject: str, encounter: str, *, purpose: str) -> Request[ChangeAnswer]:
    """Delete an encounter for good."""
    return delete(_encounters(subject, encounter), ChangeAnswer, purpose)


def status_change(subject: str, encounter: str, status: EncounterStatus, *, purpose: str) -> Request[ChangeAnswer]:
    """Say what became of the person."""
    return put(f"{_encounters(subject, encounter)}/status", ChangeAnswer, {"purpose": purpose, "status": status})


def galleries_change(subject: str, encounter: str, galleries: Sequence[str], *, purpose: str) -> Request[ChangeAnswer]:
    """Say where an encounter is searched."""
    asked = {"purpose": purpose, "galleries": list(galleries)}
    return put(f"{_encounters(subject, encounter)}/galleries", ChangeAnswer, asked)


def move(subject: str, encounter: str, *, to: str, purpose: str) -> Request[ChangeAnswer]:
    """Give an encounter to another subject."""
    return submit(f"{_encounters(subject, encounter)}/move", ChangeAnswer, {"purpose": purpose, "to": to})


def merge(subject: str, *, into: str, purpose: str) -> Request[ChangeAnswer]:
    """Join two subjects that are one person."""
    return submit(f"subjects/{quote(subject, safe='')}/merge", ChangeAnswer, {"purpose": purpose, "into": into})


def unmerge(subject: str, *, purpose: str) -> Request[ChangeAnswer]:
    """Take a merge back."""
    return submit(f"subjects/{quote(subject, safe='')}/unmerge", ChangeAnswer, {"purpose": purpose})


def galleries(*, purpose: str) -> Request[GalleriesAnswer]:
    """The galleries that the caller reaches."""
    return get("galleries", GalleriesAnswer, purpose)


def new_gallery(name: str, *, purpose: str) -> Request[GalleryAnswer]:
    """Make a gallery."""
    return submit("galleries", GalleryAnswer, {"purpose": purpose, "gallery": name})


def gallery_deletion(name: str, *, purpose: str) -> Request[GalleryDeletionAnswer]:
    """Delete an empty gallery."""
    return delete(f"galleries/{quote(name, safe='')}", GalleryDeletionAnswer, purpose)


def devices(*, purpose: str) -> Request[DevicesAnswer]:
    """The devices in force."""
    return get("devices", DevicesAnswer, purpose)


def new_device(  # noqa: PLR0913 - as many as a device has
    name: str,
    *,
    title: str,
    certificate: str,
    scopes: Sequence[Scope],
    galleries: Sequence[str],
    purposes: Sequence[str],
    purpose: str,
) -> Request[DeviceAnswer]:
    """Register a device."""
    rights = {"scopes": list(scopes), "galleries": list(galleries), "purposes": list(purposes)}
    asked = {"purpose": purpose, "id": name, "name": title, "certificate": certificate, **rights}
    return submit("devices", DeviceAnswer, asked)


def device_revocation(name: str, *, purpose: str) -> Request[DeviceRevocationAnswer]:
    """Revoke a device."""
    return delete(f"devices/{quote(name, safe='')}", DeviceRevocationAnswer, purpose)


def events(*, purpose: str, after: int = 0, limit: int = 50) -> Request[EventsAnswer]:
    """A page of the audit log."""
    return get("audit-events", EventsAnswer, purpose, after=str(after), limit=str(limit))


def _encounters(subject: str, encounter: str | None = None) -> str:
    path = f"subjects/{quote(subject, safe='')}/encounters"
    return path if encounter is None else f"{path}/{quote(encounter, safe='')}"
