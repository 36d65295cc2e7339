"""What was made of a picture when it was captured is not made again when everyone is searched for it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from biometric_service.recognition.walk import Walk
from biometric_service.vocabulary.intakes import NewCapture
from biometric_service.vocabulary.protocols import Extractor
from biometric_service.vocabulary.quality import ExtractionFailure
from biometric_service.vocabulary.samples import BiometricSample, FingerPosition, LocatedSample
from biometric_service.vocabulary.templates import Template, TemplateFormat, position_of
from biometric_service.vocabulary.trace import SILENT, Trace

Known = Mapping[tuple[str, FingerPosition], Template]
"""Templates by the digest of the sample and the finger."""


@dataclass(frozen=True, slots=True)
class RecallingExtractor:
    """An extractor that gives the template which it made of the same sample before; of another model, it makes one."""

    extractor: Extractor
    known: Known

    @property
    def format(self) -> TemplateFormat:
        """Of the templates it makes."""
        return self.extractor.format

    def locate(self, sample: BiometricSample, trace: Trace = SILENT) -> LocatedSample | ExtractionFailure:
        """As the extractor."""
        return self.extractor.locate(sample, trace)

    def extract(self, located: LocatedSample, trace: Trace = SILENT) -> Template | ExtractionFailure:
        """What is known of the sample, else as the extractor."""
        made = self.known.get((located.sample.digest, located.sample.position))
        return made if made is not None and made.format == self.format else self.extractor.extract(located, trace)


def recalling(walk: Walk, captures: Iterable[NewCapture]) -> Walk:
    """The walk, knowing the templates of what was captured."""
    known = {(each.capture.digest, position_of(each.template)): each.template for each in captures if each.template}
    extractors = {modality: RecallingExtractor(each, known) for modality, each in walk.extractors.items()}
    return replace(walk, extractors=extractors)
