"""Short runs of what ``benchmarks.service`` does at length, on every database that there is."""

import os
from pathlib import Path

import pytest

from benchmarks.service import concurrency, kill_nine
from benchmarks.service.mixed_load import Kind, World, plan

KILLS = int(os.environ.get("BIOMETRIC_TEST_KILLS", "5"))


def test_the_plan_holds_every_kind_of_write_and_loses_nobody() -> None:
    steps = [step for step, _ in zip(plan(3), range(300), strict=False)]
    assert {step.kind for step, _ in steps} == set(Kind)
    for step, world in steps:
        assert all(world.encounters.values())
        assert all(world.went(name) in world.encounters for name in world.merges)
        assert step.kind is not Kind.ENROL or step.subject in world.encounters
    assert steps[:5] == [step for step, _ in zip(plan(3), range(5), strict=False)]


def test_kill_nine_at_any_moment_loses_nothing_and_leaves_nothing_halfway(store_url: str, tmp_path: Path) -> None:
    figures = kill_nine.run(store_url, tmp_path / "kill.key", KILLS)
    assert figures.acknowledged >= KILLS


def test_a_lost_write_would_be_found(store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kill_nine, "plan", lambda seed: ((step, World()) for step, _ in plan(seed)))
    with pytest.raises(AssertionError, match="acknowledged steps the store holds"):
        kill_nine.run(store_url, tmp_path / "kill.key", 3, seed=1)


def test_writers_and_readers_at_once_lose_no_update_and_meet_no_fault(store_url: str, tmp_path: Path) -> None:
    figures = concurrency.run(store_url, tmp_path / "load.key", seconds=3)
    assert (figures.lost, figures.additions_per_s > 0, figures.reads_per_s > 0) == (0, True, True)
