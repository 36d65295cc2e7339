"""The pages of the console and the files that they load; nothing comes from another host."""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates

HERE = Path(__file__).parent
STATIC = "/console"
LANGUAGE = "en"
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data: blob:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
}

_templates = Jinja2Templates(HERE / "templates")
_router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


def add_console(api: FastAPI) -> None:
    """Add the console to the application that serves the operations."""
    api.include_router(_router)
    api.mount(STATIC, StaticFiles(directory=HERE / "static"), name="console")


@_router.get("/")
async def workbench(request: Request) -> HTMLResponse:
    """Identify, verify, enrol, check a movement."""
    return _page(request, "workbench")


@_router.get("/subjects")
async def subjects(request: Request) -> HTMLResponse:
    """Who is enrolled."""
    return _page(request, "subjects")


@_router.get("/audit")
async def audit(request: Request) -> HTMLResponse:
    """What was done, by whom, and whether the log is whole."""
    return _page(request, "audit")


@cache
def strings(language: str) -> Mapping[str, Any]:
    """Every text of the console; the browser reads the same file."""
    found: Mapping[str, Any] = json.loads((HERE / "static" / f"strings.{language}.json").read_text("utf-8"))
    return found


def _page(request: Request, name: str) -> HTMLResponse:
    context = {"page": name, "t": strings(LANGUAGE), "language": LANGUAGE, "static": STATIC}
    return _templates.TemplateResponse(request, f"{name}.html", context, headers=dict(HEADERS))
