"""The service under load, over HTTP on loopback.

    python -m benchmarks.service --data DIR [--subjects 10000] [--minutes 10] [--keep FOLDER] [--json]

Enrols so many synthetic people with ten fingers and a face each, hides real ones (``--data``: fingerprints and faces as
in docs/how_to/run_the_service.md) among them, starts the service with two processes and one matcher, and measures:
movement checks by face at ten a second, by one finger at one a second, searches from a face template as fast as they
are answered, and a mix of all three at 70 % of what the service can do. autocannon (npm) makes the load.
"""

import base64
import json
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from benchmarks.service.load import Asked, Figures, load, require_tool
from benchmarks.service.running import Running, running
from benchmarks.service.seeding import GALLERY, REAL_FINGER, RealPerson, real_people, seed
from biometric_service.api.operations import OPERATIONS
from biometric_service.app.service import Service, open_service
from biometric_service.recognition.requests import GivenImage
from biometric_service.recognition.walk import observe
from biometric_service.settings import Settings
from biometric_service.templates import native
from biometric_service.vocabulary.samples import Modality

PEOPLE = 10
CONNECTIONS = 8
SHARE = 0.7
MIX = (6, 1, 13)
"""Of twenty requests: movement checks by face, by finger, searches from a template."""
PROGRESS = Console(stderr=True)


@dataclass(frozen=True, slots=True)
class Workload:
    """Requests of each kind, about different people."""

    by_face: Sequence[Asked]
    by_finger: Sequence[Asked]
    by_template: Sequence[Asked]

    def mixed(self) -> Sequence[Asked]:
        """All three, in the proportions of ``MIX``."""
        kinds = (self.by_face, self.by_finger, self.by_template)
        return [kind[number % len(kind)] for kind, share in zip(kinds, MIX, strict=True) for number in range(share)]


def main(  # noqa: PLR0913 - options of a command line
    data: Annotated[Path, typer.Option(help="Folder with fingerprints/ and faces/.")],
    subjects: Annotated[int, typer.Option(min=0, help="Synthetic people.")] = 10_000,
    minutes: Annotated[int, typer.Option(min=1, help="Minutes of mixed load.")] = 10,
    seconds: Annotated[int, typer.Option(min=5, help="Seconds of each other kind.")] = 60,
    keep: Annotated[Path | None, typer.Option(help="Folder to keep the enrolled people in, for another run.")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print rates, times and memory."""
    require_tool()
    with _folder(keep) as folder:
        work = _prepared(folder, data, subjects)
        with running(folder / "data", folder / "log", _limits()) as service:
            found = measure(service, work, seconds, minutes)
    shown = {"subjects": subjects, **found}
    print(json.dumps(shown)) if as_json else Console().print(shown)


def measure(service: Running, work: Workload, seconds: int, minutes: int) -> dict[str, Any]:
    """Each kind by itself, then all together."""
    _tell("warming up")
    _run(service, work.mixed(), seconds=5)
    _tell("movement checks by face, ten a second")
    by_face = _run(service, work.by_face, seconds=seconds, rate=10)
    _tell("movement checks by one finger, one a second")
    by_finger = _run(service, work.by_finger, seconds=seconds, rate=1)
    _tell("searches from a template")
    by_template = _run(service, work.by_template, seconds=seconds)
    _tell("what the service can do")
    capacity = _run(service, work.mixed(), seconds=max(10, seconds // 2)).rate
    each = {"by_face": by_face, "by_finger": by_finger, "by_template": by_template}
    return {
        **{name: asdict(figures) for name, figures in each.items()},
        "capacity": capacity,
        "mixed": list(_minutes(service, work, max(1, round(SHARE * capacity)), minutes)),
    }


def _minutes(service: Running, work: Workload, rate: int, minutes: int) -> Iterator[dict[str, Any]]:
    for minute in range(1, minutes + 1):
        _tell(f"mixed load, {rate} a second, minute {minute} of {minutes}")
        figures = _run(service, work.mixed(), seconds=60, rate=rate)
        yield {"minute": minute, **asdict(figures), "memory_mb": round(service.memory_mb())}


def _run(service: Running, asked: Sequence[Asked], *, seconds: int, rate: int = 0) -> Figures:
    return load(service.url, service.key, asked, seconds=seconds, connections=CONNECTIONS, rate=rate)


def _limits() -> dict[str, object]:
    """One caller makes all the load."""
    return {"caller_rate": 1e6, "caller_burst": 1e6, "caller_concurrency": 1000, "recognition_waiting": 64}


def _prepared(folder: Path, data: Path, subjects: int) -> Workload:
    """The people enrolled, unless an earlier run left them there."""
    kept = folder / "people.json"
    everybody = {person.name: person for person in real_people(data, PEOPLE)}
    with open_service(Settings(data_dir=folder / "data", tls=False)) as service:
        if not kept.exists():
            enrolled = seed(service, list(everybody.values()), subjects)
            kept.write_text(json.dumps([person.name for person in enrolled]), encoding="utf-8")
        people = [everybody[name] for name in json.loads(kept.read_text(encoding="utf-8"))]
        return _workload(service, people)


def _workload(service: Service, people: Sequence[RealPerson]) -> Workload:
    return Workload(
        [_movement({"modality": "face", "data": _encoded(person.asked_face)}) for person in people],
        [
            _movement(
                {
                    "modality": "fingerprint",
                    "position": REAL_FINGER.name.lower(),
                    "dpi": 500,
                    "data": _encoded(person.asked_finger),
                }
            )
            for person in people
        ],
        [_search(template) for person in people for template in _templates(service, person)],
    )


def _movement(image: dict[str, object]) -> Asked:
    at = {"gallery": GALLERY, "checkpoint": "gate-1", "direction": "in"}
    return Asked(f"{OPERATIONS}/movement-checks", {"purpose": "movement", "images": [image], **at})


def _search(template: bytes) -> Asked:
    item = {"biometricType": "FACE", "template": base64.b64encode(template).decode()}
    return Asked(f"/v1/identify/{GALLERY}?transactionId=benchmark", {"filter": {}, "biometricData": [item]})


def _templates(service: Service, person: RealPerson) -> Iterator[bytes]:
    observed = observe(service.walk, [GivenImage(person.asked_face.read_bytes(), Modality.FACE)])
    return (native.encode(each.template) for each in observed if each.template)


def _encoded(file: Path) -> str:
    return base64.b64encode(file.read_bytes()).decode()


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)
        return
    keep.mkdir(parents=True, exist_ok=True)
    yield keep


def _tell(what: str) -> None:
    PROGRESS.print(what)


if __name__ == "__main__":
    typer.run(main)
