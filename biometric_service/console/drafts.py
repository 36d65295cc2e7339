"""What is to leave for another agency, taken apart for the officers who look at it."""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from biometric_service.console.pictures import as_png
from biometric_service.recognition.walk import Walk
from biometric_service.vocabulary.samples import FingerPosition, Modality

APART = frozenset({"images", "templates"})
"""What a record holds of an encounter that is no text."""


@dataclass(frozen=True, slots=True)
class Shown:
    """An image or a template. ``picture``: address of the picture, empty where there is none. ``size``: its bytes."""

    modality: Modality
    position: str
    form: str
    size: int
    picture: str = ""


@dataclass(frozen=True, slots=True)
class ShownEncounter:
    """One encounter of a record. ``facts``: each text by the name of its field."""

    facts: tuple[tuple[str, str], ...]
    images: tuple[Shown, ...]
    templates: tuple[Shown, ...]


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to leave. ``finding``: of an answer, what was found at which rate; ``files``: their sizes in bytes."""

    finding: Mapping[str, Any] | None
    subject: str
    encounters: tuple[ShownEncounter, ...] = ()
    form: str = ""
    files: tuple[int, ...] = ()


def read_draft(walk: Walk, text: bytes) -> Draft:
    """The parts of a message that waits for its review."""
    content = json.loads(text)["content"]
    record = content.get("record", {})
    finding = {"response": "", **content} if "outcome" in content else None
    encounters = tuple(_encounter(walk, each) for each in record.get("encounters", ()))
    files = tuple(len(base64.b64decode(each)) for each in record.get("files", ()))
    return Draft(finding, record.get("subject", ""), encounters, record.get("form", ""), files)


def _encounter(walk: Walk, said: Mapping[str, Any]) -> ShownEncounter:
    facts = tuple(sorted(_facts({name: value for name, value in said.items() if name not in APART})))
    images = tuple(_image(walk, each) for each in said.get("images", ()))
    return ShownEncounter(facts, images, tuple(map(_template, said.get("templates", ()))))


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


def _image(walk: Walk, said: Mapping[str, Any]) -> Shown:
    data, modality = base64.b64decode(said["data"]), Modality(said["modality"])
    dpi = f"{said['dpi']} dpi" if said.get("dpi") else ""
    return Shown(modality, _position(said), dpi, len(data), as_png(walk, data, modality))


def _template(said: Mapping[str, Any]) -> Shown:
    size = len(base64.b64decode(said["data"]))
    return Shown(Modality(said["modality"]), _position(said), f"{said['format']} · {said['model']}", size)


def _position(said: Mapping[str, Any]) -> str:
    """The finger, as texts name it."""
    return FingerPosition(said["position"]).name.lower()
