"""One target in a process of its own, under libFuzzer: ``python -m benchmarks.fuzz.child MODULE CORPUS [OPTION...]``.

The target's code is instrumented as it is imported, so that mutation goes where new branches are, except what numba
compiles, which it could not any more..
"""

import importlib
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

import atheris

PACKAGES = ("biometric_service", "device_drivers", "PIL")
COMPILED = ("numba", "import compiled")


def main(module: str, folder: Path, options: list[str]) -> None:
    """Write the seeds and fuzz; never returns."""
    with atheris.instrument_imports(include=[*PACKAGES, module.partition(".")[0]], exclude=list(compiled_modules())):
        target = importlib.import_module(module).TARGET
    for number, seed in enumerate(target.seeds()):
        folder.joinpath(f"seed-{number}").write_bytes(seed)
        target.run(seed)
    atheris.Setup([module, f"-max_len={target.longest}", *options, str(folder)], target.run)
    atheris.Fuzz()


def compiled_modules() -> Iterator[str]:
    """Modules of ours whose functions numba compiles."""
    for package in PACKAGES[:2]:
        spec = importlib.util.find_spec(package)
        for root in (spec and spec.submodule_search_locations) or ():
            for file in Path(root).rglob("*.py"):
                if any(word in file.read_text(encoding="utf-8") for word in COMPILED):
                    yield ".".join((package, *file.relative_to(root).with_suffix("").parts))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3:])
