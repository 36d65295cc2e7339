"""Labels of subjects and of single samples (sensor, finger, sex, age band, skin tone), read from a CSV file."""

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from biometric_service.errors import BiometricServiceError, ErrorCode
from biometric_service.evaluation.subjects import SampleFile, Subject

SUBJECT, SAMPLE = "subject", "sample"
Named = Mapping[str, Mapping[str, str]]
"""By column, then by the name of a subject or a sample."""


@dataclass(frozen=True, slots=True)
class Labels:
    """What is known of subjects and of single samples; of a sample goes before of its subject."""

    of_subjects: Named
    of_samples: Named

    @property
    def columns(self) -> tuple[str, ...]:
        """Every kind of label, in the order of the file."""
        return tuple(dict.fromkeys((*self.of_subjects, *self.of_samples)))

    def of(self, column: str, subject: Subject, file: SampleFile) -> str:
        """The value of one sample, empty where nobody gave it."""
        return self.of_samples.get(column, {}).get(sample_name(file)) or self.of_subjects.get(column, {}).get(
            subject.known_as, ""
        )


NO_LABELS = Labels({}, {})


def sample_name(file: SampleFile) -> str:
    """FOLDER/FILE, as the labels name a sample."""
    return f"{file.path.parent.name}/{file.path.name}"


def read_labels(path: Path) -> Labels:
    """A CSV file with a column ``subject`` or ``sample`` (or both) and any further ones; REQUEST_INVALID.

    A row is of the sample that it names, else of the subject.
    """
    rows = _rows(path)
    if not rows or not {SUBJECT, SAMPLE} & set(rows[0]):
        raise BiometricServiceError(
            ErrorCode.REQUEST_INVALID,
            f"{path.name} holds no labels.",
            "Give a CSV file with a column named subject or sample, and one for each kind of label.",
        )
    columns = [name for name in rows[0] if name and name not in {SUBJECT, SAMPLE}]
    return Labels(_named(rows, columns, SUBJECT), _named(rows, columns, SAMPLE))


def values_of(labels: Labels, column: str, subjects: Sequence[Subject]) -> list[str]:
    """The value of every sample of the subjects, in order."""
    return [labels.of(column, subject, file) for subject in subjects for file in subject.samples]


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            return list(csv.DictReader(lines))
    except (OSError, UnicodeDecodeError, csv.Error):
        return []


def _named(rows: Sequence[Mapping[str, str]], columns: Sequence[str], by: str) -> Named:
    named: defaultdict[str, dict[str, str]] = defaultdict(dict)
    for row in rows:
        if (by == SAMPLE) != bool(row.get(SAMPLE)):
            continue
        for column in columns:
            value = (row[column] or "").strip()
            if value:
                named[column][row[by] or ""] = value
    return {column: named[column] for column in columns if column in named}
