"""What is to leave for another agency, or came from one, taken apart for the officers who look at it."""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from biometric_service.capture.files import ImageLimits
from biometric_service.console.pictures import file_as_png
from biometric_service.interchange.contents import Contents, Part, contents_of
from biometric_service.interchange.exchange import ExchangeRules
from biometric_service.vocabulary.samples import FingerPosition, Modality
from biometric_service.vocabulary.sharing import RecordForm

APART = frozenset({"images", "templates"})
"""What a record holds of an encounter that is no text."""
TOGETHER = 4
"""No more pictures are shown than have so many times the pixels of the largest."""
FAULTS = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)
"""What is raised of a statement that does not say what ours do."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An image or a template. ``picture``: address of the picture, empty where there is none. ``size``: its bytes.

    ``modality``: None for what is neither a finger nor a face.
    """

    modality: Modality | None
    position: str
    form: str
    size: int
    picture: str = ""


@dataclass(frozen=True, slots=True)
class ShownEncounter:
    """One encounter of a record. ``facts``: each text by the name of its field.

    ``fault``: why its file cannot be shown, empty where it can or is none. ``lacks``: as that of ``Contents``.
    """

    facts: tuple[tuple[str, str], ...]
    images: tuple[Shown, ...]
    templates: tuple[Shown, ...]
    fault: str = ""
    lacks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """What was found; fields as an answer's. ``response``: number of the transaction that it answers."""

    outcome: str
    error_rate: float
    searched: int
    response: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to leave, or came. ``finding``: of an answer alone. ``files``: their sizes in bytes."""

    finding: ShownFinding | None
    subject: str
    encounters: tuple[ShownEncounter, ...] = ()
    form: str = ""
    files: tuple[int, ...] = ()


def read_draft(rules: ExchangeRules, text: bytes, profile: str) -> Draft:
    """The parts of a statement. ``profile``: domain profile of transactions in it. Raises one of ``FAULTS``."""
    content = json.loads(text)["content"]
    record = content.get("record", {})
    files = [base64.b64decode(each) for each in record.get("files", ())]
    form = RecordForm(record["form"]).value if files else ""
    held = [*map(_encounter, record.get("encounters", ())), *(contents_of(each, rules, profile) for each in files)]
    encounters = tuple(_pictured(held, rules.image_limits))
    return Draft(_finding(content), str(record.get("subject", "")), encounters, form, tuple(map(len, files)))


def _finding(content: Mapping[str, Any]) -> ShownFinding | None:
    if "outcome" not in content:
        return None
    rate, searched = float(content["error_rate"]), int(content["searched"])
    return ShownFinding(str(content["outcome"]), rate, searched, str(content.get("response", "")))


def _pictured(encounters: Sequence[Contents], limits: ImageLimits) -> Iterator[ShownEncounter]:
    """Each image as a picture, as far as all of them together are not too many pixels."""
    left = TOGETHER * limits.max_pixels
    for each in encounters:
        images = []
        for part in each.images:
            within = replace(limits, max_pixels=min(limits.max_pixels, left))
            picture, pixels = file_as_png(part.data, within)
            left -= pixels
            images.append(_shown(part, picture))
        yield ShownEncounter(each.facts, tuple(images), tuple(map(_shown, each.templates)), each.fault, each.lacks)


def _shown(part: Part, picture: str = "") -> Shown:
    """The finger is named as texts name it."""
    return Shown(part.modality, part.position.name.lower(), part.form, part.size, picture)


def _encounter(said: Mapping[str, Any]) -> Contents:
    facts = tuple(sorted(_facts({name: value for name, value in said.items() if name not in APART})))
    return Contents(facts, tuple(map(_image, said.get("images", ()))), tuple(map(_template, said.get("templates", ()))))


def _facts(said: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each text by its name, those of a group by ``group.name``."""
    for name, value in said.items():
        if isinstance(value, Mapping):
            yield from ((f"{name}.{inner}", _text(each)) for inner, each in value.items())
        else:
            yield f"encounter.{name}", _text(value)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Sequence) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    return json.dumps(value, ensure_ascii=False)


def _image(said: Mapping[str, Any]) -> Part:
    data = base64.b64decode(said["data"])
    dpi = f"{said['dpi']} dpi" if said.get("dpi") else ""
    return Part(Modality(said["modality"]), FingerPosition(said["position"]), dpi, len(data), data)


def _template(said: Mapping[str, Any]) -> Part:
    form, size = f"{said['format']} · {said['model']}", len(base64.b64decode(said["data"]))
    return Part(Modality(said["modality"]), FingerPosition(said["position"]), form, size)
