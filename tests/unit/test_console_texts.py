"""Every text is in one file, and the pages load nothing from elsewhere."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import biometric_service.console
from biometric_service.recognition.requests import EnrolmentOutcome, Passage
from biometric_service.vocabulary.decisions import Movement, Outcome
from biometric_service.vocabulary.samples import FingerPosition, Modality

CONSOLE = Path(biometric_service.console.__file__).parent
SOURCES = sorted([*CONSOLE.glob("static/*.js"), *CONSOLE.glob("templates/*.html")])
TEXTS = json.loads((CONSOLE / "static" / "strings.en.json").read_text("utf-8"))


def names(texts: Mapping[str, object], prefix: str = "") -> Iterator[str]:
    for name, text in texts.items():
        if isinstance(text, Mapping):
            yield from names(text, f"{prefix}{name}.")
        else:
            yield prefix + name


def used() -> Iterator[tuple[str, str]]:
    for source in SOURCES:
        text = source.read_text("utf-8")
        pattern = r"\bt\(\"([\w.]+)\"" if source.suffix == ".js" else r"\bt\.([\w.]+)"
        yield from ((source.name, name) for name in re.findall(pattern, text))


@pytest.mark.parametrize(("source", "name"), sorted(set(used())))
def test_a_text_that_is_used_is_there(source: str, name: str) -> None:
    known = set(names(TEXTS))
    assert name in known or any(each.startswith(f"{name}.") for each in known), source


def test_every_outcome_modality_and_finger_has_a_name() -> None:
    known = set(names(TEXTS))
    for outcome in (*Outcome, *EnrolmentOutcome, *Passage):
        assert f"outcome.{outcome.value}" in known
    for modality in Modality:
        assert f"modality.{modality.value}" in known
    for position in FingerPosition:
        assert f"finger.{position.name.lower()}" in known
    for movement in Movement:
        assert f"direction.{movement.value}" in known


@pytest.mark.parametrize("source", [*SOURCES, CONSOLE / "static" / "console.css"], ids=lambda path: path.name)
def test_nothing_comes_from_elsewhere_and_nothing_is_inline(source: Path) -> None:
    text = source.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|//cdn|@import", text)
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=\"|innerHTML|\beval\(", text)
