"""Runs one target in a child process and tells what came of it."""

import re
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PULSE = re.compile(r"#(\d+)\s+[A-Z]")
SUMMARY_LINES = 40
AFRESH = ("/bin/sh", "-c", '"$@"; exit $?', "sh")
"""Has a small process start the child: Linux counts the peak memory of who started a program as the program's own."""


@dataclass(frozen=True, slots=True)
class Limits:
    """``runs``: inputs to try. ``seconds``: one may take. ``megabytes``: the process may take. ``seed``: of chance."""

    runs: int
    seconds: int = 10
    megabytes: int = 2048
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """``inputs``: how many were tried. ``finding``: the input that broke it, if any; ``report``: what was said."""

    target: str
    inputs: int
    finding: Path | None
    report: str

    @property
    def passed(self) -> bool:
        """Whether every input was taken or refused as it should be."""
        return not self.report


def fuzz(
    module: str,
    limits: Limits,
    findings: Path,
    corpus: Path | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Outcome:
    """Try a target; its findings are kept in a folder, what it learned in ``corpus`` if that is given."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = (corpus or Path(scratch)) / module.rpartition(".")[2]
        folder.mkdir(parents=True, exist_ok=True)
        findings.mkdir(parents=True, exist_ok=True)
        before = set(findings.iterdir())
        said: deque[str] = deque(maxlen=SUMMARY_LINES)
        with _child(module, folder, limits, findings) as child:
            inputs = _watch(child, said, progress)
    found = next(iter(sorted(set(findings.iterdir()) - before)), None)
    report = "" if child.returncode == 0 and found is None else "".join(said)
    return Outcome(module.rpartition(".")[2], inputs, found, report)


def _child(module: str, folder: Path, limits: Limits, findings: Path) -> subprocess.Popen[str]:
    options = (
        f"-runs={limits.runs}",
        f"-seed={limits.seed}",
        f"-timeout={limits.seconds}",
        f"-rss_limit_mb={limits.megabytes}",
        f"-artifact_prefix={findings}/{module.rpartition('.')[2]}-",
        "-print_final_stats=1",
    )
    command = [*AFRESH, sys.executable, "-m", "benchmarks.fuzz.child", module, str(folder), *options]
    return subprocess.Popen(  # noqa: S603 (this program itself)
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    )


def _watch(child: subprocess.Popen[str], said: deque[str], progress: Callable[[int], None]) -> int:
    inputs = 0
    assert child.stdout is not None
    for line in child.stdout:
        pulse = PULSE.match(line)
        if pulse:
            inputs = int(pulse[1])
            progress(inputs)
        else:
            said.append(line)
    child.wait()
    return inputs
