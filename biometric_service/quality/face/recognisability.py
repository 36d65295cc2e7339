"""How well an embedding model knows a face for a face: the best single predictor of its comparisons' errors."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.vocabulary.samples import LocatedSample

TABLE = "recognisability"


class Recognisability:
    """Grades a face by the length of its embedding (cf. MagFace, Meng et al. 2021) against that of many other faces.

    ``norm_of``: the length of a face's embedding before it is brought to unit length, 0 where it has none. ``table``:
    ``[calibration.recognisability]`` of the model's manifest, whose ``norms`` are evenly spaced quantiles, ascending,
    of the norms of many faces. Raises MODEL_INVALID where they are not.
    """

    def __init__(self, norm_of: Callable[[LocatedSample], float], table: Mapping[str, Any]) -> None:
        self._norm_of = norm_of
        self._norms = np.array(table.get("norms", []), np.float64)
        if len(self._norms) < 2 or (np.diff(self._norms) <= 0).any():  # noqa: PLR2004 - the ends of a scale
            raise BiometricServiceError(
                ErrorCode.MODEL_INVALID,
                f"The table [calibration.{TABLE}] of a face model is not usable: its norms do not ascend.",
                "Correct it, or leave it out: quality then goes by the image alone.",
            )

    def measures(self, located: LocatedSample) -> Mapping[str, float]:
        """``embedding_norm``, and ``recognisability``: how many of a hundred faces have a shorter one, 0 to 100."""
        norm = self._norm_of(located)
        shares = np.linspace(0, 100, len(self._norms))
        return {"embedding_norm": norm, TABLE: float(np.interp(norm, self._norms, shares))}
