"""Small numbers for subjects, so that a million rows can say whose they are in four bytes each."""

from biometric_service.vocabulary.references import SubjectId

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

    def _next(self) -> int:
        self._names.append(NOBODY)
        self._rows.append(0)
        return len(self._names) - 1
