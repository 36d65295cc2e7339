"""What strangers score against an enrolled population: the raw material of a measured FPIR, kept as it is made."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.synthesis.seeds import finger_seed
from benchmarks.synthesis.strewing import make_finger
from benchmarks.synthesis.templates import make_template
from biometric_service.vocabulary.protocols import Comparator
from biometric_service.vocabulary.templates import Template

CHUNK = 250
BEST = 2
"""How many of a search's scores are kept: those of the best candidate and of the second."""

Scores = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Searches:
    """So many strangers' fingers against so many enrolled ones, all synthetic, one impression each."""

    comparator: Comparator
    enrolled: int
    probes: int
    seed: int

    def made(self, folder: Path | None, workers: int) -> Iterator[Scores]:
        """The best raw scores of each search, float32 (chunk, 2), in order; chunks in the folder are not made anew."""
        place = folder / self._name() if folder else None
        chunks = [range(first, min(first + CHUNK, self.probes)) for first in range(0, self.probes, CHUNK)]
        missing = [each for each in chunks if not (place and (place / _file(each)).exists())]
        search = self._searcher() if missing else None
        with ThreadPoolExecutor(workers) as pool:
            for chunk in chunks:
                kept = place / _file(chunk) if place else None
                if kept and kept.exists():
                    yield np.load(kept)
                    continue
                assert search
                found = np.array(list(pool.map(search, chunk)), np.float32)
                if kept:
                    _keep(kept, found)
                yield found

    def _searcher(self) -> Any:  # noqa: ANN401 - a function of the number of a stranger
        bank = self.comparator.bank()
        rows = np.array([bank.add(self._print(finger)) for finger in range(1, self.enrolled + 1)], np.int64)

        def search(stranger: int) -> Scores:
            scores = bank.scores(self._print(self.enrolled + 1 + stranger), rows)
            return np.sort(np.partition(scores, len(scores) - BEST)[-BEST:])[::-1]

        return search

    def _print(self, finger: int) -> Template:
        return make_template(make_finger(finger_seed(self.seed, finger)), 1, self.comparator.format)

    def _name(self) -> str:
        parts: Sequence[object] = (self.comparator.name, self.comparator.version, self.enrolled, self.seed)
        return "strangers-" + "-".join(map(str, parts))


def _file(chunk: range) -> str:
    return f"{chunk.start}-{chunk.stop}.npy"


def _keep(place: Path, found: Scores) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    unfinished = place.with_suffix(".part.npy")
    np.save(unfinished, found)
    unfinished.replace(place)
