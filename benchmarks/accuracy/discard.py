"""The error-versus-discard characteristic of a quality score (Grother and Tabassi 2007; ISO/IEC 29794-1)."""

import numpy as np
from numpy.typing import NDArray

from biometric_service.evaluation.rates import Experiment, fnmr_below, thresholds

SHARES = (0.0, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3)


def error_versus_discard(
    experiment: Experiment, pairs: NDArray[np.float64], samples: NDArray[np.float64], fmr: float
) -> dict[str, float]:
    """FNMR, at the threshold for ``fmr`` before any is refused, by the share of samples of the lowest quality refused.

    ``pairs``: the quality of the worse sample of each mated pair; a pair goes with any of its samples. ``samples``: the
    quality of every sample.
    """
    (threshold,) = thresholds(experiment.nonmated, [fmr])
    kept = {share: pairs >= np.quantile(samples, share) for share in SHARES}
    return {f"{share:g}": fnmr_below(experiment.mated[keep], threshold) for share, keep in kept.items() if keep.any()}
