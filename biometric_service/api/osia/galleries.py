"""Galleries by OSIA's contract, which has no operation that makes one: keeping somebody in it does."""

from collections.abc import Iterable

from biometric_service.api.osia.errand import Errand
from biometric_service.api.osia.schemas.encounter import PersonIds
from biometric_service.api.osia.schemas.parameters import LONGEST_PAGE, Deferrable, GalleryReading
from biometric_service.api.osia.schemas.sets import Nothing
from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.references.refusals import check_gallery_name, gallery_unknown
from biometric_service.vocabulary.events import EventKind
from biometric_service.vocabulary.references import EncounterKey, GalleryId


def read_galleries(errand: Errand, _: Deferrable, __: Nothing) -> list[str]:
    """The galleries that the caller reaches."""
    errand.services.store.record(errand.event(EventKind.GALLERIES_LISTED))
    return [str(gallery) for gallery in errand.seen(errand.services.store.galleries())]


def read_content(errand: Errand, asked: GalleryReading, _: Nothing) -> list[PersonIds]:
    """Who is in a gallery, encounter by encounter; at most 10,000 at a time."""
    limit = min(asked.limit, LONGEST_PAGE)
    listed = [PersonIds(person_id=key.subject, encounter_id=key.encounter) for key in _stretch(errand, asked, limit)]
    details = {"offset": str(asked.offset), "listed": str(len(listed))}
    listing = errand.event(EventKind.SUBJECTS_LISTED, None, asked.gallery_id, details)
    errand.services.store.record(listing)
    return listed


def make_galleries(errand: Errand, galleries: Iterable[GalleryId]) -> None:
    """Make those that there are not yet; GALLERY_UNKNOWN where the settings forbid it, REQUEST_INVALID for ALL."""
    store = errand.services.store
    for gallery in sorted(set(galleries) - set(store.galleries())):
        check_gallery_name(gallery)
        if not errand.services.settings.osia_make_galleries:
            raise gallery_unknown(gallery)
        _make(errand, gallery)


def _make(errand: Errand, gallery: GalleryId) -> None:
    try:
        errand.services.store.create_gallery(gallery, errand.event(EventKind.GALLERY_CREATED, None, gallery))
    except BiometricServiceError as fault:  # somebody else made it meanwhile
        if fault.code is not ErrorCode.GALLERY_EXISTS:
            raise


def _stretch(errand: Errand, asked: GalleryReading, limit: int) -> list[EncounterKey]:
    """The keys from ``offset`` on; the pages before are walked over, for OSIA counts where the store names."""
    members, after, skipped = errand.services.walk.encounters.members, None, 0
    while skipped < asked.offset:
        page = members(asked.gallery_id, after, min(LONGEST_PAGE, asked.offset - skipped))
        if not page:
            return []
        after, skipped = page[-1], skipped + len(page)
    return list(members(asked.gallery_id, after, limit))
