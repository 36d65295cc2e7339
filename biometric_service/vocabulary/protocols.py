"""What each stage of the walk promises to the next; the composition root chooses who keeps the promise."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from biometric_service.vocabulary.access import ApiKey, Device
from biometric_service.vocabulary.adjudication import Case, Likened, NewCase, ProbeImage, Review, Verdict
from biometric_service.vocabulary.candidates import (
    ANY_CONDITIONS,
    ComparisonScore,
    Conditions,
    Probe,
    ScoreCurve,
    Shortlist,
)
from biometric_service.vocabulary.drift import DaySketch, Fold, Stream
from biometric_service.vocabulary.events import AuditEvent, Caller, RecordedEvent
from biometric_service.vocabulary.officer_keys import OfficerKeyStore
from biometric_service.vocabulary.quality import AttackAssessment, ExtractionFailure, QualityAssessment
from biometric_service.vocabulary.references import (
    UNGUARDED,
    Change,
    ChangeNumber,
    Encounter,
    EncounterId,
    EncounterKey,
    EncounterStatus,
    GalleryId,
    Guard,
    KeptEncounter,
    ModelInUse,
    Once,
    Overdue,
    Reextracted,
    Reference,
    ReferenceId,
    RetentionRule,
    StoredImage,
    SubjectId,
    SubjectSummary,
)
from biometric_service.vocabulary.samples import BiometricSample, FrameSignature, LocatedSample, Modality
from biometric_service.vocabulary.sessions import SessionStore
from biometric_service.vocabulary.tasks import Commission, TaskDelivery, TaskState, TaskWork
from biometric_service.vocabulary.templates import Template, TemplateFormat
from biometric_service.vocabulary.trace import SILENT, Trace


class Extractor(Protocol):
    """Finds the characteristic in a sample and makes a template of it; pure, deterministic, thread-safe."""

    @property
    def format(self) -> TemplateFormat:
        """Of the templates it makes."""

    def locate(self, sample: BiometricSample, trace: Trace = SILENT) -> LocatedSample | ExtractionFailure:
        """Find the finger's ridge area or the subject's face."""

    def extract(self, located: LocatedSample, trace: Trace = SILENT) -> Template | ExtractionFailure:
        """Make the template."""


class QualityAssessor(Protocol):
    """Says how good a located sample is and what to do about it."""

    def assess(self, located: LocatedSample) -> QualityAssessment:
        """Assess one located sample."""


class AttackDetector(Protocol):
    """Says how likely a sample is a presentation attack (ISO/IEC 30107)."""

    def assess(self, located: LocatedSample) -> AttackAssessment:
        """Assess one located sample."""


class ComparisonBank(Protocol):
    """References of one format held in the form the comparator is fastest on; rows are stable until removed.

    Safe for concurrent ``scores`` beside writers.
    """

    def __len__(self) -> int:
        """How many rows there are in use."""

    def add(self, template: Template) -> int:
        """Hold a template; returns its row. Fingerprints are added by several threads at a time."""

    def remove(self, row: int) -> None:
        """Forget a row; its number may be given out again."""

    def scores(self, probe: Template, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Raw scores, float32 (len(rows),), of the probe against the given rows; higher is more alike."""


@runtime_checkable
class KeyedBank(ComparisonBank, Protocol):
    """A bank whose highest scores an inner product finds: of a row's key with the probe's query."""

    def keys(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Float32 (len(rows), k), the same k for every row."""

    def query(self, probe: Template) -> NDArray[np.float32]:
        """Float32 (k,)."""

    def ceiling(self, probe: Template, product: float) -> float:
        """No row whose key has this inner product with the query, or a lower one, has a higher raw score."""

    def between(self, row: int, other: int, share: float) -> Template:
        """What a sample as much like one row as like another might give; ``share``: of the first, 0 to 1."""


class Comparator(Protocol):
    """Compares templates of one format; raises TEMPLATE_VERSION_MISMATCH on any other."""

    @property
    def name(self) -> str:
        """Names its calibration in a model's manifest."""

    @property
    def version(self) -> str:
        """Part of what its calibration holds for: changes whenever raw scores may."""

    @property
    def calibration(self) -> ScoreCurve:
        """What is known of its scores."""

    @property
    def format(self) -> TemplateFormat:
        """Of the templates it compares."""

    def compare(self, probe: Template, reference: Template, trace: Trace = SILENT) -> float:
        """Raw score of one comparison, higher is more alike."""

    def bank(self) -> ComparisonBank:
        """A new empty bank."""

    def calibrate(self, raw: float, conditions: Conditions = ANY_CONDITIONS) -> ComparisonScore:
        """The raw score as -log10 FMR, for the sensor class and the finger where the calibration tells them apart."""


class GalleryIndex(Protocol):
    """Derived from the store, rebuildable, holds opaque ids. One index holds references of one template format."""

    @property
    def format(self) -> TemplateFormat:
        """Of the references it holds."""

    @property
    def applied(self) -> ChangeNumber:
        """The number of the last change that it took."""

    def __len__(self) -> int:
        """How many references it holds."""

    def apply(self, number: ChangeNumber, change: Change) -> None:
        """Take one change of the store, in order; references of other formats are passed over.

        A change at or below ``applied`` is ignored, so that replay has no effect.
        """

    def expect(self, number: ChangeNumber) -> None:
        """Learn how far the store has got; until that is applied, a search says that it is not complete."""

    def search(self, probe: Probe, limit: int) -> Shortlist:
        """The best reference of each of the ``limit`` best subjects, best first, so that no subject hides another.

        A fingerprint of a known position is compared with references of that or unknown position, of an unknown
        position with all. Raises TEMPLATE_VERSION_MISMATCH for a probe of another format.
        """

    def search_together(self, probes: Sequence[Probe], limit: int) -> tuple[Shortlist, ...]:
        """A shortlist for each of the probes, which are of one person, as ``search`` for a single one.

        Several probes choose between them whom they list: the ``limit`` subjects for whom all together speak most,
        and those for whom one of them speaks most, whatever the others say.
        """


class ReferenceStore(Protocol):
    """The only durable truth. Every write is one transaction with its audit event; a fault leaves nothing behind."""

    def create_gallery(self, gallery: GalleryId, event: AuditEvent) -> None:
        """Make a gallery; GALLERY_EXISTS where it is there, REQUEST_INVALID for the reserved name ALL."""

    def delete_gallery(self, gallery: GalleryId, event: AuditEvent) -> None:
        """Delete a gallery that nobody is in; GALLERY_UNKNOWN, GALLERY_NOT_EMPTY."""

    def galleries(self) -> Sequence[GalleryId]:
        """Every gallery, by name."""

    def enrol(self, encounter: Encounter, event: AuditEvent, guard: Guard = UNGUARDED) -> ChangeNumber:
        """Keep an encounter of a new subject; SUBJECT_EXISTS, GALLERY_UNKNOWN, MODELS_DIFFER."""

    def add_encounter(self, encounter: Encounter, event: AuditEvent, guard: Guard = UNGUARDED) -> ChangeNumber:
        """Keep a further encounter of a known subject.

        SUBJECT_UNKNOWN, SUBJECT_MERGED, ENCOUNTER_EXISTS, GALLERY_UNKNOWN, VERSION_MISMATCH (of the subject).
        """

    def erase(self, subject: SubjectId, event: AuditEvent, guard: Guard = UNGUARDED) -> ChangeNumber:
        """Destroy the subject's key and rows; SUBJECT_UNKNOWN, SUBJECT_MERGED, VERSION_MISMATCH, RELEASE_REQUIRED."""

    def enrolling(self) -> AbstractContextManager[None]:
        """Held by one enrolment at a time, in all threads and processes; STORE_BUSY where that takes too long.

        It ends with the process that holds it.
        """

    def record(self, event: AuditEvent) -> int:
        """Append an event that changes nothing else; returns its number."""

    def subject(self, subject: SubjectId) -> SubjectSummary:
        """What may be told of a subject, or of where it was merged into; SUBJECT_UNKNOWN."""

    def subjects(self, gallery: GalleryId, after: SubjectId | None, limit: int) -> Sequence[SubjectSummary]:
        """Subjects of a gallery (or ALL_GALLERIES) by id, after the given one; GALLERY_UNKNOWN."""

    def is_searched(self, gallery: GalleryId) -> bool:
        """Whether there is anybody whom a search of the gallery (or ALL_GALLERIES) is among."""

    def references(self, subject: SubjectId) -> Sequence[Reference]:
        """The subject's references, or those of where it was merged into, decrypted; SUBJECT_UNKNOWN."""

    def references_of(
        self, subjects: Collection[SubjectId], formats: Collection[TemplateFormat]
    ) -> Mapping[SubjectId, Sequence[Reference]]:
        """The references of several subjects, of these formats alone, decrypted; whoever is unknown is left out."""

    def image(self, reference: ReferenceId) -> bytes:
        """The image, as it was given, that a reference was made from; SUBJECT_UNKNOWN."""

    def changes(self, after: ChangeNumber, limit: int = 1000) -> Iterator[tuple[ChangeNumber, Change]]:
        """Changes after the given number, in order (``limit`` is the size of a read, not of the answer)."""

    def last_change(self) -> ChangeNumber:
        """The number of the newest change, 0 where there is none."""

    def events(self, after: int, limit: int) -> Sequence[RecordedEvent]:
        """Audit events after the given number, in order."""


class EncounterStore(Protocol):
    """Encounters one by one and whose they are, in the same database and with the promises of ``ReferenceStore``.

    Reads follow the id of a merged subject to where it went; writes refuse it (SUBJECT_MERGED). Guards hold the version
    of what is named first: VERSION_MISMATCH. All raise SUBJECT_UNKNOWN and, where one is named, ENCOUNTER_UNKNOWN.
    """

    def encounter(self, key: EncounterKey) -> KeptEncounter:
        """One encounter, decrypted."""

    def encounters(self, subject: SubjectId) -> Sequence[KeptEncounter]:
        """All of a subject, oldest first, decrypted."""

    def origins(
        self, references: Collection[ReferenceId], galleries: Collection[GalleryId]
    ) -> Mapping[ReferenceId, EncounterId]:
        """The encounter in these galleries (ALL_GALLERIES for any) that each reference is of; nothing is decrypted."""

    def members(self, gallery: GalleryId, after: EncounterKey | None, limit: int) -> Sequence[EncounterKey]:
        """The encounters of a gallery (or ALL_GALLERIES) by subject and id, after the given one; GALLERY_UNKNOWN."""

    def replace(self, encounter: Encounter, event: AuditEvent, guard: Guard = UNGUARDED) -> ChangeNumber:
        """Put another in the place of the encounter with the same id; GALLERY_UNKNOWN."""

    def delete(self, key: EncounterKey, event: AuditEvent, guard: Guard = UNGUARDED) -> ChangeNumber:
        """Delete an encounter, and with its last one the subject; RELEASE_REQUIRED where somebody inside was lost."""

    def set_status(
        self, key: EncounterKey, status: EncounterStatus, event: AuditEvent, guard: Guard = UNGUARDED
    ) -> ChangeNumber:
        """Say what became of the person since."""

    def set_galleries(
        self, key: EncounterKey, galleries: frozenset[GalleryId], event: AuditEvent, guard: Guard = UNGUARDED
    ) -> ChangeNumber:
        """Say where the encounter is searched; GALLERY_UNKNOWN."""

    def withdraw_consent(
        self, key: EncounterKey, purpose: str, event: AuditEvent, guard: Guard = UNGUARDED
    ) -> ChangeNumber:
        """End a consent as of now; REQUEST_INVALID where there is none in force."""

    def move(self, key: EncounterKey, target: SubjectId, event: AuditEvent, guard: Guard = UNGUARDED) -> ChangeNumber:
        """Give an encounter to another subject; ENCOUNTER_EXISTS. A subject that gave its last is merged."""

    def merge(self, source: SubjectId, target: SubjectId, event: AuditEvent, guard: Guard = UNGUARDED) -> ChangeNumber:
        """Give all encounters to another subject; ENCOUNTER_EXISTS. The source keeps answering with where it went."""

    def unmerge(self, source: SubjectId, event: AuditEvent, guard: Guard = UNGUARDED) -> ChangeNumber:
        """Bring the encounters of a merged subject back to it; STORE_CONFLICT where none can come."""


class RetentionStore(Protocol):
    """How long encounters are kept, and which are over."""

    def set_rule(self, rule: RetentionRule, event: AuditEvent) -> None:
        """Keep the rule, in the place of one for the same gallery and legal basis; GALLERY_UNKNOWN."""

    def drop_rule(self, gallery: GalleryId, legal_basis: str, event: AuditEvent) -> None:
        """End a rule; REQUEST_INVALID where there is none."""

    def rules(self) -> Sequence[RetentionRule]:
        """Every rule, by gallery and legal basis."""

    def overdue(self, now: datetime) -> Iterator[Overdue]:
        """Every encounter that may not be kept any longer, and why."""


class ModelStore(Protocol):
    """Templates of several model versions side by side, never compared across, and which of them are searched."""

    def in_use(self) -> Mapping[Modality, ModelInUse]:
        """Which format is searched, of every modality that was ever switched."""

    def lacking(self, form: TemplateFormat) -> int:
        """How many samples have a template of another version and neither one of this nor a failure to make one."""

    def failed(self, form: TemplateFormat) -> int:
        """How many samples the model could make no template of."""

    def images_lacking(self, form: TemplateFormat, limit: int) -> Sequence[StoredImage]:
        """Some of those that lack one, with their images decrypted."""

    def add_templates(self, form: TemplateFormat, made: Sequence[Reextracted], event: AuditEvent) -> ChangeNumber:
        """Keep what was made beside what there is; samples that are gone by now, or have it, are passed over."""

    def switch(self, form: TemplateFormat, before: str | None, event: AuditEvent) -> ChangeNumber:
        """Search this format from now on, in all processes; STORE_CONFLICT where samples lack it.

        ``before``: the format to go back to where none was ever switched to.
        """


class AnswerStore(Protocol):
    """What was answered to requests that are to be done once; kept for 24 hours."""

    def begin(self, once: Once) -> bytes | None:
        """Take up the request: its answer where it was given already, None where it is the caller's to do now.

        IDEMPOTENCY_KEY_IN_USE, IDEMPOTENCY_KEY_REUSED, SUBJECT_UNKNOWN where the answer named somebody erased since.
        """

    def finish(self, once: Once, answer: bytes, names: Collection[str] = ()) -> None:
        """Keep the answer, until one of the subjects is erased that are among the names."""

    def give_up(self, once: Once) -> None:
        """Nothing was done: the next who asks may do it."""

    def change_made(self, once: Once) -> ChangeNumber | None:
        """The change that the request made, where it was cut off between that and its answer."""


class ApiKeyStore(SessionStore, OfficerKeyStore, Protocol):
    """Keys of callers; each write is one transaction with its audit event."""

    def create(self, key: ApiKey, event: AuditEvent) -> str:
        """Keep the key and return its secret, ``<id>.<random>``, shown this once; STORE_CONFLICT for an id in use."""

    def find(self, secret: str) -> ApiKey | None:
        """The key of a secret in constant time; None where it is unknown, revoked or expired."""

    def revoke(self, key: str, event: AuditEvent) -> None:
        """End the key with this id at once; REQUEST_INVALID where there is none."""

    def keys(self) -> Sequence[ApiKey]:
        """Every key that is neither revoked nor expired."""


class TaskStore(Protocol):
    """Tasks and their results, kept until they are delivered; each write is one transaction.

    Whoever claims a task holds it ``until``; after that moment anybody may claim it again.
    """

    @property
    def signing_key(self) -> bytes:
        """32 bytes, for the signatures of deliveries."""

    def add(self, commission: Commission, most: int, most_of_one: int) -> None:
        """Keep the task; RATE_LIMITED where ``most`` are waiting, or ``most_of_one`` of the actor's."""

    def claim_work(self, now: datetime, until: datetime) -> TaskWork | None:
        """The next task to do, the most urgent first and none before an earlier one about the same subject."""

    def claim_delivery(self, now: datetime, until: datetime) -> TaskDelivery | None:
        """The next result to send."""

    def hold(self, tasks: Collection[str], until: datetime) -> None:
        """Go on holding what was claimed."""

    def finish(self, work: TaskWork, result: bytes, at: datetime, *, failed: bool) -> None:
        """The task is done and its result waits to be sent, unless somebody else has claimed it since."""

    def postpone(self, work: TaskWork, due: datetime) -> None:
        """The task could not be done; it is tried again then, unless somebody else has claimed it since."""

    def delivered(self, task: str) -> None:
        """The result was taken."""

    def undelivered(self, task: str, due: datetime | None) -> None:
        """The result was not taken; it is sent again then, or not at all."""

    def redeliver(self, task: str, now: datetime) -> None:
        """Send the result once more, as soon as there is one; TASK_UNKNOWN."""

    def state(self, task: str) -> TaskState:
        """How far the task has got; TASK_UNKNOWN."""

    def purge(self, before: datetime) -> int:
        """Forget tasks that are over and were given before a moment; returns how many."""


class DeviceStore(Protocol):
    """Devices that may call; each write is one transaction with its audit event."""

    def register(self, device: Device, event: AuditEvent) -> None:
        """Keep the device; DEVICE_EXISTS for an id that was ever given, or a certificate of another one in force."""

    def find(self, fingerprint: str) -> Device | None:
        """The device whose certificate has this SHA-256 (hex); None where it is unknown, revoked or expired."""

    def named(self, device: str) -> Device | None:
        """The device with this id; None where it is unknown, revoked or expired."""

    def revoke(self, device: str, event: AuditEvent) -> None:
        """End the device with this id at once; DEVICE_UNKNOWN."""

    def devices(self) -> Sequence[Device]:
        """Every device that is neither revoked nor expired, by id."""

    def use(self, proof: str, until: datetime) -> bool:
        """Note that a proof was used; False where it was already. It may be forgotten after ``until``."""


class FrameVouching(Protocol):
    """Says which registered scanner took an image, and refuses what is not what it is said to be."""

    def demanded(self, caller: Caller) -> bool:
        """Whether every image must be signed, for this purpose or from this post."""

    def vouched(self, data: bytes, signature: FrameSignature, caller: Caller, use: str) -> Device:
        """The device in force that signed just these pixels, lately, and not for the same ``use`` before.

        FRAME_UNTRUSTED, FRAME_STALE, FRAME_REPLAYED, and what decoding raises.
        """


class CaseStore(Protocol):
    """Keeps cases of adjudication, each change of one with its audit event."""

    def open(self, case: NewCase, event: AuditEvent) -> str:
        """Open the case, unless one of the same two is open; returns the id of the one that is then open."""

    def open_already(self, likened: Likened) -> str | None:
        """The id of the open case of the same two, None where there is none."""

    def case(self, case: str) -> Case:
        """The case with all that was said of it; CASE_UNKNOWN."""

    def cases(self, after: int, limit: int, *, closed: bool) -> Sequence[Case]:
        """Open or closed cases by number, after the given one."""

    def probe(self, case: str) -> Sequence[ProbeImage]:
        """The images of the probe, none once the case is closed; CASE_UNKNOWN."""

    def review(
        self, case: str, review: Review, event: AuditEvent, rule: Callable[[Sequence[Verdict]], Verdict | None]
    ) -> Case:
        """Keep what a reviewer says, and close the case where the rule finds an outcome.

        CASE_UNKNOWN, CASE_CONFLICT.
        """


class DriftStore(Protocol):
    """Keeps what is known of drift, folded from the audit log page by page."""

    def catch_up(self, fold: Fold) -> int:
        """Fold the next page of the audit log in, each event once; returns how many there were."""

    def streams(self) -> Sequence[Stream]:
        """Every stream, by key."""

    def sketches(self, since: date) -> Sequence[DaySketch]:
        """What came in on each day from that one on."""

    def close(self, device: str, event: AuditEvent, *, forget: bool) -> int:
        """End the alarms of a device; returns how many. ``forget``: its past too, which is learned anew then."""
