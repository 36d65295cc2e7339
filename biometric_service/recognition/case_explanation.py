"""What a case of adjudication rests on, compared once more while its images are kept."""

from collections.abc import Iterator
from dataclasses import dataclass

from biometric_service.recognition.explanation import ExplainedComparison, Witness
from biometric_service.recognition.requests import GivenImage, SampleReport
from biometric_service.recognition.walk import Observation, Walk, observe, with_template
from biometric_service.vocabulary.adjudication import Case
from biometric_service.vocabulary.candidates import Candidate, PartScore
from biometric_service.vocabulary.protocols import CaseStore
from biometric_service.vocabulary.references import Reference, ReferenceId


@dataclass(frozen=True, slots=True)
class ExplainedCase:
    """``comparisons``: those that can be shown; ``samples``: how good each image of the probe is."""

    comparisons: tuple[ExplainedComparison, ...]
    samples: tuple[SampleReport, ...]


def explain_case(walk: Walk, cases: CaseStore, case: Case) -> ExplainedCase:
    """Compare the probe with the candidate's references again, and keep what was seen.

    Nothing where the case is closed, or only templates were given. MODALITY_UNAVAILABLE.
    """
    witness = Witness(walk)
    probe = [each for each in cases.probe(case.id) if each.data and each.modality in walk.extractors]
    if not probe:
        return ExplainedCase((), ())
    observed = observe(witness.walk, [GivenImage(each.data, each.modality, each.position) for each in probe])
    references = {reference.id: reference for reference in walk.store.references(case.candidate)}
    parts = tuple(_compared(witness, observed, references, case))
    found = tuple(witness.comparisons(Candidate(case.candidate, case.likeness.score, parts)))
    return ExplainedCase(found, tuple(each.report() for each in observed))


def _compared(
    witness: Witness, observed: tuple[Observation, ...], references: dict[ReferenceId, Reference], case: Case
) -> Iterator[PartScore]:
    """The parts of the score whose templates are both still there, compared before the witness."""
    probes = {(each.image.modality, each.image.position): each.template for each in with_template(observed)}
    for part in case.likeness.parts:
        probe, reference = probes.get((part.modality, part.position)), references.get(part.reference)
        if probe is None or reference is None or probe.format != reference.template.format:
            continue
        witness.trace("compared", (probe, reference))
        witness.walk.comparators[part.modality].compare(probe, reference.template, witness.trace)
        yield part
