"""What benchmarks that take fingerprints and faces at once are asked on the command line."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CACHE = Path("~/.cache/biometric-service/benchmark-templates").expanduser()


@dataclass(frozen=True, slots=True)
class Asked:
    """``cache``: where templates are kept, None for nowhere. ``effort``: how many times the draw is repeated."""

    fingerprints: Sequence[Path]
    faces: Sequence[Path]
    cache: Path | None
    as_json: bool
    seed: int
    effort: int


def parse(about: str, effort: str, default: int, arguments: Sequence[str] | None = None) -> Asked:
    """Read the command line; ``effort`` says what ``--repeat`` means. Exits with a message where a folder is wrong."""
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    parser.add_argument("--fingerprints", nargs="+", action="extend", type=_folder, default=[], metavar="DIR")
    parser.add_argument("--faces", nargs="+", action="extend", type=_folder, default=[], metavar="DIR")
    parser.add_argument("--cache", type=Path, default=CACHE, help="keep templates here, to go on after a break")
    parser.add_argument("--no-cache", action="store_true", help="keep no templates")
    parser.add_argument("--repeat", type=int, default=default, help=f"{effort} (default {default})")
    parser.add_argument("--seed", type=int, default=1, help="draws everything that is drawn")
    parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object")
    given = parser.parse_args(arguments)
    if not given.fingerprints and not given.faces:
        parser.error("say --fingerprints DIR..., --faces DIR, or both")
    cache = None if given.no_cache else given.cache
    return Asked(given.fingerprints, given.faces, cache, given.as_json, given.seed, max(given.repeat, 1))


def _folder(text: str) -> Path:
    path = Path(text)
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"{text} is no folder")
    return path
