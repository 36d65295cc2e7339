"""Finger minutiae records as ISO/IEC 19794-2 and ANSI INCITS 378 keep them: whole numbers in the record's own units."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

QUALITY_NOT_REPORTED = 254
UNKNOWN_TIME = b"\xff" * 9


class Edition(StrEnum):
    """Which document a record follows. 2007 is the draft of ANSI 378-2009, which NIST's software writes."""

    ISO_2005 = "ISO/IEC 19794-2:2005"
    ISO_2011 = "ISO/IEC 19794-2:2011"
    ANSI_2004 = "ANSI INCITS 378-2004"
    ANSI_2007 = "ANSI INCITS 378-2007 draft"
    ANSI_2009 = "ANSI INCITS 378-2009"

    @property
    def is_iso(self) -> bool:
        """Whether it is of ISO/IEC 19794-2, not of ANSI 378."""
        return self.value.startswith("ISO")

    @property
    def angle_steps(self) -> int:
        """Steps of an angle to a full turn."""
        return 256 if self.is_iso else 180

    @property
    def zero_is_unreported(self) -> bool:
        """Whether a minutia's quality of 0 means that there is none; later editions have 254 for that."""
        return self in {Edition.ISO_2005, Edition.ANSI_2004}


class Minutia(NamedTuple):
    """One minutia.

    ``kind``: 0 other, 1 ending, 2 bifurcation. ``x`` right and ``y`` down, in pixels. ``angle``: in steps of the
    edition, counter-clockwise from the x axis. ``quality``: 0 to 100, 254 not reported, 255 failed.
    """

    kind: int
    x: int
    y: int
    angle: int
    quality: int


@dataclass(frozen=True, slots=True)
class Capture:
    """What ISO 19794-2:2011 says of the capture, as it stands there.

    ``at``: 9 bytes. ``technology``, ``vendor``, ``model``: codes. ``qualities``: (score, vendor, algorithm).
    ``certificates``: (authority, scheme). ``ending``: 0 where endings lie on the valley skeleton, 1 on the ridge
    skeleton. ``with_quality``: whether minutiae carry their quality.
    """

    at: bytes = UNKNOWN_TIME
    technology: int = 0
    vendor: int = 0
    model: int = 0
    qualities: tuple[tuple[int, int, int], ...] = ()
    certificates: tuple[tuple[int, int], ...] = ()
    ending: int = 0
    with_quality: bool = True


@dataclass(frozen=True, slots=True)
class FingerView:
    """One view of one finger.

    ``position``: FGP code. ``number``: of the view among those of the finger. ``impression``: type code.
    ``size``: pixels. ``resolution``: pixels a centimetre. ``quality``: 0 to 100, 254 not reported, with ``algorithm``
    (vendor and id, ANSI 2007 and later). ``extended``: the extended data blocks as they stand there.
    """

    position: int
    number: int
    impression: int
    size: tuple[int, int]
    resolution: tuple[int, int]
    minutiae: tuple[Minutia, ...]
    quality: int = QUALITY_NOT_REPORTED
    algorithm: tuple[int, int] = (0, 0)
    extended: bytes = b""
    capture: Capture = field(default_factory=Capture)


@dataclass(frozen=True, slots=True)
class MinutiaeRecord:
    """A record: ``product`` is the CBEFF owner and type (ANSI), ``device`` the capture equipment's code.

    ``certification``: the equipment's compliance flags, 4 bits in 2004 to 2007 and a byte in ANSI 2009; in ISO 2011 it
    is 1 where the views carry certificates. In ISO 2005 and ANSI 2004 all views are of one size and resolution.
    """

    edition: Edition
    views: tuple[FingerView, ...]
    product: tuple[int, int] = (0, 0)
    certification: int = 0
    device: int = 0
