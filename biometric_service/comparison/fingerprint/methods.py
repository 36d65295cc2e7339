"""Which local structures a comparison looks at, and how it weighs what they lead to."""

from typing import NamedTuple

from biometric_service.comparison.fingerprint.evidence import Weights


class Method(NamedTuple):
    """One way of comparing.

    ``cylinders``, ``edges``: what local similarity goes by; with both, it is their mean, and edges are looked at only
    where cylinders alone are worth it. ``weights``: as ``python -m benchmarks.accuracy.fingerprint_calibration`` fits
    them to hardened synthetic prints. ``worth_aligning``: the least relaxed score of a comparison that is gone on with;
    most non-mated ones stay below it, and of hardened synthetic mates that reach an FMR of 0.1 % not one in a thousand
    does.
    """

    cylinders: bool
    edges: bool
    weights: Weights
    worth_aligning: float


CYLINDER = Method(
    cylinders=True, edges=False, weights=Weights(7.42, 2.798, 0.415, 3.916, 2.838, -0.258), worth_aligning=0.016
)
EDGES = Method(cylinders=False, edges=True, weights=Weights(4.3, 2.31, 1.24, 2.04, 1.38, -0.28), worth_aligning=0.0)
FUSED = Method(cylinders=True, edges=True, weights=Weights(4.15, 2.26, 0.94, 2.38, 10.08, -0.27), worth_aligning=0.018)
