"""Face embeddings compared by how far their cosine stands out from those that both faces have with strangers."""

import numpy as np
from numpy.typing import NDArray

from biometric_service.comparison.calibration import Calibration
from biometric_service.comparison.cosine import FIRST_ROWS, CosineBank, embedding_of
from biometric_service.comparison.population import Population
from biometric_service.vocabulary.candidates import ANY_CONDITIONS, ComparisonScore, Conditions
from biometric_service.vocabulary.templates import Template, TemplateFormat
from biometric_service.vocabulary.trace import SILENT, Trace

Vectors = NDArray[np.float32]


class StandardisedComparator:
    """Compares face templates of one format (see ``Comparator``).

    The raw score is the cosine in standard deviations above a stranger's, each of the two faces measured against the
    population and the two averaged: symmetric score normalisation (cf. Matejka et al. 2017), with the cohort's
    statistics computed from its mean and covariance.
    """

    name = "standardised_cosine"
    version = "1"

    def __init__(self, template_format: TemplateFormat, population: Population, calibration: Calibration) -> None:
        self.format = template_format
        self._population = population
        self.calibration = calibration

    def compare(self, probe: Template, reference: Template, trace: Trace = SILENT) -> float:
        """The raw score of two templates; traces ``cosine`` and ``strangers`` (their means and deviations)."""
        embeddings = np.stack([embedding_of(each, self.format) for each in (probe, reference)])
        cosine = float(embeddings[0] @ embeddings[1])
        trace("cosine", cosine)
        trace("strangers", self._population.against_strangers(embeddings))
        slopes, offsets = slopes_and_offsets(self._population, embeddings)
        return float(cosine * slopes.sum() - offsets.sum())

    def bank(self) -> "StandardisedBank":
        """A new empty bank."""
        return StandardisedBank(self.format, self._population)

    def calibrate(self, raw: float, conditions: Conditions = ANY_CONDITIONS) -> ComparisonScore:
        """The raw score as -log10 FMR."""
        return self.calibration.calibrate(raw, conditions)


class StandardisedBank:
    """Embeddings beside what standardises their cosines, 8 bytes a row more (see ``ComparisonBank``)."""

    def __init__(self, template_format: TemplateFormat, population: Population) -> None:
        self._format = template_format
        self._population = population
        self._cosines = CosineBank(template_format)
        self._levels: Vectors = np.zeros((2, FIRST_ROWS), np.float32)

    def __len__(self) -> int:
        return len(self._cosines)

    def add(self, template: Template) -> int:
        """Hold a template; returns its row."""
        embedding = embedding_of(template, self._format)
        row = self._cosines.add(template)
        if row >= self._levels.shape[1]:
            self._levels = np.hstack([self._levels, np.zeros_like(self._levels)])
        self._levels[:, row] = np.ravel(slopes_and_offsets(self._population, embedding[None]))
        return row

    def remove(self, row: int) -> None:
        """Overwrite a row; its number may be given out again."""
        self._cosines.remove(row)
        self._levels[:, row] = 0

    def scores(self, probe: Template, rows: NDArray[np.int64]) -> Vectors:
        """Raw scores, float32 (len(rows),), of the probe against the given rows."""
        cosines = self._cosines.scores(probe, rows)
        slope, offset = np.ravel(slopes_and_offsets(self._population, embedding_of(probe, self._format)[None]))
        slopes, offsets = self._levels[:, rows]
        return np.asarray(cosines * (slope + slopes) - (offset + offsets), np.float32)


def slopes_and_offsets(population: Population, embeddings: Vectors) -> tuple[Vectors, Vectors]:
    """What each face adds to a raw score, ``cosine * (slope + slope) - (offset + offset)``; float32 (n,) each."""
    means, deviations = population.against_strangers(embeddings)
    slopes = np.float32(0.5) / deviations
    return slopes, means * slopes
