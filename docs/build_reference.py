"""Writes docs/reference from the code (``make docs``); a test proves that what is written there is current."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from biometric_service import errors
from biometric_service.api.errors import STATUS
from biometric_service.settings import PREFIX, Settings
from biometric_service.vocabulary import events
from biometric_service.vocabulary.quality import INSTRUCTIONS

REFERENCE = Path(__file__).parent / "reference"


def pages() -> Mapping[str, str]:
    """Every page by its file name."""
    return {"settings.md": _settings(), "errors.md": _errors(), "events.md": _events(), "quality.md": _quality()}


def _settings() -> str:
    rows = (
        (
            f"`{name}`",
            f"`{PREFIX}{name.upper()}`",
            f"`{field.default}`" if str(field.default) else "",
            field.description,
        )
        for name, field in Settings.model_fields.items()
        if name != "manifests_dir"
    )
    intro = (
        "Each can be set in the TOML file (`biometric-service.toml`, or that which `BIOMETRIC_SETTINGS_FILE` names) or,"
        " which wins, in the environment. `manifests_dir` is the folder `models/` beside the package by default."
        " `biometric-service settings` prints what is in force and why."
    )
    return _page("Settings", intro, ("in the file", "in the environment", "default", "meaning"), rows)


def _errors() -> str:
    rows = ((f"`{code}`", STATUS[code].value, errors.MEANINGS[code]) for code in errors.ErrorCode)
    intro = "Each fault has one of these codes, says what is wrong and what to do; on HTTP it is a problem (RFC 9457)."
    return _page("Error codes", intro, ("code", "HTTP status", "meaning"), rows)


def _events() -> str:
    rows = ((f"`{kind}`", events.MEANINGS[kind]) for kind in events.EventKind)
    intro = "Every event of the audit log also tells who asked, for which purpose, from which device, and when."
    return _page("Audit events", intro, ("event", "meaning"), rows)


def _quality() -> str:
    rows = ((f"`{defect}`", instruction) for defect, instruction in INSTRUCTIONS.items())
    return _page("Quality", "What can be wrong with a sample, and what to do.", ("defect", "instruction"), rows)


def _page(title: str, intro: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [f"# {title}", "", intro, "", _row(columns), _row("---" for _ in columns), *map(_row, rows)]
    return "\n".join(lines) + "\n"


def _row(cells: Iterable[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |"


if __name__ == "__main__":
    for name, text in pages().items():
        (REFERENCE / name).write_text(text, encoding="utf-8")
