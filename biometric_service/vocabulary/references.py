"""Who is enrolled: subjects, their encounters, and the references that a gallery holds."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import NewType, TypeAlias

from biometric_service.vocabulary.samples import FingerPosition, Modality, SampleFacts
from biometric_service.vocabulary.templates import Template

SubjectId = NewType("SubjectId", str)
EncounterId = NewType("EncounterId", str)
GalleryId = NewType("GalleryId", str)
ReferenceId = NewType("ReferenceId", int)
ChangeNumber = NewType("ChangeNumber", int)

ALL_GALLERIES = GalleryId("ALL")

CONSENT = "consent"
"""The legal basis that ends with the last consent."""

Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
"""What JSON can say."""


class ExceptionKind(StrEnum):
    """Why a finger could not be captured (ANSI/NIST-ITL AMP codes XX and UP; OSIA's ``presence``)."""

    MISSING = "missing"
    BANDAGED = "bandaged"
    AMPUTATED = "amputated"
    DAMAGED = "damaged"


@dataclass(frozen=True, slots=True)
class CaptureException:
    """A finger that could not be captured at an encounter, why, and since when as far as that is known."""

    position: FingerPosition
    kind: ExceptionKind
    since: date | None = None


class EncounterStatus(StrEnum):
    """What became of a person after an encounter; only an active one is searched in its galleries.

    The references of every other are searched under ALL_GALLERIES alone, so that nobody comes back under another id.
    """

    ACTIVE = "active"
    INACTIVE = "inactive"
    RELEASED = "released"
    TRANSFERRED = "transferred"
    DECEASED = "deceased"


@dataclass(frozen=True, slots=True)
class Consent:
    """What the person agreed to and when; ``withdrawn_at``: None while it stands."""

    purpose: str
    given_at: datetime
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known of an encounter beside its samples.

    ``kind``: the deployer's word for it (booking, visit). ``legal_basis``: why the data may be kept. ``keep_until``:
    None for as long as the retention rules say. ``remarks``: what an interface keeps beside all this, such as items
    that cannot be compared here. ``contextual``, ``biographic``, ``client_data`` and ``remarks`` identify people: the
    store seals them.
    """

    kind: str = ""
    status: EncounterStatus = EncounterStatus.ACTIVE
    legal_basis: str = ""
    consents: tuple[Consent, ...] = ()
    keep_until: datetime | None = None
    contextual: Mapping[str, Json] = field(default_factory=dict)
    biographic: Mapping[str, Json] = field(default_factory=dict)
    client_data: bytes = b""
    remarks: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EnrolledSample:
    """One sample with what was made from it.

    ``image``: as it was given, empty where only a template was. ``templates``: one a model version, none for a sample
    that is kept though nothing could be made of it. ``quality``: 0 to 100, higher is better. ``notes``: what else was
    said of it; sealed with the image.
    """

    sample: SampleFacts
    image: bytes
    templates: tuple[Template, ...]
    quality: float
    notes: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Encounter:
    """One occasion on which a subject was captured; a subject has one or more, all kept."""

    subject: SubjectId
    encounter: EncounterId
    galleries: frozenset[GalleryId]
    at: datetime
    samples: tuple[EnrolledSample, ...]
    exceptions: tuple[CaptureException, ...] = ()
    circumstances: Circumstances = field(default_factory=Circumstances)


@dataclass(frozen=True, slots=True)
class KeptEncounter:
    """An encounter as the store has it.

    ``version`` grows with each change of it, ``changed_at`` says when the last was made. ``encounter.subject`` is whose
    it is now, whatever id it was asked for under.
    """

    encounter: Encounter
    version: int
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class EncounterKey:
    """Names one encounter."""

    subject: SubjectId
    encounter: EncounterId


@dataclass(frozen=True, slots=True)
class Reference:
    """A stored template of a subject, as a gallery index holds it under an opaque id."""

    id: ReferenceId
    subject: SubjectId
    galleries: frozenset[GalleryId]
    template: Template


class CountedFrom(StrEnum):
    """When a retention period begins: at the capture, or when the person was released, transferred or died."""

    CAPTURE = "capture"
    END = "end"


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """How many days an encounter is kept; empty ``gallery`` or ``legal_basis`` for any.

    Of the rules that fit, the more exact ones hold: both named, else the legal basis, else the gallery. Of those for
    several galleries of one encounter the longest holds.
    """

    gallery: GalleryId
    legal_basis: str
    days: int
    counted_from: CountedFrom


@dataclass(frozen=True, slots=True)
class Overdue:
    """An encounter that may not be kept any longer, as it was seen in its ``version``.

    ``held_back``: the person is inside, and would be on no roll once it and all others that are overdue are deleted.
    """

    key: EncounterKey
    version: int
    reason: str
    held_back: bool = False


@dataclass(frozen=True, slots=True)
class StoredImage:
    """An image as it was given at an enrolment, with what is needed to read it again; ``sample``: its number."""

    sample: int
    data: bytes
    modality: Modality
    position: FingerPosition
    dpi: float | None
    device: str


@dataclass(frozen=True, slots=True)
class Reextracted:
    """What another model made of a sample: a template, or the reason why there is none."""

    sample: int
    made: Template | str


@dataclass(frozen=True, slots=True)
class ModelInUse:
    """The format that is searched of a modality, as the store names it, and the one before it."""

    form: str
    before: str | None

    @property
    def model(self) -> str:
        """The name of the model."""
        return model_named(self.form)


def model_named(form: str) -> str:
    """The model in ``<modality>:<model>/<version>``."""
    return form.partition(":")[2].rpartition("/")[0]


@dataclass(frozen=True, slots=True)
class EncounterInShort:
    """When a person was captured, what became of them, and in which galleries that is kept."""

    at: datetime
    status: EncounterStatus
    galleries: frozenset[GalleryId]


@dataclass(frozen=True, slots=True)
class SubjectSummary:
    """What may be listed of a subject: no biometric data.

    ``encounters``: one at least, oldest first. ``version`` grows with each change of the subject or of an encounter.
    ``merged_into``: where a subject that was merged went; all but its id and version is then told of that subject.
    """

    subject: SubjectId
    encounters: tuple[EncounterInShort, ...]
    enrolled_at: datetime
    version: int
    merged_into: SubjectId | None = None

    @property
    def galleries(self) -> frozenset[GalleryId]:
        """Of all its encounters."""
        return frozenset(name for each in self.encounters for name in each.galleries)

    @property
    def searched_in(self) -> frozenset[GalleryId]:
        """Of its active encounters."""
        return frozenset(name for each in self._active for name in each.galleries)

    @property
    def status(self) -> EncounterStatus:
        """Active where one encounter is, else that of the newest."""
        return EncounterStatus.ACTIVE if self._active else self.encounters[-1].status

    @property
    def _active(self) -> Sequence[EncounterInShort]:
        return [each for each in self.encounters if each.status is EncounterStatus.ACTIVE]

    def within(self, reach: Callable[[GalleryId], bool]) -> "SubjectSummary":
        """All that may be told to whoever reaches the subject, but not all of its galleries."""
        told = tuple(
            replace(each, galleries=frozenset(filter(reach, each.galleries)))
            for each in self.encounters
            if any(map(reach, each.galleries))
        )
        same = len(told) == len(self.encounters)
        return replace(self, encounters=told, enrolled_at=self.enrolled_at if same else told[0].at)


@dataclass(frozen=True, slots=True)
class Once:
    """Names a request that is to be done once, however often it is made (for 24 hours).

    ``actor``: whose ``key`` it is. ``request``: SHA-256 of all that was asked, so that no key is used for two
    things.
    """

    actor: str
    key: str
    request: bytes


@dataclass(frozen=True, slots=True)
class Guard:
    """What must hold for a write to be made.

    ``version``: the one that the writer saw of what it writes, None for any. ``once``: under this name the write is
    made once; made again, it changes nothing and gives the number of the change that it made then.
    """

    version: int | None = None
    once: Once | None = None


UNGUARDED = Guard()


@dataclass(frozen=True, slots=True)
class Change:
    """What one commit did to the references."""

    added: tuple[Reference, ...] = ()
    removed: tuple[ReferenceId, ...] = ()
