"""Which part of a finger touches the sensor, and how well its ridges ink there."""

from dataclasses import dataclass

import numpy as np

from benchmarks.synthesis.fields import Field, Ripple, make_ripple, within


@dataclass(frozen=True, slots=True)
class Contact:
    """The finger against the sensor.

    ``centre``: (x, y) of the pad's middle on the finger; ``across``, ``tip``, ``base``: half-axes of the contact
    sideways, towards the tip and towards the joint; all pixels at 500 dpi. ``edge``: how ragged its outline is, as
    a share of the half-axes. ``wetness``: -1 dry (thin, broken ridges) to 1 wet (thick, touching ridges). ``patches``:
    how it varies over the pad, same unit. ``dryness_grain``: standard deviation of the fine noise on it, 0 to 1.
    """

    centre: tuple[float, float]
    across: float
    tip: float
    base: float
    edge: Ripple
    wetness: float
    patches: Ripple
    dryness_grain: float

    def moisture(self, x: Field, y: Field) -> Field:
        """What is added to the relief before ink is decided, float32; falls steeply at the outline of the contact."""
        outline = self._outline(x, y) + self.edge.at(x, y)
        fade = np.float32(-4.5) * np.clip((outline - 0.80) / 0.30, 0, 2) ** 2
        return np.asarray(np.float32(0.6 * self.wetness) + self.patches.at(x, y) + fade, np.float32)

    def _outline(self, x: Field, y: Field) -> Field:
        """0 in the middle, 1 on the outline: half a superellipse towards the tip, another towards the joint."""
        sideways = np.abs(x - np.float32(self.centre[0])) / np.float32(self.across)
        down = y - np.float32(self.centre[1])
        endways = np.where(down < 0, -down / np.float32(self.tip), down / np.float32(self.base))
        return np.asarray((sideways**2.3 + endways**2.3) ** (1 / 2.3), np.float32)


def draw_contact(rng: np.random.Generator) -> Contact:
    """A contact; pressing harder widens it and wets the ridges."""
    pressure, dampness = float(rng.uniform(0, 1)), within(rng, 0.5, 1)
    return Contact(
        centre=(float(rng.normal(0, 8)), float(rng.normal(0, 12))),
        across=102 + 36 * pressure + float(rng.normal(0, 6)),
        tip=162 + 40 * pressure + float(rng.normal(0, 8)),
        base=190 + 50 * pressure + float(rng.normal(0, 12)),
        edge=make_ripple(rng, 0.022, (90, 260)),
        wetness=min(max(dampness + 0.5 * (pressure - 0.5), -1.0), 1.0),
        patches=make_ripple(rng, float(rng.uniform(0.1, 0.25)), (60, 200)),
        dryness_grain=float(rng.uniform(0.2, 0.55)) + 0.3 * max(0.0, -dampness),
    )
