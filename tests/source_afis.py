"""The real SourceAFIS, for tests marked ``models``: its jars come through the service's own shelf."""

from functools import lru_cache
from importlib.util import find_spec

import pytest

from biometric_service.app.sourceafis import open_engine
from biometric_service.app.stages import model_shelf
from biometric_service.comparison.sourceafis.engine import SourceAfisEngine
from biometric_service.settings import Settings


@lru_cache
def source_afis() -> SourceAfisEngine:
    """One engine for all tests of a process, which can have one Java machine only."""
    if find_spec("jpype") is None:
        pytest.skip("SourceAFIS needs jpype1 and a JRE: install biometric-service[sourceafis]")
    settings = Settings()
    return open_engine(settings, model_shelf(settings))
