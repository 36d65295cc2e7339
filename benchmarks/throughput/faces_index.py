"""How fast galleries of faces are searched, beside FAISS called bare.

    OMP_NUM_THREADS=1 python -m benchmarks.throughput.faces_index [--sizes 10000,100000,1000000] [--faces DIR] [--json]

The people are made ones (``benchmarks.synthesis.faces``): what a gallery does depends on who resembles whom. Each
search of ours takes its turn with a bare call of FAISS's flat index in single precision on the same embeddings, one
core each: ``over_bare`` is the ratio of the medians. ``half``, ``tenth`` and ``hundredth`` search a gallery that this
share of the people is in, ``bare_half`` hands FAISS a selector of the same people. ``same_as_exhaustive`` is how often
the list of ten is the one that comparing with everybody gives. ``lists`` goes through lists as galleries do that are
larger than these, ``hnsw`` is a bare graph of FAISS; of both, their cost, and what they find of the ten best
(``recall``). With ``--faces`` (one folder a person) the same is counted for real ones: one photograph of each is
enrolled, all others are searched for.

What is found goes into ``--out`` as ``faces_index.json`` and ``faces_index.png``; sizes that are not measured this time
stay there as they were.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.throughput.face_approximations import APPROXIMATIONS
from benchmarks.throughput.face_crowd import FaceCrowd
from benchmarks.throughput.face_searches import approximated, measured, plot_costs, same_on

RESULTS = Path(__file__).parents[1] / "results"
NAME = "faces_index.json"


def main(  # noqa: PLR0913 (each is an option)
    *,
    sizes: Annotated[str, typer.Option(help="Sizes of galleries, with commas.")] = "10000,100000,1000000",
    probes: Annotated[int, typer.Option(min=1, help="Searches of each kind in each gallery.")] = 100,
    lists_to: Annotated[int, typer.Option(help="Largest gallery that lists are made and tried of.")] = 1_000_000,
    hnsw_to: Annotated[int, typer.Option(help="Largest gallery that an HNSW graph of FAISS is built of.")] = 100_000,
    faces: Annotated[Path | None, typer.Option(help="Folder with one folder a real person.")] = None,
    cache: Annotated[Path | None, typer.Option(help="Folder for real templates, which take long to make.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for the figures and the plot.")] = RESULTS,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print search times, memory and how they compare."""
    result = _before(out)
    by_size: dict[str, Any] = result["sizes"]
    for size in sizes.split(","):
        crowd = FaceCrowd.of(int(size), probes)
        by_size[size] = measured(crowd, probes)
        for name in [name for name, most in (("lists", lists_to), ("hnsw", hnsw_to)) if int(size) <= most]:
            _keep(result, out)
            by_size[size][name] = approximated(crowd, probes, name)
        _keep(result, out)
    if faces:
        result["real"] = same_on(faces, cache)
        _keep(result, out)
    print(json.dumps(result)) if as_json else Console().print(_table(by_size))


def _before(out: Path) -> dict[str, Any]:
    """What was kept in the folder."""
    kept = out / NAME
    found: dict[str, Any] = json.loads(kept.read_text()) if kept.exists() else {"sizes": {}}
    return found


def _keep(result: dict[str, Any], out: Path) -> None:
    sizes = dict(sorted(result["sizes"].items(), key=lambda each: int(each[0])))
    (out / NAME).write_text(json.dumps(result | {"sizes": sizes}, indent=1) + "\n")
    plot_costs(sizes, (out / NAME).with_suffix(".png"))


def _table(sizes: Mapping[str, Mapping[str, Any]]) -> Table:
    table = Table("people", "way", "p50", "p99", "over bare", "same, or recall", "bytes a reference")
    for size, each in sizes.items():
        tried = {way: each[way] for way in APPROXIMATIONS if way in each}
        for way, times in (each["ways"] | tried).items():
            same = each["same_as_exhaustive"].get(way, times.get("recall"))
            table.add_row(
                f"{int(size):,}",
                way.replace("_", " "),
                f"{times['p50_ms']:.2f} ms",
                f"{times['p99_ms']:.2f} ms",
                f"{times['over_bare']:.2f}",
                "" if same is None else f"{same:.1%}",
                f"{each['bytes_a_reference']:,}",
            )
    return table


if __name__ == "__main__":
    typer.run(main)
