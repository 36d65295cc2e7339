"""From a request that asks for an explanation to its pictures, with every look in the audit log."""

import base64
from datetime import UTC, datetime

from biometric_service.api.explanation.drawing import draw, words
from biometric_service.api.operations.answering import RateKind, decision_answer, sample_answers, score_answer
from biometric_service.api.operations.answers import ComparisonPicture, RecognitionAnswer
from biometric_service.api.operations.positions import finger_of
from biometric_service.api.security import Admission
from biometric_service.api.services import Services
from biometric_service.api.workers import RecognitionWorkers
from biometric_service.recognition.explanation import ExplainedComparison, Witness
from biometric_service.recognition.requests import Recognition
from biometric_service.recognition.walk import Walk
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.candidates import Candidate
from biometric_service.vocabulary.decisions import Decision
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.trace import SILENT, Trace


class Explainer:
    """Accompanies one request: its ``walk`` and ``trace`` are what the use case is to work with."""

    def __init__(self, walk: Walk, caller: Caller, witness: Witness | None) -> None:
        self._store = walk.store
        self._caller = caller
        self._witness = witness
        self.walk: Walk = witness.walk if witness else walk
        self.trace: Trace = witness.trace if witness else SILENT

    @classmethod
    async def admitted(cls, admission: Admission, caller: Caller, services: Services, *, wanted: bool) -> "Explainer":
        """An explainer that shows pictures where they are wanted; NOT_AUTHORISED where the key may not see them."""
        if wanted:
            await admission.require(Scope.ENCOUNTER_READ, caller)
        return cls(services.walk, caller, Witness(services.walk) if wanted else None)

    async def pictures(
        self, decision: Decision | None, event: int, workers: RecognitionWorkers
    ) -> tuple[ComparisonPicture, ...] | None:
        """Pictures of the best candidate's comparisons, None unless wanted; ``event``: of the decision."""
        if self._witness is None:
            return None
        if decision is None or not decision.candidates:
            return ()
        return await workers.run(self._drawn, self._witness, decision.candidates[0], event)

    def _drawn(self, witness: Witness, candidate: Candidate, event: int) -> tuple[ComparisonPicture, ...]:
        details = {"explains": str(event), "parts": str(len(candidate.parts))}
        now = datetime.now(UTC)
        self._store.record(
            AuditEvent(EventKind.REFERENCE_IMAGE_READ, now, self._caller, candidate.subject, None, details)
        )
        return tuple(_picture(compared) for compared in witness.comparisons(candidate))


async def recognition_answer(
    recognition: Recognition, kind: RateKind, explainer: Explainer, workers: RecognitionWorkers
) -> RecognitionAnswer:
    """Answer to an identification or a verification, with its explanation where one is wanted."""
    return RecognitionAnswer(
        decision=decision_answer(recognition.decision, kind),
        samples=sample_answers(recognition.samples),
        explanation=await explainer.pictures(recognition.decision, recognition.event, workers),
        event=recognition.event,
    )


def _picture(compared: ExplainedComparison) -> ComparisonPicture:
    png = base64.b64encode(draw(compared)).decode()
    return ComparisonPicture(
        subject=compared.subject,
        modality=compared.part.modality,
        position=finger_of(compared.part.position),
        score=score_answer(compared.part.score),
        description=words(compared),
        picture=f"data:image/png;base64,{png}",
    )
