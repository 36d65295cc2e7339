"""Writes docs/reference from the code (``make docs``); a test proves that what is written there is current."""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from fastapi.routing import APIRoute

from biometric_service import client, errors
from biometric_service.api.application import OPERATIONS
from biometric_service.api.errors import STATUS
from biometric_service.api.security import requires
from biometric_service.api.telemetry.metrics import Metrics
from biometric_service.settings import PREFIX, Settings
from biometric_service.vocabulary import events
from biometric_service.vocabulary.quality import INSTRUCTIONS

REFERENCE = Path(__file__).parent / "reference"


def pages() -> Mapping[str, str]:
    """Every page by its file name."""
    return {
        "settings.md": _settings(),
        "errors.md": _errors(),
        "events.md": _events(),
        "quality.md": _quality(),
        "operations.md": _operations(),
        "metrics.md": _metrics(),
        "client.md": _client(),
    }


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


def _operations() -> str:
    routes = [route for module in OPERATIONS for route in module.router.routes if isinstance(route, APIRoute)]
    rows = (
        (f"`{method} {route.path_format}`", f"`{scope}`" if scope else "any", _first_line(route.endpoint))
        for route in routes
        for method in sorted(route.methods)
        for scope in [_scope_of(route)]
    )
    intro = (
        "Our own operations, beside those of OSIA under `/v1`. A caller needs the scope, and must reach the galleries"
        " and the purpose that it names. `/openapi.json` of the running service has every field."
    )
    return _page("Operations", intro, ("operation", "scope", "what it does"), rows)


def _scope_of(route: APIRoute) -> str:
    asked = (each.call for each in route.dependant.dependencies)
    return next((each.scope.value for each in asked if isinstance(each, requires)), "")


def _metrics() -> str:
    rows = ((f"`{name}`", meaning) for name, meaning in Metrics().described())
    intro = "What `/metrics` tells Prometheus, with the scope `abis.metrics.read`; counters end in `_total` there."
    return _page("Metrics", intro, ("name", "meaning"), rows)


def _client() -> str:
    made = (getattr(client, name) for name in client.__all__)
    rows = ((f"`{each.__name__}{_signature(each)}`", _first_line(each)) for each in made if inspect.isfunction(each))
    intro = (
        "Each function of `biometric_service.client` makes a request, which `Client.ask` or `AsyncClient.ask` sends."
    )
    return _page("Client", intro, ("request", "what it asks"), rows)


def _signature(function: Callable[..., object]) -> str:
    names = (
        f"{name}={each.default!r}" if each.default is not each.empty else name
        for name, each in inspect.signature(function).parameters.items()
    )
    return f"({', '.join(names)})"


def _first_line(documented: Callable[..., object]) -> str:
    return (inspect.getdoc(documented) or "").partition("\n")[0]


def _page(title: str, intro: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = [f"# {title}", "", intro, "", _row(columns), _row("---" for _ in columns), *map(_row, rows)]
    return "\n".join(lines) + "\n"


def _row(cells: Iterable[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |"


if __name__ == "__main__":
    for name, text in pages().items():
        (REFERENCE / name).write_text(text, encoding="utf-8")
