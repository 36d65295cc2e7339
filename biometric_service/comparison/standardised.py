"""Face embeddings compared by how far their cosine stands out from those that both faces have with strangers."""

import math

import numpy as np
from numpy.typing import NDArray

from biometric_service.comparison.calibration import Calibration
from biometric_service.comparison.cosine import ROUNDING, embedding_of
from biometric_service.comparison.embeddings import Embeddings
from biometric_service.comparison.population import Population
from biometric_service.vocabulary.candidates import ANY_CONDITIONS, ComparisonScore, Conditions
from biometric_service.vocabulary.storage import ArraySink, ArraySource
from biometric_service.vocabulary.templates import FaceTemplate, Template, TemplateFormat
from biometric_service.vocabulary.trace import SILENT, Trace

Vectors = NDArray[np.float32]
Limits = tuple[tuple[float, float], tuple[float, float]]
"""Least and largest slope, least and largest offset."""

FIRST_ROWS = 64
NO_LIMITS: Limits = ((math.inf, -math.inf), (math.inf, -math.inf))
STRETCH = 2.0
"""How much longer the offset is in a key, and shorter in a query: it is then held more precisely."""


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
    """Embeddings beside what standardises their cosines, 8 bytes a row more (see ``KeyedBank``).

    A score is ``cosine * (slope + slopes[row]) - offset - offsets[row]``. Were every probe's slope the usual one, that
    would be an inner product of the probe with a key of the row, and so it nearly is: what is missing is known to lie
    within limits that follow from the least and largest slope and offset of the rows.
    """

    def __init__(self, template_format: TemplateFormat, population: Population) -> None:
        self._format = template_format
        self._population = population
        self._usual = 0.5 / population.usual_deviation()
        self._embeddings = Embeddings()
        self._levels: Vectors = np.zeros((2, FIRST_ROWS), np.float32)
        self._limits = NO_LIMITS

    def __len__(self) -> int:
        return len(self._embeddings)

    def add(self, template: Template) -> int:
        """Hold a template; returns its row."""
        embedding = embedding_of(template, self._format)
        levels = np.ravel(slopes_and_offsets(self._population, embedding[None]))
        row = self._embeddings.add(embedding)
        if row >= self._levels.shape[1]:
            self._levels = np.hstack([self._levels, np.zeros_like(self._levels)])
        self._levels[:, row] = levels
        self._limits = _widened(self._limits, levels[:, None])
        return row

    def remove(self, row: int) -> None:
        """Overwrite a row; its number may be given out again."""
        self._embeddings.remove(row)
        self._levels[:, row] = 0

    def scores(self, probe: Template, rows: NDArray[np.int64]) -> Vectors:
        """Raw scores, float32 (len(rows),), of the probe against the given rows."""
        embedding = embedding_of(probe, self._format)
        slope, offset = np.ravel(slopes_and_offsets(self._population, embedding[None]))
        slopes, offsets = self._levels[:, rows]
        cosines = self._embeddings.products(embedding, rows)
        return np.asarray(cosines * (slope + slopes) - (offset + offsets), np.float32)

    def keys(self, rows: NDArray[np.int64]) -> Vectors:
        """Embeddings weighted by their slopes, and their offsets, float32 (len(rows), d + 1); about as long as 1."""
        slopes, offsets = self._levels[:, rows] / np.float32(2 * self._usual)
        return np.column_stack([self._embeddings.at(rows) * (slopes + np.float32(0.5))[:, None], STRETCH * offsets])

    def query(self, probe: Template) -> Vectors:
        """What a key is multiplied with, float32 (d + 1,)."""
        return np.append(embedding_of(probe, self._format), np.float32(-1 / STRETCH))

    def ceiling(self, probe: Template, product: float) -> float:
        """The highest score that a row of the bank can have at a product of its key (see ``KeyedBank``)."""
        embedding = embedding_of(probe, self._format)[None]
        slope, offset = (float(each[0]) for each in slopes_and_offsets(self._population, embedding))
        usual = self._usual
        scores = [
            (2 * usual * product + other) * (slope + each) / (usual + each) - other - offset
            for each in self._limits[0]
            for other in self._limits[1]
        ]
        return max(scores) + ROUNDING * 2 * usual

    def between(self, row: int, other: int, share: float) -> FaceTemplate:
        """A face between two rows'."""
        return FaceTemplate(self._format, self._embeddings.between(row, other, share))

    def save(self, sink: ArraySink) -> None:
        """Put the embeddings and what standardises them."""
        self._embeddings.save(sink)
        sink.put("levels", self._levels.copy())
        sink.put("limits", np.array(self._limits))

    def restore(self, source: ArraySource) -> None:
        """Hold what was saved instead; see ``Storable``."""
        self._embeddings.restore(source)
        self._levels = source.take("levels")
        slopes, offsets = source.take("limits").tolist()
        self._limits = tuple(slopes), tuple(offsets)


def _widened(limits: Limits, levels: Vectors) -> Limits:
    """The limits with these levels, float32 (2, n), within them."""
    slopes, offsets = (
        (min(low, float(each.min())), max(high, float(each.max())))
        for (low, high), each in zip(limits, levels, strict=True)
    )
    return slopes, offsets


def slopes_and_offsets(population: Population, embeddings: Vectors) -> tuple[Vectors, Vectors]:
    """What each face adds to a raw score, ``cosine * (slope + slope) - (offset + offset)``; float32 (n,) each."""
    means, deviations = population.against_strangers(embeddings)
    slopes = np.float32(0.5) / deviations
    return slopes, means * slopes
