"""What a fingerprint scanner delivers when it is clean, and when it is not: figures of real prints, made worse."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter
from rich.progress import track

from benchmarks.accuracy.extracted import PROGRESS
from biometric_service.decision.open_set import decide_identification
from biometric_service.decision.policy import Question
from biometric_service.evaluation.identification import CALLER
from biometric_service.evaluation.subjects import Subject
from biometric_service.recognition.recording import decision_facts
from biometric_service.recognition.requests import GivenImage
from biometric_service.recognition.walk import Walk, best_quality, observe
from biometric_service.vocabulary.candidates import Candidate, CandidateList, PartScore
from biometric_service.vocabulary.references import ChangeNumber, ReferenceId, SubjectId
from biometric_service.vocabulary.samples import FingerPosition, Modality
from biometric_service.vocabulary.templates import Template

Worse = Callable[[Image.Image], Image.Image]


@dataclass(frozen=True, slots=True)
class Delivered:
    """What the audit log would say of one check, as its details."""

    details: Mapping[str, str]


def blurred(picture: Image.Image) -> Image.Image:
    """A smeared plate."""
    return picture.filter(ImageFilter.GaussianBlur(2.0))


def faint(picture: Image.Image) -> Image.Image:
    """A lamp that is going out, or a worn coating: a third of the contrast."""
    return ImageEnhance.Contrast(picture).enhance(0.33)


def stained(picture: Image.Image) -> Image.Image:
    """Residue on the plate: blots at the same places of every print, over a fifth of it."""
    chance = np.random.default_rng(19795)
    pixels = np.array(picture)
    height, width = pixels.shape
    rows, columns = np.ogrid[:height, :width]
    for _ in range(12):
        y, x = chance.uniform(0.2, 0.8) * height, chance.uniform(0.2, 0.8) * width
        pixels[(rows - y) ** 2 + (columns - x) ** 2 < (0.07 * height) ** 2] = 230
    return Image.fromarray(pixels)


WAYS: Mapping[str, Worse] = {"blurred": blurred, "faint": faint, "stained": stained}


def delivered(walk: Walk, subjects: Sequence[Subject], worse: Worse | None, said: str) -> list[Delivered]:
    """Of every print but the first of each finger, searched for among the first ones, which are as they are."""
    gallery = [(subject.name, template) for subject in subjects if (template := _template(walk, subject)) is not None]
    probes = [file for subject in subjects for file in subject.samples[1:]]
    return [
        _searched(walk, gallery, GivenImage(_made(file.path, worse), Modality.FINGERPRINT, dpi=file.dpi))
        for file in track(probes, said, console=PROGRESS)
    ]


def _made(path: Path, worse: Worse | None) -> bytes:
    if worse is None:
        return path.read_bytes()
    out = BytesIO()
    worse(Image.open(path).convert("L")).save(out, "PNG")
    return out.getvalue()


def _template(walk: Walk, subject: Subject) -> Template | None:
    return observe(walk, (subject.samples[0].given(),))[0].template


def _searched(walk: Walk, gallery: Sequence[tuple[str, Template]], image: GivenImage) -> Delivered:
    (seen,) = observed = observe(walk, (image,))
    quality = "none" if seen.failure or seen.quality is None else f"{seen.quality.score:.1f}"
    candidates = _candidates(walk, gallery, seen.template) if seen.template else ()
    point = walk.policy.current().point(CALLER.purpose, Question.IDENTIFICATION)
    found = CandidateList(candidates, len(gallery), complete=True, applied=ChangeNumber(1))
    facts = decision_facts(decide_identification(found, best_quality(observed), point))
    return Delivered({"qualities": f"fingerprint={quality}", **facts})


def _candidates(walk: Walk, gallery: Sequence[tuple[str, Template]], probe: Template) -> tuple[Candidate, ...]:
    comparator = walk.comparators[Modality.FINGERPRINT]
    bank = comparator.bank()
    rows = np.array([bank.add(template) for _, template in gallery], np.int64)
    scores = [comparator.calibrate(float(raw)) for raw in bank.scores(probe, rows)]
    made = [
        Candidate(
            SubjectId(name),
            score.value,
            (PartScore(Modality.FINGERPRINT, FingerPosition.UNKNOWN, ReferenceId(1), score),),
        )
        for (name, _), score in zip(gallery, scores, strict=True)
    ]
    return tuple(sorted(made, key=lambda each: -each.score)[:10])
