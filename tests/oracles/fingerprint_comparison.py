"""The cylinder comparison said over again in plain Python, from the papers and docstrings, with no regard for speed."""

import math
from itertools import product

Minutia = tuple[float, float, float, float]
"""x, y, direction, quality."""

CELLS = [
    (17.5 * i - 61.25, 17.5 * j - 61.25)
    for j in range(8)
    for i in range(8)
    if (17.5 * i - 61.25) ** 2 + (17.5 * j - 61.25) ** 2 <= 70**2
]
SIGMA = 28 / 3


def wrap(angle: float) -> float:
    return (angle + math.pi) % (2 * math.pi) - math.pi


def gaussian_share(difference: float) -> float:
    width = 2 * math.pi / 9 * math.sqrt(2)
    return 0.5 * (math.erf((difference + math.pi / 6) / width) - math.erf((difference - math.pi / 6) / width))


def depth(hull: list[tuple[float, float]], x: float, y: float) -> float:
    depths = []
    for (ax, ay), (bx, by) in zip(hull, hull[1:] + hull[:1], strict=True):
        length = math.hypot(bx - ax, by - ay) + 1e-6
        depths.append(((bx - ax) * (y - ay) - (by - ay) * (x - ax)) / length)
    return min(depths)


def hull(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Gift wrapping, from the leftmost point, turning from x towards y."""
    points = sorted(set(points))
    if len(points) < 3:
        return points
    corners = [points[0]]
    while True:
        here = corners[-1]
        nearest = next(p for p in points if p != here)
        for point in points:
            cross = (nearest[0] - here[0]) * (point[1] - here[1]) - (nearest[1] - here[1]) * (point[0] - here[0])
            further = math.dist(here, point) > math.dist(here, nearest)
            if point != here and (cross < -1e-9 or (abs(cross) <= 1e-9 and further)):
                nearest = point
        if nearest == corners[0]:
            return corners
        corners.append(nearest)


def cylinder(minutiae: list[Minutia], index: int) -> list[int]:
    """Seven words: six planes and the mask; all zero where the cylinder is not valid."""
    x, y, direction, _ = minutiae[index]
    others = [m for at, m in enumerate(minutiae) if at != index and math.dist(m[:2], (x, y)) <= 70 + 3 * SIGMA]
    edge = hull([m[:2] for m in minutiae])
    words = [0] * 7
    for bit, (along, across) in enumerate(CELLS):
        cell_x = x + math.cos(direction) * along + math.sin(direction) * across
        cell_y = y - math.sin(direction) * along + math.cos(direction) * across
        if depth(edge, cell_x, cell_y) < -50:
            continue
        words[6] |= 1 << bit
        for plane in range(6):
            total = 0.0
            for other in others:
                away = math.dist(other[:2], (cell_x, cell_y))
                if away <= 3 * SIGMA:
                    middle = (plane + 0.5) * math.pi / 3 - math.pi
                    share = gaussian_share(wrap(middle - direction + other[2]))
                    total += share * math.exp(-(away**2) / (2 * SIGMA**2)) / (SIGMA * math.sqrt(2 * math.pi))
            words[plane] |= (total >= 0.005) << bit
    valid = words[6].bit_count() >= 0.75 * len(CELLS) and len(others) >= 2
    return words if valid else [0] * 7


def similarity(first: list[int], second: list[int], turn: float) -> float:
    common = first[6] & second[6]
    if abs(wrap(turn)) > math.pi / 2 or common.bit_count() < int(0.6 * len(CELLS)):
        return 0.0
    mine = sum((word & common).bit_count() for word in first[:6])
    theirs = sum((word & common).bit_count() for word in second[:6])
    different = sum(((a ^ b) & common).bit_count() for a, b in zip(first[:6], second[:6], strict=True))
    return 1 - math.sqrt(different) / (math.sqrt(mine) + math.sqrt(theirs) + 1e-6)


def ramp(value: float, centre: float, half_width: float) -> float:
    share = min(max((centre + half_width - value) / (2 * half_width), 0), 1)
    return share * share * (3 - 2 * share)


def agreement(first: tuple[Minutia, Minutia], second: tuple[Minutia, Minutia]) -> float:
    """Of two pairs, each a probe and a reference minutia."""
    probe = complex(second[0][0] - first[0][0], -(second[0][1] - first[0][1]))
    reference = complex(second[1][0] - first[1][0], -(second[1][1] - first[1][1]))
    turn, other_turn = first[1][2] - first[0][2], second[1][2] - second[0][2]
    if abs(probe) * abs(reference) == 0:
        return 0.0
    bearing = reference / (probe * complex(math.cos(turn), math.sin(turn)))
    if bearing.real <= 0:
        return 0.0
    sine = abs(bearing.imag) / abs(bearing)
    return (
        ramp(abs(abs(probe) - abs(reference)), 5, 2.5)
        * ramp(abs(wrap(turn - other_turn)), math.pi / 12, 0.1)
        * ramp(sine, math.pi / 12, 0.1)
    )


def chosen(table: list[list[float]], probe: int, reference: int) -> list[tuple[int, int]]:
    """Pairs (probe, reference) of the most similar minutiae, told apart in 1/256."""
    levels = {(p, r): int(table[r][p] * 256) for r, p in product(range(reference), range(probe))}
    order = sorted((pair for pair in levels if levels[pair] > 0), key=lambda pair: -levels[pair])
    return sorted(order[: min(probe, reference)], key=lambda pair: (pair[1], pair[0]))


def relaxed(pairs: list[tuple[Minutia, Minutia]], similarities: list[float], smaller: int) -> tuple[list[float], float]:
    """Strengths after relaxation, and the relaxed score."""
    strengths = list(similarities)
    for _ in range(5):
        strengths = [
            0.5 * strengths[i]
            + 0.5
            / max(len(pairs) - 1, 1)
            * sum(agreement(pairs[i], pairs[k]) * strengths[k] for k in range(len(pairs)) if k != i)
            for i in range(len(pairs))
        ]
    taken = 4 + math.floor(8 / (1 + math.exp(-0.4 * (smaller - 20))) + 0.5)
    order = sorted(range(len(pairs)), key=lambda i: -strengths[i] / similarities[i])
    return strengths, sum(strengths[i] for i in order[:taken]) / taken


def edges(minutiae: list[Minutia], index: int) -> list[tuple[float, float, float]]:
    """From a minutia to its eight nearest: length, own direction and the other's, both from the line between them."""
    x, y, direction, _ = minutiae[index]
    others = sorted((math.dist(m[:2], (x, y)), m) for at, m in enumerate(minutiae) if at != index)
    return [
        (length, wrap(direction - bearing), wrap(other[2] - bearing))
        for length, other in others[:8]
        if length <= 180
        for bearing in [math.atan2(y - other[1], other[0] - x)]
    ]


def votes(probe: list[tuple[float, float, float]], reference: list[tuple[float, float, float]]) -> float:
    return sum(
        ramp(abs(mine[0] - theirs[0]), 8, 4.8)
        * ramp(abs(wrap(mine[1] - theirs[1])), 0.25, 0.15)
        * ramp(abs(wrap(mine[2] - theirs[2])), 0.25, 0.15)
        for mine in probe
        for theirs in reference
    )
