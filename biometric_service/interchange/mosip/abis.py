"""What MOSIP asks of an ABIS, done by the use cases of this service: each request once, however often it is sent."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from biometric_service.capture.files import ImageLimits
from biometric_service.errors import FAULTS_OF_AN_IMAGE, BiometricServiceError, ErrorCode
from biometric_service.interchange.mosip.messages import (
    Failure,
    MosipRefusal,
    MosipRequest,
    Operation,
    Result,
    read_request,
    written,
)
from biometric_service.interchange.mosip.shares import given_in, records_of
from biometric_service.recognition.identification import identify
from biometric_service.recognition.named_subjects import FewRequest, identify_among
from biometric_service.recognition.recording import event_of
from biometric_service.recognition.requests import Given, GivenImage, GivenTemplate, IdentificationRequest
from biometric_service.recognition.walk import Observation, Walk, observe, require_member, with_template
from biometric_service.templates import native
from biometric_service.vocabulary.candidates import Candidate
from biometric_service.vocabulary.decisions import Decision, Outcome
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.references import (
    Encounter,
    EncounterId,
    EnrolledSample,
    GalleryId,
    Guard,
    Once,
    SubjectId,
)
from biometric_service.vocabulary.samples import CaptureSource, Modality, SampleFacts

ACTOR: Final = "mosip"
PURPOSE: Final = "mosip"
ENCOUNTER: Final = EncounterId("mosip")
PAGE: Final = 10_000
CAPPED: Final = 10.0
"""The score (-log10 FMR) that is written as a confidence of 100."""
TYPES: Mapping[Modality, str] = {Modality.FINGERPRINT: "FIR", Modality.FACE: "FID"}
FAILURES: Mapping[ErrorCode, Failure] = {
    ErrorCode.SUBJECT_EXISTS: Failure.REFERENCE_EXISTS,
    ErrorCode.SUBJECT_UNKNOWN: Failure.REFERENCE_UNKNOWN,
    ErrorCode.SUBJECT_MERGED: Failure.REFERENCE_UNKNOWN,
    ErrorCode.URL_REFUSED: Failure.NOT_FETCHED,
    ErrorCode.URL_UNREACHABLE: Failure.NOT_FETCHED,
    ErrorCode.TEMPLATE_INVALID: Failure.CBEFF_INVALID,
    ErrorCode.RECORD_UNREADABLE: Failure.CBEFF_INVALID,
    ErrorCode.REQUEST_INVALID: Failure.REQUEST_INVALID,
    ErrorCode.SEARCH_INCOMPLETE: Failure.ABORTED,
    ErrorCode.RELEASE_REQUIRED: Failure.ABORTED,
    **dict.fromkeys(FAULTS_OF_AN_IMAGE, Failure.CBEFF_INVALID),
}
"""Faults that are the request's own. Any other may pass: the request is to be tried again."""
_UNSENT, _SENT = b"0", b"1"


@dataclass(frozen=True, slots=True)
class Answered:
    """``reply``: what is to be sent, None where it was. ``once``: under which name that is remembered, if under any."""

    reply: bytes | None
    once: Once | None


@dataclass(frozen=True, slots=True)
class MosipAbis:
    """``fetch``: gives what lies behind a URL; ``key``: what shares are encrypted to; ``pending``: how many wait."""

    present_walk: Callable[[], Walk]
    gallery: GalleryId
    fetch: Callable[[str], bytes]
    limits: ImageLimits
    key: RSAPrivateKey | None
    pending: Callable[[], int]

    def answer(self, body: bytes) -> Answered | None:
        """Do what a message asks, unless that was done; None for what is no message. Raises faults that may pass."""
        request = read_request(body)
        if request is None:
            return None
        once = Once(ACTOR, request.id, hashlib.sha256(_canonical(body)).digest()) if request.id else None
        try:
            kept = self._begun(once)
        except BiometricServiceError as fault:
            if fault.code is not ErrorCode.IDEMPOTENCY_KEY_REUSED:
                raise
            return Answered(written(request.operation, request.id, Failure.REQUEST_INVALID), None)
        if kept is not None:
            return Answered(None if kept.startswith(_SENT) else kept[1:], once)
        try:
            outcome = request.failure if isinstance(request, MosipRefusal) else self._done(request, once)
        except BiometricServiceError as fault:
            if fault.code not in FAILURES:
                raise
            outcome = FAILURES[fault.code]
        reply = written(request.operation, request.id, outcome)
        if once is not None:
            self.present_walk().answers.finish(once, _UNSENT + reply)
        return Answered(reply, once)

    def refuse(self, body: bytes, failure: Failure) -> Answered | None:
        """Answer a message that cannot be worked on; None for what is no message."""
        request = read_request(body)
        return Answered(written(request.operation, request.id, failure), None) if request else None

    def sent(self, answered: Answered) -> None:
        """The broker has the answer for good: it is never sent again."""
        if answered.once is not None and answered.reply is not None:
            self.present_walk().answers.finish(answered.once, _SENT + answered.reply)

    def _begun(self, once: Once | None) -> bytes | None:
        """What was answered; whoever worked on it before is gone, since a broker gives a message to one at a time."""
        if once is None:
            return None
        try:
            return self.present_walk().answers.begin(once)
        except BiometricServiceError as fault:
            if fault.code is ErrorCode.IDEMPOTENCY_KEY_IN_USE:
                return None
            raise

    def _done(self, request: MosipRequest, once: Once | None) -> Result | Failure:
        walk = self.present_walk()
        if once is not None and walk.answers.change_made(once) is not None:
            return Result()
        does: Mapping[Operation, Callable[[], Result | Failure]] = {
            Operation.INSERT: lambda: self._insert(walk, request, Guard(once=once)),
            Operation.IDENTIFY: lambda: self._identify(walk, request),
            Operation.DELETE: lambda: self._delete(walk, request, Guard(once=once)),
            Operation.PING: Result,
            Operation.PENDING_JOBS: lambda: Result({"jobscount": str(self.pending())}),
            Operation.REFERENCE_COUNT: lambda: Result({"count": str(self._count(walk))}),
        }
        return does[request.operation]()

    def _delete(self, walk: Walk, request: MosipRequest, guard: Guard) -> Result:
        subject = require_member(walk, SubjectId(request.reference), self.gallery)
        event = AuditEvent(EventKind.SUBJECT_ERASED, datetime.now(UTC), self._caller(request), subject)
        walk.store.erase(subject, event, guard)
        return Result()

    def _insert(self, walk: Walk, request: MosipRequest, guard: Guard) -> Result | Failure:
        given = self._given(walk, request)
        if isinstance(given, Failure):
            return given
        observed = observe(walk, given)
        usable = with_template(observed)
        if not usable:
            return Failure.QUALITY
        subject = SubjectId(request.reference)
        encounter = Encounter(
            subject, ENCOUNTER, frozenset({self.gallery}), datetime.now(UTC), tuple(map(_enrolled, usable))
        )
        facts = {"enrolment": "enrolled", "galleries": self.gallery, "samples": str(len(usable))}
        event = event_of(EventKind.SUBJECT_ENROLLED, self._caller(request), observed, subject, None, facts)
        walk.store.enrol(encounter, event, guard)
        return Result()

    def _identify(self, walk: Walk, request: MosipRequest) -> Result | Failure:
        given = self._kept(walk, request) if request.reference else self._given(walk, request)
        if isinstance(given, Failure):
            return given
        caller = self._caller(request)
        if request.among:
            others = tuple(SubjectId(each) for each in request.among if each != request.reference)
            decision = identify_among(walk, FewRequest(given, others, self.gallery), caller).decision
        else:
            decision = identify(walk, IdentificationRequest(given, self.gallery), caller).decision
        if decision.outcome is Outcome.INCOMPLETE:
            return Failure.ABORTED
        return Failure.QUALITY if decision.outcome is Outcome.RECAPTURE else _listed(decision, request)

    def _given(self, walk: Walk, request: MosipRequest) -> tuple[Given, ...] | Failure:
        birs = records_of(self._share(request.url), self.key)
        if isinstance(birs, Failure):
            return birs
        return given_in(walk, birs, self.limits) or Failure.CBEFF_EMPTY

    def _share(self, url: str) -> bytes:
        """What lies behind the URL, asked for once more where nothing usable came: a person is not refused for that."""
        try:
            return self.fetch(url)
        except BiometricServiceError as fault:
            if fault.code is not ErrorCode.URL_UNREACHABLE:
                raise
            return self.fetch(url)

    def _kept(self, walk: Walk, request: MosipRequest) -> tuple[Given, ...] | Failure:
        subject = require_member(walk, SubjectId(request.reference), self.gallery)
        formats = {comparator.format for comparator in walk.comparators.values()}
        kept = [each.template for each in walk.store.references(subject) if each.template.format in formats]
        given = (GivenTemplate(each, hashlib.sha256(native.encode(each)).hexdigest(), ACTOR) for each in kept)
        return tuple(given) or Failure.REFERENCE_UNKNOWN

    def _count(self, walk: Walk) -> int:
        total, after = 0, None
        while page := walk.store.subjects(self.gallery, after, PAGE):
            total, after = total + len(page), page[-1].subject
        return total

    @staticmethod
    def _caller(request: MosipRequest) -> Caller:
        return Caller(ACTOR, PURPOSE, ACTOR, request.id)


def _canonical(body: bytes) -> bytes:
    """The same for two messages that say the same."""
    return json.dumps(json.loads(body), sort_keys=True).encode()


def _enrolled(each: Observation) -> EnrolledSample:
    assert each.template is not None
    facts = each.sample.facts() if each.sample else _facts(each)
    image = each.image.data if isinstance(each.image, GivenImage) else b""
    return EnrolledSample(facts, image, (each.template,), each.quality.score if each.quality else 0.0)


def _facts(each: Observation) -> SampleFacts:
    source = CaptureSource(each.image.device, datetime.now(UTC))
    return SampleFacts(each.image.modality, None, each.image.position, source, each.digest)


def _listed(decision: Decision, request: MosipRequest) -> Result:
    alike = [each for each in decision.candidates if each.score >= decision.review_threshold]
    alike = [each for each in alike if each.subject != request.reference][: request.most]
    found = {"count": str(len(alike)), "candidates": [_candidate(each) for each in alike]}
    return Result({"candidateList": found})


def _candidate(found: Candidate) -> dict[str, Any]:
    by_type: dict[str, list[float]] = {}
    for part in found.parts:
        by_type.setdefault(TYPES[part.modality], []).append(part.score.value)
    modalities = [{"biometricType": kind, "analytics": _analytics(max(by_type[kind]))} for kind in sorted(by_type)]
    return {"referenceId": found.subject, "analytics": _analytics(found.score), "modalities": modalities}


def _analytics(score: float) -> dict[str, str]:
    """A score is -log10 of the false match rate; the confidence is that as a share of ten, in whole per cent."""
    confidence = round(100 * min(max(score, 0.0) / CAPPED, 1.0))
    return {"confidence": str(confidence), "internalScore": f"{score:.2f}"}
