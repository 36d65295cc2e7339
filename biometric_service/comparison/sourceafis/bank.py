"""References held in the Java machine, ready to be compared."""

import threading

import numpy as np
from numpy.typing import NDArray

from biometric_service.comparison.sourceafis.engine import Loaded, SourceAfisEngine
from biometric_service.comparison.sourceafis.loading import load
from biometric_service.vocabulary.templates import Template, TemplateFormat


class SourceAfisBank:
    """Loaded templates by row (see ``ComparisonBank``).

    Readers take no lock: a row is written before its number is given out, and never moves. A removed row holds an empty
    template; the Java machine forgets the other when it next collects.
    """

    def __init__(self, engine: SourceAfisEngine, template_format: TemplateFormat) -> None:
        self._engine = engine
        self._format = template_format
        self._held: list[Loaded] = []
        self._free: list[int] = []
        self._writing = threading.Lock()

    def __len__(self) -> int:
        return len(self._held) - len(self._free)

    def add(self, template: Template) -> int:
        """Hold a template; returns its row."""
        loaded = load(self._engine, template, self._format)
        with self._writing:
            if not self._free:
                self._held.append(loaded)
                return len(self._held) - 1
            row = self._free.pop()
            self._held[row] = loaded
            return row

    def remove(self, row: int) -> None:
        """Forget a row; its number may be given out again."""
        with self._writing:
            self._held[row] = self._engine.empty()
            self._free.append(row)

    def scores(self, probe: Template, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Raw scores, float32 (len(rows),), of the probe against the given rows."""
        loaded = load(self._engine, probe, self._format)
        return self._engine.scores(loaded, [self._held[row] for row in rows])
