"""A whole evaluation: samples of known people through the service's own walk, as the fields of a report."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from biometric_service.decision.policy import Question
from biometric_service.evaluation.findings import acquisition, enrolment, verification
from biometric_service.evaluation.identification import CALLER, Asked, experiment, figures
from biometric_service.evaluation.labels import Labels
from biometric_service.evaluation.probe_differences import probe_differences
from biometric_service.evaluation.samples import Watching, collect, compare_sets
from biometric_service.recognition.walk import Walk
from biometric_service.vocabulary.samples import Modality


@dataclass(frozen=True, slots=True)
class Measured:
    """What is to be measured: folders of samples of one modality, what is known of them, and how they are enrolled.

    ``asked.kept``: folder for templates and scores as they are made, so that a run that was broken off goes on.
    """

    modality: Modality
    folders: Sequence[Path]
    labels: Labels
    asked: Asked


def measure(walk: Walk, wanted: Measured, watching: Watching) -> dict[str, Any]:
    """Every figure; the walk's store must be empty. REQUEST_INVALID where a folder has no pairs."""
    comparator, kept = walk.comparators[wanted.modality], wanted.asked.kept
    collected = collect(walk, wanted.modality, wanted.folders, kept, watching.making)
    sets = compare_sets(walk, wanted.modality, collected, kept, watching.comparing)
    found = experiment(walk, collected.subjects, collected.made, wanted.asked, watching.identifying)
    point = walk.policy.current().point(CALLER.purpose, Question.IDENTIFICATION)
    return {
        "modality": wanted.modality.value,
        "model": str(comparator.format),
        "comparator": comparator.name,
        **verification(sets, wanted.labels, comparator),
        "acquisition": acquisition(collected),
        "enrolment": enrolment(found),
        "identification": figures(found, wanted.asked)
        | {
            "labels": probe_differences(found, wanted.labels, wanted.asked.enrolled),
            "policy": f"version {point.policy.version}",
            "stated": {"match": point.match, "review": point.review},
        },
    }
