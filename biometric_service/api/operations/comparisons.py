"""Recognition beyond one person against one gallery: two stored subjects, one among a few, many at once."""

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Depends

from biometric_service.api.explanation.explaining import Recogniser
from biometric_service.api.operations import OPERATIONS
from biometric_service.api.operations.answering import decision_answer, sample_answers
from biometric_service.api.operations.answers import (
    BatchAnswer,
    ComparisonAnswer,
    ProbeAnswer,
    ProbeFault,
    RecognitionAnswer,
)
from biometric_service.api.operations.bodies import BatchBody, ComparisonBody, FewBody
from biometric_service.api.operations.receiving import Received, documented, reads
from biometric_service.api.security import Admission, requires
from biometric_service.api.services import Services, ServicesOf
from biometric_service.api.workers import RecognitionWorkers, WorkersOf
from biometric_service.errors import FAULTS_OF_AN_IMAGE, BiometricServiceError
from biometric_service.recognition.identification import identify
from biometric_service.recognition.named_subjects import (
    FewRequest,
    StoredComparisonRequest,
    compare_stored,
    identify_among,
)
from biometric_service.recognition.requests import GivenImage, IdentificationRequest
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.events import Caller
from biometric_service.vocabulary.references import GalleryId, SubjectId

router = APIRouter(prefix=OPERATIONS, tags=["recognition"])


@router.post("/comparisons")
async def compare_subjects(
    admission: Annotated[Admission, Depends(requires(Scope.VERIFY))],
    body: ComparisonBody,
    services: ServicesOf,
    workers: WorkersOf,
) -> ComparisonAnswer:
    """Compare two enrolled subjects by their references: are they one person?"""
    gallery = GalleryId(body.gallery)
    caller = await admission.caller(body.purpose, [gallery], body.device)
    request = StoredComparisonRequest(SubjectId(body.first), SubjectId(body.second), gallery)
    answer = await workers.run(compare_stored, services.walk, request, caller)
    return ComparisonAnswer(decision=decision_answer(answer.decision, "fmr"), event=answer.event)


@router.post("/identifications-among", openapi_extra=documented(FewBody))
async def identify_person_among(
    admission: Annotated[Admission, Depends(requires(Scope.IDENTIFY))],
    received: Annotated[Received[FewBody], Depends(reads(FewBody))],
    recogniser: Annotated[Recogniser, Depends()],
) -> RecognitionAnswer:
    """Identify a person among a few named subjects (1:few, open set)."""
    asked = received.asked
    request = FewRequest(received.images, tuple(map(SubjectId, asked.subjects)), GalleryId(asked.gallery))
    return await recogniser.answer(admission, asked, "fpir", identify_among, request)


@router.post("/identification-batches", openapi_extra=documented(BatchBody))
async def identify_batch(
    admission: Annotated[Admission, Depends(requires(Scope.IDENTIFY))],
    received: Annotated[Received[BatchBody], Depends(reads(BatchBody))],
    services: ServicesOf,
    workers: WorkersOf,
) -> BatchAnswer:
    """Identify several persons, one after another; each has an event and an answer, or a fault, of its own."""
    asked, gallery = received.asked, GalleryId(received.asked.gallery)
    caller = await admission.caller(asked.purpose, [gallery], asked.device)
    requests = (IdentificationRequest(images, gallery) for images in _by_probe(received))
    return BatchAnswer(answers=tuple([await _probe(services, workers, request, caller) for request in requests]))


def _by_probe(received: Received[BatchBody]) -> Iterator[tuple[GivenImage, ...]]:
    images = iter(received.images)
    for probe in received.asked.probes:
        yield tuple(next(images) for _ in probe.images)


async def _probe(
    services: Services, workers: RecognitionWorkers, request: IdentificationRequest, caller: Caller
) -> ProbeAnswer:
    try:
        answer = await workers.run(identify, services.walk, request, caller)
    except BiometricServiceError as fault:
        if fault.code not in FAULTS_OF_AN_IMAGE:
            raise
        return ProbeAnswer(fault=ProbeFault(code=fault.code, detail=fault.message, action=fault.action))
    decision = decision_answer(answer.decision, "fpir")
    return ProbeAnswer(decision=decision, samples=sample_answers(answer.samples), event=answer.event)
