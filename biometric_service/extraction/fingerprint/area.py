"""Where on the image the finger is: the crop that quality assessment and extraction look at."""

import numpy as np
from numpy.typing import NDArray

from biometric_service.extraction.fingerprint.resampling import DPI, to_500_dpi
from biometric_service.extraction.fingerprint.ridge_waves import ridge_waves
from biometric_service.extraction.fingerprint.segmentation import ridge_mask
from biometric_service.vocabulary.quality import Defect, ExtractionFailure
from biometric_service.vocabulary.samples import BiometricSample, FingerArea, LocatedSample
from biometric_service.vocabulary.trace import SILENT, Trace

MULTIPLE = 32
MARGIN = 16
"""Pixels around the ridge area that an extractor is to see and may find minutiae in."""
LEAST_AREA = 60 * 60
"""Pixels at 500 dpi, 3 mm by 3 mm: fewer cannot hold enough minutiae."""
LEAST_LIKENESS = 0.4


def locate_ridges(sample: BiometricSample, trace: Trace = SILENT) -> LocatedSample | ExtractionFailure:
    """Resample to 500 dpi and crop to the ridge area.

    NO_FINGER where nothing looks like ridges, PARTIAL where they cover less than 9 mm2, as in a crop of a latent print.
    Raises IMAGE_TOO_LARGE for more than a slap of four fingers. Traces ``fingerprint_500dpi`` (uint8, the whole image),
    and of that size ``ridge_mask`` (bool), ``ridge_clarity`` (float32) and ``ridge_direction`` (float32, radians in [0,
    pi), counter-clockwise from the x axis, NaN where there is no clear ridge).
    """
    assert sample.dpi is not None
    pixels = to_500_dpi(sample.pixels, sample.dpi)
    trace("fingerprint_500dpi", pixels)
    mask = ridge_mask(pixels)
    trace("ridge_mask", mask)
    waves = ridge_waves(pixels, mask)
    trace("ridge_clarity", waves.clarity)
    trace("ridge_direction", waves.direction)
    if waves.likeness < LEAST_LIKENESS:
        return ExtractionFailure(Defect.NO_FINGER)
    if np.count_nonzero(mask) < LEAST_AREA:
        return ExtractionFailure(Defect.PARTIAL)
    return LocatedSample(sample, _crop(pixels, mask, waves.clarity, DPI / sample.dpi))


def _crop(pixels: NDArray[np.uint8], mask: NDArray[np.bool_], clarity: NDArray[np.float32], scale: float) -> FingerArea:
    rows, columns = place = (_span(np.asarray(mask.any(1))), _span(np.asarray(mask.any(0))))
    return FingerArea(pixels[place], mask[place], clarity[place], (columns.start, rows.start), scale)


def _span(used: NDArray[np.bool_]) -> slice:
    """From the first to the last place in use, with a margin, made a multiple of 32 where the image allows it."""
    places = np.flatnonzero(used)
    start, stop = max(int(places[0]) - MARGIN, 0), min(int(places[-1]) + 1 + MARGIN, len(used))
    stop = min(stop + -(stop - start) % MULTIPLE, len(used))
    start = max(start - -(stop - start) % MULTIPLE, 0)
    return slice(start, stop)
