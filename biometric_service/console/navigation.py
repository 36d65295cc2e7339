"""Which pages are offered, in groups, and what a caller must be allowed to see one."""

from collections.abc import Iterator
from dataclasses import dataclass

from biometric_service.vocabulary.access import Principal, Scope
from biometric_service.vocabulary.references import ALL_GALLERIES


@dataclass(frozen=True, slots=True)
class Entry:
    """A page in the navigation. ``name``: of its text under ``nav``, and of its template's ``here``.

    ``scopes``: any one of them is enough; none: everybody. ``key``: pressed after g, it leads there.
    ``everywhere``: only for who reaches every gallery.
    """

    name: str
    path: str
    scopes: frozenset[Scope]
    key: str
    everywhere: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Pages that belong together. ``name``: of its text under ``nav.groups``."""

    name: str
    entries: tuple[Entry, ...]


def _entry(name: str, path: str, key: str, *scopes: Scope, everywhere: bool = False) -> Entry:
    return Entry(name, path, frozenset(scopes), key, everywhere)


RECOGNISE = (Scope.IDENTIFY, Scope.VERIFY, Scope.ENCOUNTER_WRITE, Scope.MOVEMENT)
GROUPS = (
    Group(
        "people",
        (
            _entry("workbench", "/recognise", "r", *RECOGNISE),
            _entry("kiosk", "/kiosk", "c", Scope.MOVEMENT),
            _entry("intakes", "/intakes", "n", Scope.ENCOUNTER_WRITE),
            _entry("subjects", "/subjects", "s", Scope.GALLERY_READ),
            _entry("adjudications", "/adjudications", "j", Scope.ADJUDICATE),
        ),
    ),
    Group(
        "day",
        (
            _entry("whereabouts", "/whereabouts", "w", Scope.WHEREABOUTS_READ),
            _entry("musters", "/musters", "m", Scope.MUSTER),
            _entry("orders", "/orders", "o", Scope.WHEREABOUTS_READ),
            _entry("manual_checks", "/manual-checks", "h", Scope.MANUAL_CHECK),
            _entry("releases", "/releases", "e", Scope.RELEASE),
            _entry("visits", "/visits", "v", Scope.VISIT),
        ),
    ),
    Group(
        "agencies",
        (
            _entry("agreements", "/agreements", "b", Scope.SHARING_APPROVE),
            _entry("agency_requests", "/agency-requests", "q", Scope.SHARING_APPROVE),
            _entry("disclosures", "/disclosures", "f", Scope.SHARING_APPROVE),
            _entry("received", "/received-disclosures", "u", Scope.SHARING_APPROVE),
            _entry("held", "/held-transactions", "x", Scope.TRANSACTION_READ, everywhere=True),
        ),
    ),
    Group(
        "administration",
        (
            _entry("places", "/places", "p", Scope.PLACE_READ),
            _entry("devices", "/devices", "d", Scope.DEVICE_READ),
            _entry("galleries", "/galleries", "l", Scope.GALLERY_READ),
            _entry("api_keys", "/keys", "k", Scope.KEY_WRITE),
            _entry("thresholds", "/thresholds", "t", Scope.GALLERY_READ),
            _entry("statistics", "/statistics", "i", Scope.AUDIT_READ),
            _entry("observatory", "/observatory", "y", Scope.STATISTICS_READ),
            _entry("audit", "/audit", "a", Scope.AUDIT_READ),
        ),
    ),
)
"""Add a page here, once it has a route."""


def offered(principal: Principal) -> Iterator[Group]:
    """The groups with what somebody may open."""
    for group in GROUPS:
        entries = tuple(entry for entry in group.entries if may_open(entry, principal))
        if entries:
            yield Group(group.name, entries)


def may_open(entry: Entry, principal: Principal) -> bool:
    """Whether somebody may open the page."""
    reaches = not entry.everywhere or ALL_GALLERIES in principal.galleries
    return reaches and (not entry.scopes or not entry.scopes.isdisjoint(principal.scopes))


def home(principal: Principal) -> str | None:
    """Where somebody begins; None where there is no page for them."""
    return next((entry.path for group in offered(principal) for entry in group.entries), None)
