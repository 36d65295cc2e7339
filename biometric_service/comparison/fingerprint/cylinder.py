"""The native fingerprint comparators: cylinder codes, edges, and both."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from biometric_service.comparison.calibration import Calibration
from biometric_service.comparison.fingerprint.alignment import UNPAIRED, Movement
from biometric_service.comparison.fingerprint.bank import FingerprintBank
from biometric_service.comparison.fingerprint.cylinders import Cylinders
from biometric_service.comparison.fingerprint.evidence import weigh
from biometric_service.comparison.fingerprint.kernel import Room, compare, probe_of, room
from biometric_service.comparison.fingerprint.methods import CYLINDER, EDGES, FUSED, Method
from biometric_service.comparison.fingerprint.preparation import prepared
from biometric_service.vocabulary.candidates import ANY_CONDITIONS, ComparisonScore, Conditions
from biometric_service.vocabulary.templates import Template, TemplateFormat
from biometric_service.vocabulary.trace import SILENT, Trace


@dataclass(frozen=True)
class CylinderComparator:
    """Compares minutiae templates of one format by cylinder codes (see ``Comparator``).

    The raw score is a logit, about -20 (nothing in common) to 60 and more (the same print).
    """

    format: TemplateFormat
    calibration: Calibration
    name: ClassVar[str] = "cylinder"
    version: ClassVar[str] = "1"
    method: ClassVar[Method] = CYLINDER

    def compare(self, probe: Template, reference: Template, trace: Trace = SILENT) -> float:
        """The raw score of two templates.

        Traces ``evidence`` (an ``evidence.Evidence``), ``matched_pairs``, int64 (k, 2), indices of the minutiae of the
        probe and of the reference that came together, and ``alignment``, float64 (2, 3), which takes (x, y, 1) of the
        probe to the reference's pixels.
        """
        mine, theirs, space = prepared(probe, self.format), prepared(reference, self.format), room()
        evidence, movement = compare(probe_of(mine.minutiae), theirs.minutiae, self.method, space)
        trace("evidence", evidence)
        trace("matched_pairs", _matched_pairs(mine, theirs, space))
        trace("alignment", _matrix(movement))
        return float(np.float32(weigh(evidence, self.method.weights)))

    def bank(self) -> FingerprintBank:
        """A new empty bank."""
        return FingerprintBank(self.format, self.method)

    def calibrate(self, raw: float, conditions: Conditions = ANY_CONDITIONS) -> ComparisonScore:
        """The raw score as -log10 FMR."""
        return self.calibration.calibrate(raw, conditions)


class EdgeComparator(CylinderComparator):
    """The same by edges between neighbouring minutiae, free of what the patent on cylinder codes claims."""

    name = "edges"
    method = EDGES


class FusedComparator(CylinderComparator):
    """The same by cylinder codes, and by edges as well where those are worth it: the most accurate."""

    name = "fused"
    method = FUSED


FINGERPRINT_COMPARATORS: Mapping[str, type[CylinderComparator]] = {
    each.name: each for each in (CylinderComparator, EdgeComparator, FusedComparator)
}
"""By name, which is also the name of their calibration in a manifest."""


def _matched_pairs(probe: Cylinders, reference: Cylinders, space: Room) -> NDArray[np.int64]:
    partners = space.alignment.partner[: len(probe.source)]
    paired = np.flatnonzero(partners != UNPAIRED)
    return np.column_stack([probe.source[paired], reference.source[partners[paired]]])


def _matrix(movement: Movement) -> NDArray[np.float64]:
    along, across = np.cos(movement.turn), np.sin(movement.turn)
    rotation = np.array([[along, across], [-across, along]])
    shift = np.array([movement.rx, movement.ry]) - rotation @ np.array([movement.px, movement.py])
    return np.column_stack([rotation, shift])
