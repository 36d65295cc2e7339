"""Which minutiae SourceAFIS paired, told in the terms of the templates that were compared."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from biometric_service.comparison.sourceafis.engine import Loaded, SourceAfisEngine
from biometric_service.templates.cbor import read_cbor
from biometric_service.templates.sourceafis import minutiae_of
from biometric_service.vocabulary.templates import MinutiaeTemplate, SourceAfisTemplate, Template

Numbers = NDArray[np.int64]


def matched_pairs(
    engine: SourceAfisEngine, probe: Template, reference: Template, loaded: tuple[Loaded, Loaded]
) -> Numbers:
    """Minutiae of the probe and of the reference that came together, int64 (k, 2), by their places in the templates.

    ``loaded``: the two templates as the engine has them.
    """
    account = engine.pairing(*loaded)
    if account is None:
        return np.empty((0, 2), np.int64)
    pairs = _pairs(read_cbor(account))
    places = [_places(engine, each, held) for each, held in zip((probe, reference), loaded, strict=True)]
    return np.column_stack([place[column] for place, column in zip(places, pairs.T, strict=True)])


def _pairs(account: Any) -> Numbers:  # noqa: ANN401  # as the engine wrote it
    """The root of the tree of pairs, then its leaves."""
    root = (account["root"]["probe"], account["root"]["candidate"])
    return np.array([root, *((edge["probeTo"], edge["candidateTo"]) for edge in account["tree"])], np.int64)


def _places(engine: SourceAfisEngine, template: Template, loaded: Loaded) -> Numbers:
    """For each minutia that the engine holds, its place in the template: it sorts them, and rounds positions."""
    if not isinstance(template, MinutiaeTemplate):
        return np.arange(1 << 16)
    held = minutiae_of(SourceAfisTemplate(template.format, template.position, engine.save(loaded))).positions
    apart = ((held[:, None] - template.positions) ** 2).sum(2)
    return np.asarray(apart.argmin(1), np.int64)
