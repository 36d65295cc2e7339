"""Releases and visits as requests."""

from collections.abc import Sequence

from biometric_service.api.operations.release_wire import (
    ReleaseAnswer,
    ReleaseCheckAnswer,
    ReleasesAnswer,
    VisitAnswer,
    VisitCheckAnswer,
    VisitsAnswer,
)
from biometric_service.client.images import Image, form
from biometric_service.client.request import Request, get, quoted, submit
from biometric_service.vocabulary.releases import ReleaseKind


def releases(*, ended: bool = False, after: int = 0, purpose: str) -> Request[ReleasesAnswer]:
    """A page of the open releases, or of those that are over."""
    return get("releases", ReleasesAnswer, purpose, ended=str(ended).lower(), after=str(after))


def new_release(  # noqa: PLR0913 - as many as a release has
    subject: str, *, kind: ReleaseKind, gallery: str, legal_basis: str, destination: str = "", purpose: str
) -> Request[ReleaseAnswer]:
    """Open a release or transfer."""
    asked = {"kind": kind, "subject": subject, "gallery": gallery, "legal_basis": legal_basis}
    return submit("releases", ReleaseAnswer, {"purpose": purpose, "destination": destination, **asked})


def release(name: str, *, purpose: str) -> Request[ReleaseAnswer]:
    """How a release stands, and what stands against it."""
    return get(f"releases/{quoted(name)}", ReleaseAnswer, purpose)


def release_check(
    images: Sequence[Image], *, release: str, purpose: str, device: str = ""
) -> Request[ReleaseCheckAnswer]:
    """Compare who is to go with the record, and with everybody else."""
    asked = {"purpose": purpose, "device": device}
    return submit(f"releases/{quoted(release)}/checks", ReleaseCheckAnswer, form(asked, images))


def release_confirmation(name: str, *, purpose: str) -> Request[ReleaseAnswer]:
    """Confirm a release; the second officer lets the person go."""
    return submit(f"releases/{quoted(name)}/confirmations", ReleaseAnswer, {"purpose": purpose})


def release_cancellation(name: str, *, purpose: str) -> Request[ReleaseAnswer]:
    """Call a release off."""
    return submit(f"releases/{quoted(name)}/cancellation", ReleaseAnswer, {"purpose": purpose})


def visits(*, left: bool = False, after: int = 0, purpose: str) -> Request[VisitsAnswer]:
    """A page of who is in, or has left."""
    return get("visits", VisitsAnswer, purpose, left=str(left).lower(), after=str(after))


def visit(name: str, *, purpose: str) -> Request[VisitAnswer]:
    """One visit."""
    return get(f"visits/{quoted(name)}", VisitAnswer, purpose)


def new_visit(  # noqa: PLR0913 - as many as the operation has
    images: Sequence[Image],
    *,
    gallery: str,
    claimed: str | None = None,
    host: str | None = None,
    zone: str | None = None,
    purpose: str,
    device: str = "",
) -> Request[VisitCheckAnswer]:
    """Let a visitor in who is one."""
    asked = {
        "purpose": purpose,
        "device": device,
        "gallery": gallery,
        "claimed": claimed,
        "host": host,
        "zone": zone,
    }
    return submit("visits", VisitCheckAnswer, form(asked, images))


def leaving(images: Sequence[Image], *, visit: str, purpose: str, device: str = "") -> Request[VisitCheckAnswer]:
    """Let a visitor out who is the one who came in."""
    asked = {"purpose": purpose, "device": device}
    return submit(f"visits/{quoted(visit)}/leaving", VisitCheckAnswer, form(asked, images))
