"""Mutated transactions against the reader and a real quarantine: ``python -m benchmarks.interchange [--runs N]``.

First by atheris, which finds its way to new branches; then, because what that keeps for itself grows with every input,
by plain chance in this process, whose memory is watched. Prints one JSON object: what became of the inputs, by reason,
and the memory on the way; exit status 1 where one broke something, or where memory grew.
"""

import json
import os
import random
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks.fuzz.run import Limits, Outcome, fuzz
from benchmarks.fuzz.targets import transactions

SECONDS = 60
"""One input may take: a store that others keep busy may be slow."""
TARGET = "benchmarks.fuzz.targets.transactions"
MOST_GROWTH = 1.05
"""By how much the end may find this process larger than a quarter of the way in."""


def main(
    runs: Annotated[int, typer.Option(min=1000, help="Inputs by atheris.")] = 50_000,
    watched: Annotated[int, typer.Option(min=1000, help="Inputs by chance, with memory watched.")] = 8000,
    seed: Annotated[int, typer.Option(help="Of the mutations.")] = 1,
    findings: Annotated[Path, typer.Option(help="Where inputs that broke something are kept.")] = Path("var/fuzz"),
) -> None:
    """Fuzz, watch, and print what came of it."""
    began = time.monotonic()
    outcome, last = _fuzzed(runs, seed, findings)
    seconds = round(time.monotonic() - began)
    memory = _watched(watched, seed)
    flat = memory[-1] <= MOST_GROWTH * memory[len(memory) // 4]
    reasons = {name: last[name] for name in sorted(set(last) - {"inputs", "megabytes", "taken", "held"})}
    told = {
        "fuzzed": {"inputs": outcome.inputs, "seconds": seconds, "broken": outcome.report},
        "taken": last.get("taken", 0),
        "held": last.get("held", 0),
        "by_reason": reasons,
        "watched": {"inputs": watched, "megabytes": memory, "flat": flat},
    }
    print(json.dumps(told, indent=2))
    raise typer.Exit(int(not (outcome.passed and flat)))


def _fuzzed(runs: int, seed: int, findings: Path) -> tuple[Outcome, dict[str, Any]]:
    """What came of it, and the last tally."""
    with tempfile.TemporaryDirectory() as folder:
        tally = Path(folder) / "tally.jsonl"
        os.environ[transactions.TALLY_FILE] = str(tally)
        outcome = fuzz(TARGET, Limits(runs, seconds=SECONDS, seed=seed), findings)
        del os.environ[transactions.TALLY_FILE]
        return outcome, json.loads(tally.read_text(encoding="utf-8").splitlines()[-1])


def _watched(runs: int, seed: int) -> list[float]:
    """Memory of this process, in megabytes, sixteen times on the way."""
    seeds, chance = list(transactions.TARGET.seeds()), random.Random(seed)
    memory = []
    for number in range(1, runs + 1):
        transactions.TARGET.run(_mutated(chance, chance.choice(seeds)))
        if number % (runs // 16) == 0:
            memory.append(transactions.megabytes())
    return memory


def _mutated(chance: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(changed))
        if chance.random() < 0.7:  # noqa: PLR2004 - a byte is changed, or some are taken out
            changed[at] = chance.randrange(256)
        else:
            del changed[at : at + chance.randint(1, 8)]
            changed = changed or bytearray(b"?")
    return bytes(changed)


if __name__ == "__main__":
    typer.run(main)
