"""SourceAFIS in a deployment: the engine from its jars."""

from biometric_service.comparison.sourceafis.engine import SourceAfisEngine
from biometric_service.settings import Settings
from biometric_service.weights.manifest import Task
from biometric_service.weights.resolution import ModelShelf

MODEL = "sourceafis"


def open_engine(settings: Settings, shelf: ModelShelf) -> SourceAfisEngine:
    """The engine, its jars checked, its Java machine not yet started; errors of ``ModelShelf.resolve``."""
    return SourceAfisEngine(shelf.resolve(MODEL, Task.FINGERPRINT_ENGINE).files, settings.sourceafis_memory)
