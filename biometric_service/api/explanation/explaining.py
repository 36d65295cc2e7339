"""From a request that asks for an explanation to its pictures, with every look in the audit log."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from biometric_service.api.explanation.drawing import draw, words
from biometric_service.api.languages import asked_language
from biometric_service.api.operations.answering import RateKind, decision_answer, sample_answers, score_answer
from biometric_service.api.operations.answers import ComparisonPicture, RecognitionAnswer
from biometric_service.api.operations.bodies import ExplainedBody
from biometric_service.api.operations.positions import finger_of
from biometric_service.api.security import Admission
from biometric_service.api.services import Services, ServicesOf
from biometric_service.api.workers import RecognitionWorkers, WorkersOf
from biometric_service.recognition.explanation import ExplainedComparison, Witness
from biometric_service.recognition.requests import Recognition
from biometric_service.recognition.walk import Walk
from biometric_service.vocabulary.access import Scope
from biometric_service.vocabulary.candidates import Candidate
from biometric_service.vocabulary.decisions import Decision
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.references import GalleryId
from biometric_service.vocabulary.trace import SILENT, Trace


class Explainer:
    """Accompanies one request: its ``walk``, ``caller`` and ``trace`` are what the use case is to work with."""

    def __init__(self, walk: Walk, caller: Caller, reach: frozenset[GalleryId], witness: Witness | None) -> None:
        self._store, self._encounters = walk.store, walk.encounters
        self._reach = reach
        self.caller = caller
        self._witness = witness
        self.walk: Walk = witness.walk if witness else walk
        self.trace: Trace = witness.trace if witness else SILENT

    @classmethod
    async def admitted(cls, admission: Admission, caller: Caller, services: Services, *, wanted: bool) -> "Explainer":
        """An explainer that shows pictures where they are wanted; NOT_AUTHORISED where the key may not see them."""
        if wanted:
            await admission.require(Scope.ENCOUNTER_READ, caller)
        return cls(services.walk, caller, admission.key.galleries, Witness(services.walk) if wanted else None)

    async def pictures(
        self, decision: Decision | None, event: int, workers: RecognitionWorkers
    ) -> tuple[ComparisonPicture, ...] | None:
        """Pictures of the best candidate's comparisons, None unless wanted; ``event``: of the decision.

        Nothing is shown of what is kept of the candidate beyond the galleries that the caller reaches.
        """
        if self._witness is None:
            return None
        if decision is None or not decision.candidates:
            return ()
        return await workers.run(self._drawn, self._witness, decision.candidates[0], event, asked_language())

    def _drawn(
        self, witness: Witness, candidate: Candidate, event: int, language: str
    ) -> tuple[ComparisonPicture, ...]:
        compared = [part.reference for part in candidate.parts]
        shown = self._encounters.origins(compared, self._reach)
        candidate = replace(candidate, parts=tuple(part for part in candidate.parts if part.reference in shown))
        details = {"explains": str(event), "parts": str(len(candidate.parts))}
        now = datetime.now(UTC)
        self._store.record(
            AuditEvent(EventKind.REFERENCE_IMAGE_READ, now, self.caller, candidate.subject, None, details)
        )
        return tuple(picture_of(compared, language) for compared in witness.comparisons(candidate))


class AskedInGallery(Protocol):
    """What is asked of a use case that looks in one gallery."""

    @property
    def gallery(self) -> GalleryId:
        """Where it looks."""


Wanted = TypeVar("Wanted", bound=AskedInGallery)


@dataclass(frozen=True, slots=True)
class Recogniser:
    """Answers what is asked of one person, with its explanation where one is wanted; a FastAPI dependency."""

    services: ServicesOf
    workers: WorkersOf

    async def explainer(self, admission: Admission, asked: ExplainedBody, gallery: GalleryId) -> Explainer:
        """Who accompanies the request; NOT_AUTHORISED where the key does not reach the gallery, purpose or pictures."""
        caller = await admission.caller(asked.purpose, [gallery], asked.device)
        return await Explainer.admitted(admission, caller, self.services, wanted=asked.explain)

    async def answer(
        self,
        admission: Admission,
        asked: ExplainedBody,
        kind: RateKind,
        use_case: Callable[[Walk, Wanted, Caller, Trace], Recognition],
        request: Wanted,
    ) -> RecognitionAnswer:
        """What the use case says, as an identification (FPIR) or a verification (FMR)."""
        explainer = await self.explainer(admission, asked, request.gallery)
        made = await self.workers.run(use_case, explainer.walk, request, explainer.caller, explainer.trace)
        return RecognitionAnswer(
            decision=decision_answer(made.decision, kind),
            samples=sample_answers(made.samples),
            explanation=await explainer.pictures(made.decision, made.event, self.workers),
            event=made.event,
        )


def picture_of(compared: ExplainedComparison, language: str) -> ComparisonPicture:
    """A comparison as it is shown, and told in a language."""
    png = base64.b64encode(draw(compared)).decode()
    return ComparisonPicture(
        subject=compared.subject,
        modality=compared.part.modality,
        position=finger_of(compared.part.position),
        score=score_answer(compared.part.score),
        description=words(compared, language),
        picture=f"data:image/png;base64,{png}",
    )
