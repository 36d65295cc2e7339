"""A follower applies what lies far behind in large stretches, to the same end as change by change."""

import logging
from collections.abc import Iterator

import numpy as np
import pytest

from biometric_service.comparison.calibration import Calibration
from biometric_service.comparison.cosine import CosineComparator
from biometric_service.gallery import follower as following
from biometric_service.gallery.exact import ExactGallery
from biometric_service.gallery.follower import GalleryFollower
from biometric_service.vocabulary.candidates import Probe
from biometric_service.vocabulary.references import (
    ALL_GALLERIES,
    Change,
    ChangeNumber,
    Reference,
    ReferenceId,
    SubjectId,
)
from biometric_service.vocabulary.samples import Modality
from biometric_service.vocabulary.templates import FaceTemplate, TemplateFormat

FACE = TemplateFormat(Modality.FACE, "test", "1")
CURVE = Calibration("none", (0.0, 1.0), (0.0, 9.0), 9.0, 0, "nothing")


def face(number: int) -> FaceTemplate:
    vector = np.random.default_rng(number).standard_normal(16).astype(np.float32)
    return FaceTemplate(FACE, vector / np.linalg.norm(vector))


class Past:
    """Changes one to sixty: each adds two references and removes one of them or an older one."""

    def __init__(self) -> None:
        self.told = 0
        chance, self.history, held = np.random.default_rng(1), [], list[int]()
        for number in range(60):
            held += [2 * number, 2 * number + 1]
            gone = held.pop(int(chance.integers(len(held))))
            pair = tuple(
                Reference(ReferenceId(each), SubjectId(f"S{each}"), frozenset(), face(each)) for each in held[-2:]
            )
            added = tuple(each for each in pair if each.id >= 2 * number)
            lost = (Reference(ReferenceId(gone), SubjectId(f"S{gone}"), frozenset(), face(gone)),)
            self.history.append(Change(added + (lost if gone >= 2 * number else ()), (ReferenceId(gone),)))

    def last_change(self) -> ChangeNumber:
        return ChangeNumber(len(self.history))

    def changes(self, after: ChangeNumber) -> Iterator[tuple[ChangeNumber, Change]]:
        for number, change in enumerate(self.history[after:], after + 1):
            self.told += 1
            yield ChangeNumber(number), change


def index() -> ExactGallery:
    return ExactGallery(CosineComparator(FACE, CURVE))


def holds(one: ExactGallery) -> list[ReferenceId]:
    return sorted(each.reference for each in one.search(Probe(face(1), ALL_GALLERIES), 1000).entries)


@pytest.mark.parametrize("together", [1, 7, 50, 10_000])
def test_stretches_of_any_length_lead_where_single_changes_lead(together: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "TOGETHER", together)
    past, followed, single = Past(), index(), index()
    GalleryFollower(past, [followed]).catch_up()
    for number, change in past.changes(ChangeNumber(0)):
        single.apply(number, change)
    assert (followed.applied, len(followed)) == (60, 60)
    assert holds(followed) == holds(single)


def test_each_index_takes_only_what_it_has_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "TOGETHER", 10_000)
    past, behind, ahead = Past(), index(), index()
    for number, change in list(past.changes(ChangeNumber(0)))[:35]:
        ahead.apply(number, change)
    GalleryFollower(past, [behind, ahead]).catch_up()
    assert (len(behind), len(ahead)) == (60, 60)
    assert holds(behind) == holds(ahead)


def test_a_long_way_is_told_of_in_the_log(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(following, "TOGETHER", 30)
    monkeypatch.setattr(following, "SAY_EVERY_S", 0.0)
    with caplog.at_level(logging.INFO):
        GalleryFollower(Past(), [index()]).catch_up()
    assert "the indexes are at change 10 of 60" in caplog.text
