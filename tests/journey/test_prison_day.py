"""A small day of a prison: links that are cut, a restart, a count; nothing is lost or doubled on the way to others."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from benchmarks.service.prison_day import CUT_AT, CUT_S, MUSTER_AT, MUSTER_S, RESTART_AT, measured
from benchmarks.service.prison_plot import plot

pytestmark = [pytest.mark.slow]


def test_a_small_day_loses_and_doubles_nothing_and_counts_who_passed_as_somebody_else(tmp_path: Path) -> None:
    day, course = measured(0.01)
    assert (day.events_lost, day.events_doubled, day.faults) == (0, 0, 0), asdict(day)
    assert day.checks == 200
    assert day.offline > 0
    assert day.impostors + day.strangers > 0
    assert day.muster["counted"] + day.muster["missing"] + day.muster["elsewhere"] == day.people
    assert day.wrong_pass <= day.impostors + day.strangers
    assert json.loads(json.dumps(asdict(day)))["wrong_stops_by_reason"] == day.wrong_stops_by_reason
    assert sum(day.wrong_stops_by_reason.values()) == day.wrong_stop
    assert sum(day.missing_because.values()) == day.muster["missing"]
    assert 0 < day.p50_ms <= day.p99_ms
    plot(course.checked, {"line cut": (CUT_AT, CUT_S), "count": (MUSTER_AT, MUSTER_S)}, RESTART_AT, tmp_path)
    assert (tmp_path / "prison_day.png").stat().st_size > 10_000
