"""What an alignment proves: five measures of agreement, weighed into one raw score.

The weights (see ``methods``) are those of a logistic regression of mated against non-mated comparisons of synthetic
prints. The raw score is its logit: higher is more alike.
"""

import math
from typing import NamedTuple

from biometric_service.comparison.fingerprint.alignment import UNPAIRED, Alignment, Movement
from biometric_service.comparison.fingerprint.angles import wrapped
from biometric_service.comparison.fingerprint.compiled import compiled, inlined
from biometric_service.comparison.fingerprint.cylinders import Minutiae
from biometric_service.comparison.fingerprint.hull import depth
from biometric_service.comparison.fingerprint.similarity import Prints

POSITION_SPREAD = 6.0
DIRECTION_SPREAD = 0.15

LEAST_RELAXED = 1e-3
LEAST_OVERLAP = 3.0


class Measures(NamedTuple):
    """One number for each measure, in the form that is weighed."""

    log_relaxed: float
    root_paired: float
    root_agreement: float
    agreement_share: float
    unpaired: float


class Weights(NamedTuple):
    """A weight for each measure, and the logit of no evidence."""

    bias: float
    log_relaxed: float
    root_paired: float
    root_agreement: float
    agreement_share: float
    unpaired: float


class Evidence(NamedTuple):
    """What speaks for and against.

    ``relaxed``: the relaxed score, 0 to 1. ``paired``: how many minutiae are paired. ``agreement``: sum over the pairs
    of quality, local similarity and closeness, multiplied. ``overlap``: geometric mean of the quality of the minutiae
    that lie in the common area of both prints. ``unpaired``: the quality there without a partner, in both together.
    """

    relaxed: float
    paired: float
    agreement: float
    overlap: float
    unpaired: float


@inlined
def measures(evidence: Evidence) -> Measures:
    """The five measures of the evidence."""
    return Measures(
        math.log(evidence.relaxed + LEAST_RELAXED),
        math.sqrt(evidence.paired),
        math.sqrt(evidence.agreement),
        evidence.agreement / (evidence.overlap + LEAST_OVERLAP),
        evidence.unpaired,
    )


@compiled
def weigh(evidence: Evidence, weights: Weights) -> float:
    """The raw score."""
    found = measures(evidence)
    return (
        weights.bias
        + weights.log_relaxed * found.log_relaxed
        + weights.root_paired * found.root_paired
        + weights.root_agreement * found.root_agreement
        + weights.agreement_share * found.agreement_share
        + weights.unpaired * found.unpaired
    )


@compiled
def gather(relaxed: float, movement: Movement, prints: Prints, alignment: Alignment) -> Evidence:
    """Measure the alignment."""
    paired, quality, agreement = _paired(prints, alignment)
    probe_overlap = _probe_overlap(prints.probe, prints.reference, alignment)
    reference_overlap = _reference_overlap(movement, prints.probe, prints.reference, alignment)
    overlap = math.sqrt(probe_overlap * reference_overlap)
    return Evidence(relaxed, paired, agreement, overlap, probe_overlap + reference_overlap - 2 * quality)


@inlined
def _paired(prints: Prints, alignment: Alignment) -> tuple[float, float, float]:
    """Number, quality and agreement of the pairs."""
    probe, reference = prints.probe, prints.reference
    paired = qualities = agreement = 0.0
    for minutia in range(len(probe.places)):
        partner = alignment.partner[minutia]
        if partner == UNPAIRED:
            continue
        quality = math.sqrt(probe.places[minutia, 3] * reference.places[partner, 3])
        paired += 1
        qualities += quality
        agreement += quality * prints.similarity[partner, minutia] * _closeness(alignment, minutia, reference, partner)
    return paired, qualities, agreement


@inlined
def _closeness(alignment: Alignment, minutia: int, reference: Minutiae, partner: int) -> float:
    dx = reference.places[partner, 0] - alignment.moved[minutia, 0] - alignment.residual[minutia, 0]
    dy = reference.places[partner, 1] - alignment.moved[minutia, 1] - alignment.residual[minutia, 1]
    turn = wrapped(reference.places[partner, 2] - alignment.moved[minutia, 2])
    return math.exp(-(dx * dx + dy * dy) / (2 * POSITION_SPREAD**2) - turn * turn / (2 * DIRECTION_SPREAD**2))


@inlined
def _probe_overlap(probe: Minutiae, reference: Minutiae, alignment: Alignment) -> float:
    """Quality of the probe's minutiae that are paired or lie within the reference's hull."""
    total = 0.0
    for minutia in range(len(probe.places)):
        x = alignment.moved[minutia, 0] + alignment.residual[minutia, 0]
        y = alignment.moved[minutia, 1] + alignment.residual[minutia, 1]
        if alignment.partner[minutia] != UNPAIRED or depth(reference.places, reference.corners, x, y) > 0:
            total += probe.places[minutia, 3]
    return total


@inlined
def _reference_overlap(movement: Movement, probe: Minutiae, reference: Minutiae, alignment: Alignment) -> float:
    """Quality of the reference's minutiae that are paired or lie, moved back, within the probe's hull."""
    along, across = math.cos(movement.turn), math.sin(movement.turn)
    total = 0.0
    for minutia in range(len(reference.places)):
        dx, dy = reference.places[minutia, 0] - movement.rx, reference.places[minutia, 1] - movement.ry
        x, y = movement.px + along * dx - across * dy, movement.py + across * dx + along * dy
        if alignment.claimed[minutia] != UNPAIRED or depth(probe.places, probe.corners, x, y) > 0:
            total += reference.places[minutia, 3]
    return total
