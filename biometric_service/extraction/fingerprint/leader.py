"""LEADER (Cappelli, pyfing): minutiae straight from the image by a small convolutional network."""

import cv2
import numpy as np
from numpy.typing import NDArray

from biometric_service.extraction.fingerprint.area import MARGIN, MULTIPLE, locate_ridges
from biometric_service.extraction.fingerprint.parts import parts
from biometric_service.extraction.fingerprint.peaks import Peaks, find_peaks, likelihood
from biometric_service.extraction.session import Session
from biometric_service.vocabulary.quality import Defect, ExtractionFailure
from biometric_service.vocabulary.samples import BiometricSample, FingerArea, LocatedSample
from biometric_service.vocabulary.templates import MinutiaeTemplate, TemplateFormat
from biometric_service.vocabulary.trace import SILENT, Trace

NEAR = np.ones((2 * MARGIN + 1, 2 * MARGIN + 1), np.uint8)
LEAST_QUALITY = 0.2
CERTAIN_QUALITY = 0.4
MAPS, NO_MINUTIA = 4, -20.0
LEAST_MINUTIAE = 6
LEAST_MEAN_QUALITY = 0.45
"""Of all minutiae kept: LEADER is sure of what it finds in prints, and unsure in anything else."""


class LeaderExtractor:
    """Resamples to 500 dpi, crops to the ridges and reads minutiae out of LEADER's maps (see ``Extractor``).

    The session runs the graph of the recipe ``leader_fused``, on each finger of a slap by itself. Traces what
    ``locate_ridges`` does, then ``minutia_likelihood`` (float32 (h, w) of the crop, 0 to 1) and ``minutiae`` (the
    template). Positions are finer than a pixel and count from the whole image's corner; minutiae of a quality of 0.2
    and more are kept.
    """

    def __init__(self, session: Session, template_format: TemplateFormat) -> None:
        self.format = template_format
        self._session = session

    def locate(self, sample: BiometricSample, trace: Trace = SILENT) -> LocatedSample | ExtractionFailure:
        """Crop to the ridge area (see ``locate_ridges``)."""
        return locate_ridges(sample, trace)

    def extract(self, located: LocatedSample, trace: Trace = SILENT) -> MinutiaeTemplate | ExtractionFailure:
        """Find the minutiae; NO_FINGER where they are too uncertain to be any, TOO_FEW_MINUTIAE under 6 of quality."""
        area = located.area
        assert isinstance(area, FingerArea)
        near = cv2.dilate(area.mask.astype(np.uint8), NEAR) > 0
        maps = self._all_maps(area.pixels, near)
        trace("minutia_likelihood", likelihood(maps))
        peaks = find_peaks(maps, near, LEAST_QUALITY)
        if np.count_nonzero(peaks.qualities >= CERTAIN_QUALITY) < LEAST_MINUTIAE:
            return ExtractionFailure(Defect.TOO_FEW_MINUTIAE)
        if peaks.qualities.mean() < LEAST_MEAN_QUALITY:
            return ExtractionFailure(Defect.NO_FINGER)
        template = self._template(located.sample, area, peaks)
        trace("minutiae", template)
        return template

    def _all_maps(self, pixels: NDArray[np.uint8], near: NDArray[np.bool_]) -> NDArray[np.float32]:
        """LEADER's maps, float32 (4, h, w), of any number of fingers; certainly no minutia where none is looked for."""
        maps = np.full((MAPS, *pixels.shape), NO_MINUTIA, np.float32)
        for (rows, columns), (inner_rows, inner_columns) in parts(near):
            seen = self._maps(pixels[rows, columns])
            down = slice(inner_rows.start - rows.start, inner_rows.stop - rows.start)
            right = slice(inner_columns.start - columns.start, inner_columns.stop - columns.start)
            maps[:, inner_rows, inner_columns] = seen[:, down, right]
        return maps

    def _maps(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """LEADER's maps, float32 (4, h, w), of a crop of any size."""
        height, width = pixels.shape
        below, right = -height % MULTIPLE, -width % MULTIPLE
        padded = cv2.copyMakeBorder(pixels, 0, below, 0, right, cv2.BORDER_REPLICATE)
        return self._session.run(["maps"], {"image": padded[None, None].astype(np.float32)})[0][0, :, :height, :width]

    def _template(self, sample: BiometricSample, area: FingerArea, peaks: Peaks) -> MinutiaeTemplate:
        height, width = sample.pixels.shape
        return MinutiaeTemplate(
            format=self.format,
            position=sample.position,
            positions=peaks.positions + np.array(area.offset, np.float32),
            directions=peaks.directions,
            qualities=peaks.qualities,
            kinds=peaks.kinds,
            size=(max(round(width * area.scale), 1), max(round(height * area.scale), 1)),
        )
