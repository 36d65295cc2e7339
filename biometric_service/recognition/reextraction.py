"""A model change: templates of the new version are made beside the old ones, then searched instead, and back."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from biometric_service.errors import FAULTS_OF_AN_IMAGE, BiometricServiceError, ErrorCode
from biometric_service.recognition.requests import GivenImage
from biometric_service.vocabulary.events import AuditEvent, Caller, EventKind
from biometric_service.vocabulary.protocols import Extractor, ModelStore, ReferenceStore
from biometric_service.vocabulary.quality import ExtractionFailure
from biometric_service.vocabulary.references import ChangeNumber, Reextracted, StoredImage
from biometric_service.vocabulary.samples import BiometricSample
from biometric_service.vocabulary.templates import Template

BATCH = 16
NO_IMAGE = "no_image"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a re-extraction is: templates made and images failed in this run, samples left."""

    made: int
    failed: int
    left: int


@dataclass(frozen=True, slots=True)
class Reextraction:
    """``extractor``: the one whose templates are wanted; ``decode``: opens images as at an enrolment."""

    models: ModelStore
    store: ReferenceStore
    decode: Callable[[GivenImage], BiometricSample]
    extractor: Extractor
    caller: Caller

    def run(self) -> Iterator[Progress]:
        """Make every template that is lacking, a batch a transaction; cut off, it goes on where it is run again."""
        made = failed = 0
        while images := self.models.images_lacking(self.extractor.format, BATCH):
            read = [Reextracted(image.sample, self._template(image)) for image in images]
            failures = sum(isinstance(each.made, str) for each in read)
            made, failed = made + len(read) - failures, failed + failures
            facts = {"made": str(len(read) - failures), "failed": str(failures)}
            self.models.add_templates(self.extractor.format, read, self._event(EventKind.TEMPLATES_ADDED, facts))
            yield Progress(made, failed, self.models.lacking(self.extractor.format))

    def switch(self, serving: str | None, *, leave_out: bool = False) -> ChangeNumber:
        """Search the new templates from now on, once there is one of every sample; nobody is enrolled meanwhile.

        ``serving``: the format that is searched where none was ever switched to, to go back to. ``leave_out``: go on
        without the samples that the model could not read, which is STORE_CONFLICT otherwise: nobody is to be lost.
        """
        with self.store.enrolling():
            for _ in self.run():
                pass
            failed = self.models.failed(self.extractor.format)
            if failed and not leave_out:
                raise _unread(failed)
            event = self._event(EventKind.MODEL_SWITCHED, {"failed": str(failed)})
            return self.models.switch(self.extractor.format, serving, event)

    def _template(self, image: StoredImage) -> Template | str:
        """The template, or why there is none."""
        if not image.data:
            return NO_IMAGE
        try:
            sample = self.decode(GivenImage(image.data, image.modality, image.position, image.dpi, image.device))
        except BiometricServiceError as fault:
            if fault.code not in FAULTS_OF_AN_IMAGE:
                raise
            return fault.code.value
        located = self.extractor.locate(sample)
        if isinstance(located, ExtractionFailure):
            return located.defect.value
        made = self.extractor.extract(located)
        return made.defect.value if isinstance(made, ExtractionFailure) else made

    def _event(self, kind: EventKind, facts: dict[str, str]) -> AuditEvent:
        told = {"modality": self.extractor.format.modality.value, "model": str(self.extractor.format), **facts}
        return AuditEvent(kind, datetime.now(UTC), self.caller, None, None, told)


def models_differ(message: str) -> BiometricServiceError:
    """MODELS_DIFFER: what is searched and what is loaded are not the same."""
    action = "Wait while the service loads it, or restart it; `biometric-service models in-use` says what is searched."
    return BiometricServiceError(ErrorCode.MODELS_DIFFER, message, action)


def _unread(failed: int) -> BiometricServiceError:
    message = f"{failed} samples could not be read by the model, and would be searched no more."
    return BiometricServiceError(
        ErrorCode.STORE_CONFLICT, message, "Capture these people again, or leave the samples out (--leave-out)."
    )
