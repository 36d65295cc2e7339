"""How a gallery of a million fingers is searched, and what is lost by not comparing with all of them.

    OMP_NUM_THREADS=1 python -m benchmarks.throughput.million FVC_DIR... --cache FOLDER [--size 1000000] [--json]

Every impression of the real fingers (FINGER_IMPRESSION.png) is enrolled among synthetic ones. One after another they
are searched for, each by itself and of unknown position, so among all fingers; and all fingers of a person together,
through the service's own search for duplicates, so each among the tenth that is of its position. A mate counts where
its own score reaches the service's threshold for a gallery of this size, which is when an exhaustive search finds it;
``share`` is how many of those the search lists among its candidates, the probe's own enrolment aside. Intervals are
drawn by finger or person. Times are of everything from the template on; extraction is timed beside them.

The folder keeps synthetic templates and indexes (5 GB for a million), and a broken run goes on from there.
"""

import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.accuracy.fingerprint import FingerSet, extract_all, fingerprint_walk
from benchmarks.throughput.crowd import FINGERS, Crowd, RealPrint
from benchmarks.throughput.crowd_likeness import compare_nonmated, plot_crowd
from benchmarks.throughput.crowd_searches import Duplicates, OneFinger, Spent, change_times, timed, times
from biometric_service.evaluation.subjects import fingerprints
from biometric_service.gallery.exact import ExactGallery
from biometric_service.gallery.minutia_pairs import PairDescriber
from biometric_service.gallery.narrowed import FINGERPRINTS, NarrowedGallery, Narrowing, QuantisedShortlister
from biometric_service.recognition.walk import Walk, observe
from biometric_service.vocabulary.samples import FingerPosition, Modality
from biometric_service.vocabulary.templates import MinutiaeTemplate

SMALLEST = 1000
STEP = 10
EXTRACTED = 20
EXHAUSTIVE = 3
FEW = 20
"""Searches in all galleries but the largest."""
FEWER = (10, 4, 2)


def main(  # noqa: PLR0913 (each is an option)
    folders: Annotated[list[Path], typer.Argument(metavar="FVC_DIR...", help="Folders of FINGER_IMPRESSION.png.")],
    *,
    cache: Annotated[Path, typer.Option(help="Folder for what takes long to make.")],
    size: Annotated[int, typer.Option(min=SMALLEST, help="References in the gallery.")] = 1_000_000,
    sizes: Annotated[str, typer.Option(help="Sizes up to it, with commas; 1,000, 10,000 ... unless given.")] = "",
    probes: Annotated[int, typer.Option(min=1, help="Searches for one finger in the largest gallery.")] = 640,
    kept: Annotated[float, typer.Option(help="Share of the fingers compared in full; 0 as the service does.")] = 0.0,
    plot: Annotated[Path | None, typer.Option(help="PNG file for the curves.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print times, memory and the share of mates found."""
    with tempfile.TemporaryDirectory() as scratch:
        walk = fingerprint_walk(Path(scratch))
        sets, _ = extract_all(walk, folders, cache / "extracted")
        crowd = Crowd(cache, walk.comparators[Modality.FINGERPRINT], real_prints(sets, folders))
        result = benchmark(crowd, walk, _sizes(sizes) or sizes_to(size), probes, _narrowing(kept))
        result["extraction"] = _extraction(walk, folders)
    nonmated = compare_nonmated(crowd)
    result["nonmated"] = nonmated.summary()
    if plot:
        plot_crowd(result, nonmated, plot)
    if as_json:
        print(json.dumps(result, indent=1))
    else:
        for table in _tables(result):
            Console().print(table)


def benchmark(crowd: Crowd, walk: Walk, sizes: Sequence[int], probes: int, narrowing: Narrowing) -> dict[str, Any]:
    """Every figure by size; what only the largest shows beside them."""
    one, several = OneFinger(crowd, walk), Duplicates(crowd, walk)
    found: dict[str, Any] = {}
    for size in sizes:
        segment, facts = crowd.segment(size)
        index = NarrowedGallery(crowd.comparator, lambda _: QuantisedShortlister(narrowing))
        index.restore(segment, segment.described.applied)
        exact = ExactGallery(crowd.comparator)
        exact.restore(segment, segment.described.applied)
        last = size == sizes[-1]
        found[str(size)] = {
            **facts,
            "one_finger": one.measure(index, probes if last else min(probes, FEW)),
            "exhaustive": one.compare(index, exact, EXHAUSTIVE),
            "ten_fingers": several.measure(index, FINGERS, probes if last else FEW),
        }
        if last:
            fewer = {str(fingers): several.measure(index, fingers, probes) for fingers in FEWER[1:]}
            result = {"fewer_fingers": fewer, "change": change_times(index, crowd)}
    return {"comparator": crowd.comparator.name, "sizes": found, **result}


def real_prints(sets: Sequence[FingerSet], folders: Sequence[Path]) -> list[RealPrint]:
    """Every impression that a template could be made of; the k-th finger of a folder is at position k."""
    names = [[each.name for each in fingerprints([folder])] for folder in folders]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(name for own in names for name in own))}
    prints = []
    for fingers, own in zip(sets, names, strict=True):
        seen = [0] * len(own)
        for template, finger in zip(fingers.templates, fingers.fingers.tolist(), strict=True):
            seen[finger] += 1
            if isinstance(template, MinutiaeTemplate):
                placed = replace(template, position=FingerPosition(1 + finger % FINGERS))
                prints.append(RealPrint(placed, numbers[own[finger]], fingers.name, seen[finger]))
    return prints


def sizes_to(size: int) -> list[int]:
    """1,000, 10,000 ... and the size itself."""
    sizes = [size]
    while sizes[0] // STEP >= SMALLEST:
        sizes.insert(0, sizes[0] // STEP)
    return sizes


def _sizes(given: str) -> list[int]:
    return [int(size) for size in given.split(",") if size]


def _narrowing(kept: float) -> Narrowing:
    return Narrowing(PairDescriber(), least=0, fraction=kept, few=0) if kept else FINGERPRINTS


def _extraction(walk: Walk, folders: Sequence[Path]) -> dict[str, float]:
    """Times from the image to its template."""
    files = [finger.samples[0] for finger in fingerprints(folders)][:EXTRACTED]
    seconds: list[Spent] = []
    for file in files:
        with timed(seconds):
            observe(walk, (file.given(),))
    return times(seconds)


def _tables(result: Mapping[str, Any]) -> Iterable[Table]:
    searches = Table(
        "fingers", "one finger p50 / p99", "mates found", "exhaustive p50", "ten fingers p50 / p99", "found"
    )
    for size, each in result["sizes"].items():
        one, ten = each["one_finger"], each["ten_fingers"]
        searches.add_row(
            f"{int(size):,}",
            f"{one['p50_ms']:,.0f} / {one['p99_ms']:,.0f} ms",
            _share(one["match"]),
            f"{each['exhaustive']['p50_ms']:,.0f} ms",
            f"{ten['p50_ms']:,.0f} / {ten['p99_ms']:,.0f} ms",
            _share(ten),
        )
    yield searches
    others = Table("what", "figure")
    last = list(result["sizes"].values())[-1]
    others.add_row("bytes a finger", f"{last['bytes_a_finger']:,}")
    others.add_row("mates at the threshold of a review", _share(last["one_finger"]["review"]))
    for fingers, each in result["fewer_fingers"].items():
        others.add_row(f"{fingers} fingers", f"{each['p50_ms']:,.0f} ms, {_share(each)}")
    others.add_row("a person added, removed", f"{result['change']['add_ms']} ms, {result['change']['remove_ms']} ms")
    others.add_row("extraction", f"{result['extraction']['p50_ms']:.0f} ms")
    others.add_row("KS distance of non-mated scores", f"{result['nonmated']['ks']}")
    yield others


def _share(found: Mapping[str, Any]) -> str:
    low, high = found["interval"]
    return f"{found['share']:.2%} ({low:.2%} - {high:.2%}) of {found['mates']:,}"


if __name__ == "__main__":
    typer.run(main)
