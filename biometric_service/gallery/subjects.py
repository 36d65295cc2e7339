"""Small numbers for subjects, so that a million rows can say whose they are in four bytes each."""

import numpy as np

from biometric_service.vocabulary.references import SubjectId
from biometric_service.vocabulary.storage import ArraySink, ArraySource

NOBODY = SubjectId("")


class SubjectNumbers:
    """Each subject has a number for as long as a row is of it; then the number serves another."""

    def __init__(self) -> None:
        self._numbers: dict[SubjectId, int] = {}
        self._names: list[SubjectId] = []
        self._rows: list[int] = []
        self._free: list[int] = []

    def __len__(self) -> int:
        """One more than the highest number in use."""
        return len(self._names)

    def name(self, number: int) -> SubjectId:
        """Whose number it is."""
        return self._names[number]

    def claim(self, subject: SubjectId) -> int:
        """The number of a subject that one more row is of."""
        number = self._numbers.get(subject)
        if number is None:
            number = self._numbers[subject] = self._free.pop() if self._free else self._next()
            self._names[number] = subject
        self._rows[number] += 1
        return number

    def release(self, number: int) -> None:
        """One row less is of the subject."""
        self._rows[number] -= 1
        if not self._rows[number]:
            del self._numbers[self._names[number]]
            self._names[number] = NOBODY
            self._free.append(number)

    def save(self, sink: ArraySink) -> None:
        """Put the names, one after another in UTF-8, and how many rows each has; a free number has none."""
        names = [name.encode() for name in self._names]
        sink.put("names", np.frombuffer(b"".join(names), np.uint8))
        sink.put("lengths", np.array([len(name) for name in names], np.int64))
        sink.put("rows", np.array(self._rows, np.int64))

    def restore(self, source: ArraySource) -> None:
        """Hold what was saved instead; see ``Storable``."""
        text, ends = source.take("names").tobytes(), np.cumsum(source.take("lengths")).tolist()
        self._rows = source.take("rows").tolist()
        self._names = [SubjectId(text[start:end].decode()) for start, end in zip([0, *ends], ends, strict=False)]
        self._numbers = {name: number for number, name in enumerate(self._names) if self._rows[number]}
        self._free = [number for number, rows in enumerate(self._rows) if not rows]

    def _next(self) -> int:
        self._names.append(NOBODY)
        self._rows.append(0)
        return len(self._names) - 1
