"""Kinds of fingerprint sensor, as far as a picture shows which one took it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sensor:
    """What a sensor makes of ink.

    ``width``, ``height``: pixels. ``dpi``: pixels an inch, 250 to 1000. ``ground``: grey of the empty plate, 0 to 255;
    ``vignette``: how much darker it is in the corners. ``ink``: grey of a firmly pressed ridge. ``sharpness``: how
    steeply ridge turns to valley, 2 to 8. ``blur``: standard deviation in pixels. ``noise``: of the electronics,
    in grey levels. ``dirt``: mean number of specks left by earlier fingers.
    """

    name: str
    width: int
    height: int
    dpi: float
    ground: float
    vignette: float
    ink: float
    sharpness: float
    blur: float
    noise: float
    dirt: float


SENSORS: dict[str, Sensor] = {
    sensor.name: sensor
    for sensor in (
        Sensor("optical", 388, 374, 500, 253, 0, 20, 5.0, 0.7, 1.5, 4),
        Sensor("optical-wide", 480, 500, 500, 250, 6, 35, 4.5, 0.8, 2.0, 6),
        Sensor("optical-569", 296, 560, 569, 178, 55, 35, 3.5, 0.9, 2.5, 25),
        Sensor("capacitive", 300, 300, 500, 225, 8, 25, 2.6, 0.6, 7.0, 8),
        Sensor("sweep", 288, 400, 500, 205, 0, 30, 3.0, 0.8, 5.0, 2),
    )
}
"""By name; FVC's sets were taken with sensors of these sizes and looks."""
