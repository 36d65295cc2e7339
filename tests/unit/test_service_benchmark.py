"""What the load benchmark asks and how it reads what came of it; the load itself is a command."""

import json
import stat
from pathlib import Path

import pytest

from benchmarks.service.__main__ import MIX, Workload
from benchmarks.service.load import Asked, Figures, load, require_tool

TOLD = {"2xx": 590, "duration": 60.0, "latency": {"p50": 21, "p99": 140}, "errors": 1, "timeouts": 2, "non2xx": 3}
TOOL = """#!/bin/sh
cp "$2" {seen}; echo "$@" > {seen}.arguments; cat {told}
"""


@pytest.fixture
def seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that keeps what it is given, in place of the real one."""
    (tmp_path / "told").write_text(json.dumps(TOLD))
    tool = tmp_path / "autocannon"
    tool.write_text(TOOL.format(seen=tmp_path / "seen", told=tmp_path / "told"))
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    return tmp_path / "seen"


def test_every_answer_that_is_none_or_not_a_success_is_an_error(seen: Path) -> None:
    found = load("http://x", "key", [Asked("/a", {"n": 1})], seconds=60, connections=8, rate=10)
    assert found == Figures(rate=590 / 60, p50_ms=21, p99_ms=140, answered=590, errors=6)
    assert "--overallRate 10 http://x" in Path(f"{seen}.arguments").read_text()


def test_requests_are_sent_as_they_were_asked_for(seen: Path) -> None:
    load("http://x", "key", [Asked("/a?b=c", {"n": 1}), Asked("/d", {})], seconds=60, connections=8)
    assert "--overallRate" not in Path(f"{seen}.arguments").read_text()
    first, _ = [entry["request"] for entry in json.loads(seen.read_text())["log"]["entries"]]
    assert (first["url"], first["postData"]["text"]) == ("http://x/a?b=c", '{"n": 1}')
    assert {"name": "X-Api-Key", "value": "key"} in first["headers"]


def test_the_mix_has_each_kind_in_its_share_and_different_people() -> None:
    kinds = [[Asked(f"/{kind}{person}", {}) for person in range(3)] for kind in "abc"]
    mixed = [asked.path for asked in Workload(*kinds).mixed()]
    assert [sum(path.startswith(f"/{kind}") for path in mixed) for kind in "abc"] == list(MIX)
    assert {"/a0", "/a1", "/a2", "/b0", "/c0", "/c1", "/c2"} == set(mixed)


def test_without_the_tool_the_benchmark_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit, match="npm install"):
        require_tool()
