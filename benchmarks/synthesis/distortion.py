"""How a finger's skin lies on a sensor: displaced, turned and stretched."""

from dataclasses import dataclass

import numpy as np
from numba import njit

from benchmarks.synthesis.fields import Field, within


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a finger is put down and how its skin is dragged.

    ``shift``: (x, y) pixels at 500 dpi, of the finger's middle from the sensor's. ``rotation``: radians
    counter-clockwise, -0.35 to 0.35 (20°). ``drag``: (x, y) pixels at 500 dpi that the skin beyond the firmly pressed
    region slips by, -12 to 12. ``torsion``: radians that it turns by, -0.07 to 0.07. ``hold``: (x, y, half-axis
    across, half-axis along) of the firmly pressed ellipse, pixels at 500 dpi on the finger. ``give``: how far past
    the ellipse, as a multiple of it, the skin takes to follow fully, 1.1 to 2.
    """

    shift: tuple[float, float]
    rotation: float
    drag: tuple[float, float]
    torsion: float
    hold: tuple[float, float, float, float]
    give: float

    def on_finger(self, x: Field, y: Field) -> tuple[Field, Field]:
        """Which point of the finger lies at points of the sensor, both float32 pixels at 500 dpi from the middle."""
        cosine, sine = np.float32(np.cos(self.rotation)), np.float32(np.sin(self.rotation))
        x, y = x - np.float32(self.shift[0]), y - np.float32(self.shift[1])
        return self._dragged(cosine * x - sine * y, sine * x + cosine * y)

    def on_sensor(self, x: Field, y: Field) -> tuple[Field, Field]:
        """Where points of the finger lie on the sensor: the inverse of ``on_finger``, to within a pixel."""
        skin_x, skin_y = x, y
        for _ in range(3):
            there_x, there_y = self._dragged(skin_x, skin_y)
            skin_x, skin_y = skin_x + (x - there_x), skin_y + (y - there_y)
        cosine, sine = np.float32(np.cos(self.rotation)), np.float32(np.sin(self.rotation))
        return (
            cosine * skin_x + sine * skin_y + np.float32(self.shift[0]),
            cosine * skin_y - sine * skin_x + np.float32(self.shift[1]),
        )

    def _dragged(self, x: Field, y: Field) -> tuple[Field, Field]:
        """Cappelli, Maio and Maltoni, "Modelling plastic distortion in fingerprint images", 2001."""
        hold, drag = np.array(self.hold, np.float32), np.array(self.drag, np.float32)
        turn = np.array([np.cos(self.torsion) - 1, np.sin(self.torsion)], np.float32)
        dragged_x, dragged_y = _drag(x.ravel(), y.ravel(), hold, drag, turn, np.float32(self.give))
        return dragged_x.reshape(x.shape), dragged_y.reshape(x.shape)


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _drag(  # noqa: PLR0913, PLR0917
    x: Field, y: Field, hold: Field, drag: Field, turn: Field, give: np.float32
) -> tuple[Field, Field]:
    """Skin inside the held ellipse stays, skin far outside turns about its middle and slips, skin between gives."""
    dragged_x, dragged_y = np.empty(len(x), np.float32), np.empty(len(x), np.float32)
    for index in range(len(x)):
        off_x, off_y = x[index] - hold[0], y[index] - hold[1]
        beyond = np.sqrt((off_x / hold[2]) ** 2 + (off_y / hold[3]) ** 2) - 1
        follow = 0.5 - 0.5 * np.cos(np.pi * min(max(beyond / give, 0.0), 1.0))
        dragged_x[index] = x[index] + follow * (turn[0] * off_x - turn[1] * off_y + drag[0])
        dragged_y[index] = y[index] + follow * (turn[1] * off_x + turn[0] * off_y + drag[1])
    return dragged_x, dragged_y


def draw_placement(rng: np.random.Generator) -> Placement:
    """A placement by a cooperative but unpractised subject: mostly careful, at times well off the middle."""
    careless = float(rng.lognormal(0, 0.75))
    return Placement(
        shift=(within(rng, 22 * careless, 110), 8 + within(rng, 28 * careless, 120)),
        rotation=within(rng, 0.13 * careless, 0.35),
        drag=(within(rng, 6, 12), within(rng, 6, 12)),
        torsion=within(rng, 0.035, 0.07),
        hold=(
            float(rng.normal(0, 15)),
            float(rng.normal(0, 20)),
            float(rng.uniform(35, 70)),
            float(rng.uniform(45, 90)),
        ),
        give=float(rng.uniform(1.1, 2.0)),
    )
