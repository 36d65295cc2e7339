"""One checkpoint: asks the service while that answers, decides on its slice while it does not, and tells it later.

It needs no camera: whoever has images or templates of a person calls ``check``, and ``keep_up`` every moment, from one
thread or several. Clock and link are handed in, so that a day can be simulated.
"""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil
from threading import Lock
from time import monotonic
from typing import Final

from biometric_service.api.access.throttle import TokenBuckets
from biometric_service.checkpoint.answers import CheckpointAnswer, CheckpointState, OnlineAnswer, Step
from biometric_service.checkpoint.by_hand import Among, ByHand, confirm_by_hand
from biometric_service.checkpoint.by_keys import ByKeys, confirm_by_keys, enough_officers
from biometric_service.checkpoint.device_disk import DeviceDisk
from biometric_service.checkpoint.held import HeldSlice
from biometric_service.checkpoint.identity import DeviceIdentity
from biometric_service.checkpoint.link import Asked, Breaker
from biometric_service.checkpoint.offline import decide_offline
from biometric_service.checkpoint.receiving import SKEW, ReceivedSlice, expired, receive
from biometric_service.client.faults import NoAnswer
from biometric_service.errors import FAULTS_OF_AN_IMAGE, BiometricServiceError, ErrorCode
from biometric_service.recognition.passing import require_gallery_of
from biometric_service.vocabulary.decisions import Passage
from biometric_service.vocabulary.events import Caller
from biometric_service.vocabulary.movements import Ground
from biometric_service.vocabulary.places import Post
from biometric_service.vocabulary.references import ChangeNumber, GalleryId
from biometric_service.vocabulary.samples import Modality
from biometric_service.vocabulary.slices import STANDING, WHOLE, Standing
from biometric_service.vocabulary.statements import read_statement

NOT_FOLLOWING: Final = frozenset(
    {ErrorCode.SLICE_ROLLED_BACK, ErrorCode.SLICE_INVALID, ErrorCode.REQUEST_INVALID, ErrorCode.SLICE_UNTRUSTED}
)
"""Faults of a delta that a whole slice need not have."""
MARK_EVERY: Final = timedelta(seconds=30)
PATIENCE_S: Final = 2.0
"""How long two officers wait for a slice that is on its way, of which a whole one may take minutes."""
_AT_THIS_POST: Final = "post"
"""Whose wrong keys are counted: everybody's, since nobody knows who they are."""


@dataclass(frozen=True, slots=True)
class CheckpointRules:
    """``post``: its id. ``purpose``: of every decision. ``renew``: how often the slice is brought up to date, s.

    ``fingers``: whether there is a finger reader. ``service_key``: the only signer that is believed (hex), empty to
    believe the first. ``gallery``: who may be there, empty for those of the post.
    ``officers``: the gallery of those who may answer for somebody by hand; empty for nobody.
    """

    post: str
    purpose: str = "movement"
    renew: float = 60.0
    fingers: bool = False
    service_key: str = ""
    gallery: str = ""
    officers: str = ""


class Checkpoint:
    """Safe in threads. DEVICE_REVOKED from everything once the service has revoked this device."""

    def __init__(  # noqa: PLR0913, PLR0917 - what it is, what it holds, whom it asks, and when it is
        self,
        rules: CheckpointRules,
        identity: DeviceIdentity,
        disk: DeviceDisk,
        held: HeldSlice,
        link: Breaker,
        clock: Callable[[], datetime],
        wrong_keys: TokenBuckets,
    ) -> None:
        self._rules, self._identity, self._disk, self._held = rules, identity, disk, held
        self._link, self._clock, self._wrong_keys = link, clock, wrong_keys
        self._renewed: datetime | None = None
        self._renewing = Lock()
        self._mark = disk.mark.read()
        self._begin()

    def check(self, asked: Asked) -> CheckpointAnswer:
        """May this person pass? Asked again under the same id, it is the same passage.

        SLICE_EXPIRED where neither the service answers nor a slice holds; NOT_AUTHENTICATED, NOT_AUTHORISED;
        REQUEST_INVALID where the post is of another gallery.
        """
        self._require_unlocked()
        begun, asked = monotonic(), self._placed(asked)
        try:
            with self._known_there():
                answer = self._shown(asked, self._link.check(asked))
        except NoAnswer:
            answer = self._decided_here(asked)
        except BiometricServiceError as fault:
            answer = self._shown(asked, _of_this_image(fault))
        return replace(answer, took=monotonic() - begun)

    def confirm(self, asked: ByHand) -> CheckpointAnswer:
        """Let two officers answer for somebody, whom this device recognises on its slice.

        With the line up as without: the service learns of it from the queue. SUBJECT_UNKNOWN, GALLERY_UNKNOWN,
        REQUEST_INVALID where the post is of another gallery.
        """

        def decide() -> OnlineAnswer:
            among = Among(self.gallery(), GalleryId(self._rules.officers))
            return confirm_by_hand(self._held, asked, among, self._caller())

        return self._decided_by_hand(asked.id, decide)

    def confirm_by_keys(self, asked: ByKeys) -> CheckpointAnswer:
        """Let two officers say who somebody is, each by a key of their own; as ``confirm``, but that it may be a pass.

        While the service answers, it says first whose keys hold: what it said a moment ago counts with the line cut.
        RATE_LIMITED where wrong keys were given too often.
        """

        def decide() -> OnlineAnswer:
            people, now = self.gallery(), self._clock()
            wait = self._wrong_keys.wait(_AT_THIS_POST)
            if wait:
                raise BiometricServiceError.of(ErrorCode.RATE_LIMITED, "wrong_keys", seconds=ceil(wait))
            said = confirm_by_keys(self._held, asked, people, self._caller(), now)
            if said.ground == Ground.NOT_CERTAIN:
                self._wrong_keys.take(_AT_THIS_POST)
            return said

        self._require_unlocked()
        self._learn_whose_keys_hold()
        return self._decided_by_hand(asked.id, decide)

    def keep_up(self) -> CheckpointState:
        """Tell the service what waits, and bring the slice up to date where it is time; as far as the link allows."""
        self._require_unlocked()
        try:
            with suppress(NoAnswer), self._known_there():
                self._tell()
                self._renew_in_time()
        finally:
            self._forget_expired()
        self._note_time()
        return self.state()

    @property
    def post(self) -> Post | None:
        """The post, as the slice tells of it; None before the first one."""
        rules = self._held.rules
        return None if rules is None else rules.post

    def gallery(self) -> GalleryId:
        """Who may be here, as far as it is known; REQUEST_INVALID where the post is of another gallery.

        The service refuses it too: with the line cut nobody passes whom it would not let pass.
        """
        post, named = self.post, GalleryId(self._rules.gallery)
        if post is None:
            return named
        if named:
            require_gallery_of(post, named)
        return named or post.gallery

    @property
    def by_hand(self) -> bool:
        """Whether two officers may answer for somebody at this device."""
        return bool(self._rules.officers)

    @property
    def by_keys(self) -> bool:
        """Whether two officers may do so by keys of their own: the slice has those of two at the least."""
        return enough_officers(self._held.officers, self._clock())

    def state(self) -> CheckpointState:
        """How it stands."""
        now, counts = self._clock(), self._disk.queue.counts()
        head = self._held.head
        return CheckpointState(
            post=self._rules.post,
            linked=self._link.up,
            waiting=counts["waiting"],
            refused=counts["refused"],
            slice=None if head is None else head.number,
            age=self._held.age(now),
            stale=self._held.stale(now),
            locked=self._disk.locked,
        )

    def _begin(self) -> None:
        """Take up what lies on the disk; what does not hold any more, or was changed, is asked for anew."""
        if self._disk.locked:  # perhaps the power went before all was wiped
            self._disk.vault.wipe()
            return
        try:
            found = self._disk.vault.held()
            if found is not None:
                self._require_newest(found)
                self._held.take(found)
        except BiometricServiceError:
            self._held.drop()
            self._disk.vault.wipe()
        self._forget_expired()

    def _require_newest(self, found: ReceivedSlice) -> None:
        """SLICE_EXPIRED unless nothing newer was ever here, and nobody else signed it."""
        believed = self._rules.service_key or self._mark.service_key or found.public_key
        if found.head.number < self._mark.number or found.public_key != believed:
            raise expired("An older one, or another service's, was put in its place.")

    def _placed(self, asked: Asked) -> Asked:
        return replace(asked, gallery=self.gallery())

    def _decided_here(self, asked: Asked) -> CheckpointAnswer:
        self._require_clock()
        with self._held.lock:
            now = self._clock()
            head = self._held.require(now)
            said = decide_offline(self._held, asked, self._caller())
            answer = self._shown(asked, said)
            return replace(answer, slice=head.number, age=self._held.age(now))

    def _decided_by_hand(self, passage: str, decide: Callable[[], OnlineAnswer]) -> CheckpointAnswer:
        """One at a time, on the slice, whether the line is up or not."""
        self._require_unlocked()
        self._require_clock()
        begun = monotonic()
        with self._held.lock:
            head, age = self._held.require(self._clock()), self._held.age(self._clock())
            said = decide()
        step = Step.MANUAL if said.ground == Ground.NOT_CERTAIN else Step.NONE
        return CheckpointAnswer(
            passage, said.passage, said.subject, said.reasons, step, said.advice, said.ground, head.number, age,
            monotonic() - begun,
        )  # fmt: skip

    def _caller(self) -> Caller:
        return Caller(f"device:{self._identity.id}", self._rules.purpose, self._identity.id)

    def _shown(self, asked: Asked, said: OnlineAnswer) -> CheckpointAnswer:
        step = self._next(asked, said)
        return CheckpointAnswer(asked.id, said.passage, said.subject, said.reasons, step, said.advice, said.ground)

    def _next(self, asked: Asked, said: OnlineAnswer) -> Step:
        """Face, then finger, then two officers; a person who is known and must not pass has none."""
        if said.passage is Passage.PASS or (said.passage is Passage.STOP and said.ground not in _DOUBTFUL):
            return Step.NONE
        tried = {each.modality for each in asked.images}
        if said.passage is Passage.RECAPTURE and len(asked.images) == 1:
            return Step.AGAIN
        return Step.FINGER if self._rules.fingers and Modality.FINGERPRINT not in tried else Step.MANUAL

    def _tell(self) -> None:
        """What the service refuses is set aside, so that it holds up nothing that comes after it."""
        queue = self._disk.queue
        while (event := queue.first()) is not None:
            try:
                self._link.tell(event)
            except BiometricServiceError as fault:
                if fault.code is ErrorCode.NOT_AUTHENTICATED:
                    raise
                queue.refused(event.id, str(fault))
            else:
                queue.told(event.id)

    def _renew_in_time(self) -> None:
        """A line that was dead is tried at once: this is how it is found to be back."""
        now = self._clock()
        lately = self._renewed is not None and timedelta() <= now - self._renewed < timedelta(seconds=self._rules.renew)
        if lately and self._link.up:
            return
        with self._renewing:
            self._renew(awaited=False)

    def _learn_whose_keys_hold(self) -> None:
        if self._link.up and self._renewing.acquire(timeout=PATIENCE_S):
            try:
                with suppress(NoAnswer), self._known_there():
                    self._renew(awaited=True)
            finally:
                self._renewing.release()

    def _renew(self, *, awaited: bool) -> None:
        now, held = self._clock(), self._held.head
        try:
            self._take(held.change if held else WHOLE, awaited=awaited)
        except BiometricServiceError as fault:
            if held is None or fault.code not in NOT_FOLLOWING:
                raise
            self._take(WHOLE, awaited=awaited)
        self._renewed = now

    def _take(self, base: ChangeNumber, *, awaited: bool) -> None:
        data = self._link.slice(base, awaited=awaited)
        believed = self._rules.service_key or self._mark.service_key
        held = self._held.head
        received = receive(data, self._identity, believed, held, self._clock())
        if received.head.number <= self._mark.number:
            raise expired("An older one was sent.")
        self._held.take(received)
        self._disk.vault.keep(received)
        self._mark = replace(self._mark, number=received.head.number, service_key=received.public_key)
        self._write_mark(max(self._mark.seen, received.head.issued_at))

    def _forget_expired(self) -> None:
        """A slice that holds no longer is of no use but to a thief."""
        head = self._held.head
        if head is not None and self._clock() >= head.expires_at:
            self._held.drop()
            self._disk.vault.wipe()

    @contextmanager
    def _known_there(self) -> Iterator[None]:
        """Where the service does not know this device any more, why is asked as well."""
        try:
            yield
        except BiometricServiceError as fault:
            if fault.code is ErrorCode.NOT_AUTHENTICATED:
                self._learn_standing()
            raise

    def _learn_standing(self) -> None:
        """Wipe everything where the service, by its signature, says that this device is revoked."""
        nonce = secrets.token_hex(16)
        try:
            statement = self._link.standing(nonce)
            said = read_statement(statement)
        except (NoAnswer, BiometricServiceError):
            return
        believed = self._rules.service_key or self._mark.service_key
        wanted = (STANDING, self._identity.id, nonce, Standing.REVOKED.value)
        told = tuple(said.fields.get(name) for name in ("kind", "device", "nonce", "standing"))
        if told == wanted and (not believed or said.public_key == believed):
            self._held.drop()
            self._disk.lock(statement)
            self._require_unlocked()

    def _require_unlocked(self) -> None:
        if self._disk.locked:
            raise BiometricServiceError.of(ErrorCode.DEVICE_REVOKED, "wiped")

    def _require_clock(self) -> None:
        if self._clock() < self._mark.seen - SKEW:
            raise expired("The clock of this device was put back.")

    def _note_time(self) -> None:
        now = self._clock()
        if now - self._mark.seen >= MARK_EVERY:
            self._write_mark(now)

    def _write_mark(self, seen: datetime) -> None:
        self._mark = replace(self._mark, seen=seen)
        self._disk.mark.write(self._mark)


_DOUBTFUL: Final = frozenset({Ground.UNKNOWN_PERSON.value, ""})
"""Grounds of a stop that another characteristic may lift."""


def _of_this_image(fault: BiometricServiceError) -> OnlineAnswer:
    """What another picture, or another characteristic, may settle; any other fault is raised."""
    if fault.code in FAULTS_OF_AN_IMAGE:
        return OnlineAnswer(Passage.RECAPTURE, None, (fault.what,), (fault.do,), Ground.NOT_USABLE.value)
    if fault.code is ErrorCode.MODALITY_UNAVAILABLE:
        return OnlineAnswer(Passage.REVIEW, None, (fault.what,), (), Ground.SEARCH_INCOMPLETE.value)
    raise fault
