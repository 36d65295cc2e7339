"""The reference pages say what the code says."""

import importlib.util
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


def built_pages() -> dict[str, str]:
    spec = importlib.util.spec_from_file_location("build_reference", DOCS / "build_reference.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return dict(module.pages())


@pytest.mark.parametrize(("name", "text"), built_pages().items())
def test_a_reference_page_is_current(name: str, text: str) -> None:
    assert (DOCS / "reference" / name).read_text(encoding="utf-8") == text, "run: make docs"


def test_decisions_are_numbered_from_one_and_each_number_is_given_once() -> None:
    decisions = sorted((DOCS / "adr").glob("*.md"))
    assert [int(each.name[:4]) for each in decisions] == list(range(1, len(decisions) + 1))
    for each in decisions:
        assert each.read_text(encoding="utf-8").startswith(f"# {int(each.name[:4])}. "), each.name
