"""SourceAFIS's matcher as a comparator, for its own templates and for minutiae of other extractors."""

from dataclasses import dataclass, field

import numpy as np

from biometric_service.comparison.calibration import Calibration
from biometric_service.comparison.sourceafis.bank import SourceAfisBank
from biometric_service.comparison.sourceafis.engine import SourceAfisEngine
from biometric_service.comparison.sourceafis.loading import load
from biometric_service.comparison.sourceafis.pairing import matched_pairs
from biometric_service.vocabulary.candidates import ANY_CONDITIONS, ComparisonScore, Conditions
from biometric_service.vocabulary.templates import Template, TemplateFormat
from biometric_service.vocabulary.trace import SILENT, Trace

NAME, VERSION = "sourceafis", "1"


@dataclass(frozen=True, slots=True)
class SourceAfisComparator:
    """Compares templates of one format (see ``Comparator``); the raw score is SourceAFIS's, 0 to some hundreds."""

    engine: SourceAfisEngine
    format: TemplateFormat
    calibration: Calibration
    name: str = field(default=NAME, init=False)
    version: str = field(default=VERSION, init=False)

    def compare(self, probe: Template, reference: Template, trace: Trace = SILENT) -> float:
        """The raw score of two templates.

        Traces ``matched_pairs``, int64 (k, 2), indices of the minutiae of the probe and of the reference that came
        together.
        """
        mine, theirs = (load(self.engine, each, self.format) for each in (probe, reference))
        if trace is not SILENT:
            trace("matched_pairs", matched_pairs(self.engine, probe, reference, (mine, theirs)))
        return float(np.float32(self.engine.matcher(mine)(theirs)))

    def bank(self) -> SourceAfisBank:
        """A new empty bank."""
        return SourceAfisBank(self.engine, self.format)

    def calibrate(self, raw: float, conditions: Conditions = ANY_CONDITIONS) -> ComparisonScore:
        """The raw score as -log10 FMR."""
        return self.calibration.calibrate(raw, conditions)
