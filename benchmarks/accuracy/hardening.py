"""Bad impressions out of good ones: synthetic prints are kinder than people are.

A hardened template is bent by pressure here and there, cut off at a side, has lost minutiae and gained false ones. How
much of each is drawn anew for every template; none of it is fitted to any real print.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from biometric_service.vocabulary.templates import MinutiaeTemplate

BUMPS = 3
PRESSURE = 7.0
REACH = (50.0, 110.0)
JITTER = 1.5
TURN_JITTER = 0.08
CUT = 0.7
LEAST_LEFT = 0.35
MOST_LOST = 0.3
MOST_FALSE = 0.25
FALSE_TURN = 0.3
FALSE_QUALITY = (0.2, 0.7)
FADING = (0.6, 1.0)
LEAST_QUALITY = 0.2


def harden(template: MinutiaeTemplate, draws: np.random.Generator) -> MinutiaeTemplate:
    """A worse impression of the same finger."""
    positions = _bent(template.positions.astype(np.float64), draws)
    kept = _kept(positions, draws)
    directions = template.directions + draws.normal(0, TURN_JITTER, len(positions))
    qualities = np.clip(template.qualities * draws.uniform(*FADING, len(positions)), LEAST_QUALITY, 1)
    worse = replace(
        template,
        positions=positions[kept].astype(np.float32),
        directions=_single(directions[kept]),
        qualities=qualities[kept].astype(np.float32),
        kinds=template.kinds[kept],
    )
    return _with_false_minutiae(worse, draws)


def _bent(positions: NDArray[np.float64], draws: np.random.Generator) -> NDArray[np.float64]:
    """Pushed aside around three places, and jittered; pixels."""
    bent = positions + draws.normal(0, JITTER, positions.shape)
    centre, extent = positions.mean(0), np.ptp(positions, axis=0)
    for _ in range(BUMPS):
        place, push = centre + draws.uniform(-0.5, 0.5, 2) * extent, draws.normal(0, PRESSURE, 2)
        near = np.exp(-((positions - place) ** 2).sum(1) / (2 * draws.uniform(*REACH) ** 2))
        bent += near[:, None] * push
    return bent


def _kept(positions: NDArray[np.float64], draws: np.random.Generator) -> NDArray[np.int64]:
    """What is left after a cut along a straight line, mostly, and losses everywhere."""
    bearing = draws.uniform(0, 2 * np.pi)
    along = positions @ (np.cos(bearing), np.sin(bearing))
    left = draws.uniform(LEAST_LEFT, 1) if draws.uniform() < CUT else 1.0
    found = draws.uniform(size=len(positions)) > draws.uniform(0, MOST_LOST)
    return np.flatnonzero((along <= np.quantile(along, left)) & found)


def _with_false_minutiae(template: MinutiaeTemplate, draws: np.random.Generator) -> MinutiaeTemplate:
    """False minutiae follow the ridges around them, forwards or backwards."""
    count = draws.poisson(draws.uniform(0, MOST_FALSE) * len(template.positions))
    if not count:
        return template
    low, high = template.positions.min(0), template.positions.max(0)
    places = draws.uniform(low, high, (count, 2))
    nearest = ((places[:, None] - template.positions) ** 2).sum(2).argmin(1)
    turns = draws.normal(0, FALSE_TURN, count) + np.pi * draws.integers(0, 2, count)
    return replace(
        template,
        positions=np.concatenate([template.positions, places]).astype(np.float32),
        directions=_single(np.concatenate([template.directions, template.directions[nearest] + turns])),
        qualities=np.append(template.qualities, draws.uniform(*FALSE_QUALITY, count)).astype(np.float32),
        kinds=np.append(template.kinds, np.zeros(count, np.uint8)),
    )


def _single(directions: NDArray[np.floating]) -> NDArray[np.float32]:
    """Radians in [0, 2 pi), in single precision."""
    return np.asarray(np.mod(np.mod(directions, 2 * np.pi).astype(np.float32), np.float32(2 * np.pi)), np.float32)
