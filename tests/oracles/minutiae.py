"""Made-up fingers as minutiae, and impressions of them."""

import numpy as np

from biometric_service.vocabulary.samples import FingerPosition, Modality
from biometric_service.vocabulary.templates import MinutiaeTemplate, TemplateFormat

FORMAT = TemplateFormat(Modality.FINGERPRINT, "leader", "1")


def template(positions: np.ndarray, directions: np.ndarray, qualities: np.ndarray | None = None) -> MinutiaeTemplate:
    count = len(positions)
    return MinutiaeTemplate(
        FORMAT,
        FingerPosition.UNKNOWN,
        positions.astype(np.float32).reshape(count, 2),
        np.mod(directions, 2 * np.pi).astype(np.float32),
        np.full(count, 0.9, np.float32) if qualities is None else qualities.astype(np.float32),
        np.ones(count, np.uint8),
        (400, 500),
    )


def finger(seed: int, count: int = 40) -> MinutiaeTemplate:
    """Minutiae scattered over an ellipse with directions that vary slowly."""
    draws = np.random.default_rng(seed)
    spots = draws.uniform(-1, 1, (20 * count, 2))
    spots = spots[(spots**2).sum(1) < 1][:count] * (150, 200) + (200, 250)
    swirl = draws.normal(0, 1, 2)
    directions = swirl[0] * spots[:, 0] / 100 + swirl[1] * spots[:, 1] / 150 + np.pi * draws.integers(0, 2, len(spots))
    return template(spots, directions, draws.uniform(0.5, 1, len(spots)))


def impression(
    of: MinutiaeTemplate, seed: int, *, turn: float = 0.2, jitter: float = 2.0, lost: float = 0.15
) -> MinutiaeTemplate:
    """The finger turned (radians, counter-clockwise), shifted, jittered by pixels, with some minutiae lost."""
    draws = np.random.default_rng(seed)
    kept = np.flatnonzero(draws.uniform(0, 1, len(of.positions)) >= lost)
    kept = draws.permutation(kept)
    along, across = np.cos(turn), np.sin(turn)
    rotation = np.array([[along, across], [-across, along]])
    spots = (of.positions[kept] - (200, 250)) @ rotation.T + (210, 240) + draws.normal(0, jitter, (len(kept), 2))
    return template(spots, of.directions[kept] + turn + draws.normal(0, 0.05, len(kept)), of.qualities[kept])
